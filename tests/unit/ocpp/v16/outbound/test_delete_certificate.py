"""DeleteCertificate: a root less (C35)."""

from dataclasses import asdict
from typing import Any

import pytest

from app.domain.certificate import CertificateHash, CertificateKind
from app.services.x509 import hash_data_of
from tests.fakes.authority import a_root
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong
from tests.unit.ocpp.v16.outbound.submitting import answer, doubts, refuse, submit

KIND = CertificateKind.CENTRAL_SYSTEM_ROOT
ONE, TWO = (hash_data_of(root, "SHA384", root) for root in (a_root("One", serial=1), a_root("Two", serial=2)))


def of(described: CertificateHash) -> dict[str, Any]:
    return {"certificate_hash_data": asdict(described)}


def installed(station: Station) -> list[str | None]:
    return [root.serial_number for root in station.world.services.keepers.roots.installed(station.ref, KIND)]


def put(station: Station, *described: CertificateHash) -> None:
    station.world.services.keepers.roots.note_reported(station.ref, KIND, described)


@pytest.mark.parametrize("command_type", ["delete_certificate", "DeleteCertificate"])
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, of(ONE)) == {
        "certificateHashData": {
            "hashAlgorithm": "SHA384",
            "issuerNameHash": ONE.issuer_name_hash,
            "issuerKeyHash": ONE.issuer_key_hash,
            "serialNumber": "1",
        }
    }


def test_wrong_missing_and_unknown_parameters_are_named() -> None:
    assert wrong("delete_certificate", {}) == {"parameters.certificate_hash_data"}
    odd = of(ONE)
    odd["certificate_hash_data"]["hash_algorithm"] = "MD5"
    assert wrong("delete_certificate", odd) == {"parameters.certificate_hash_data.hash_algorithm"}


@pytest.mark.parametrize("status", ["Failed", "NotFound", "Success", "", None])
def test_every_word_but_accepted_is_a_no(status: Any) -> None:
    """The enumeration of the white paper's 6.5 wins over the `Success` of M04.FR.02."""
    assert outcome("delete_certificate", status="Accepted") == "accepted"
    assert outcome("delete_certificate", status=status) == "rejected"


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    assert allowed_while_pending("delete_certificate")


@pytest.mark.parametrize("status", ["Accepted", "NotFound"])
def test_a_deleted_root_is_gone_and_so_is_one_that_is_not_found(station: Station, status: str) -> None:
    put(station, ONE, TWO)
    answer(station, submit(station, "DeleteCertificate", of(ONE)), status=status)
    assert installed(station) == ["2"]


def test_a_root_in_use_is_kept(station: Station) -> None:
    """M04.FR.06."""
    put(station, ONE, TWO)
    answer(station, submit(station, "DeleteCertificate", of(ONE)), status="Failed")
    refuse(station, submit(station, "DeleteCertificate", of(TWO)), "InternalError")
    assert sorted(map(str, installed(station))) == ["1", "2"]


def test_the_last_root_takes_force(station: Station) -> None:
    """W M04."""
    put(station, ONE)
    (doubt,) = doubts(station, "DeleteCertificate", of(ONE))
    assert "last root" in doubt
    assert submit(station, "DeleteCertificate", of(TWO)).warnings == ()
