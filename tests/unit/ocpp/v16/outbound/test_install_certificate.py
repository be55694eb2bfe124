"""InstallCertificate: a root to trust (C34)."""

from typing import Any

import pytest

from app.domain.certificate import CertificateKind
from tests.fakes.authority import a_root, pem
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong
from tests.unit.ocpp.v16.outbound.submitting import answer, doubts, submit

TYPE = "CentralSystemRootCertificate"
ROOT = {"certificate_type": TYPE, "certificate": pem(a_root())}


def installed(station: Station) -> list[str | None]:
    roots = station.world.services.keepers.roots
    return [root.serial_number for root in roots.installed(station.ref, CertificateKind.CENTRAL_SYSTEM_ROOT)]


@pytest.mark.parametrize("command_type", ["install_certificate", "InstallCertificate"])
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, ROOT) == {"certificateType": TYPE, "certificate": ROOT["certificate"]}


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({}, {"parameters.certificate_type", "parameters.certificate"}),
        ({**ROOT, "certificate_type": "V2GRootCertificate"}, {"parameters.certificate_type"}),
        ({**ROOT, "certificate": "x" * 5_501}, {"parameters.certificate"}),
    ],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("install_certificate", parameters) == named


@pytest.mark.parametrize("status", ["Rejected", "Failed", "", None])
def test_every_word_but_accepted_is_a_no(status: Any) -> None:
    assert outcome("install_certificate", status="Accepted") == "accepted"
    assert outcome("install_certificate", status=status) == "rejected"


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    assert allowed_while_pending("install_certificate")


def test_an_accepted_root_is_installed_and_another_is_not(station: Station) -> None:
    answer(station, submit(station, "InstallCertificate", ROOT), status="Failed")
    assert installed(station) == []
    answer(station, submit(station, "InstallCertificate", ROOT), status="Accepted")
    assert installed(station) == ["a1b2c"]


@pytest.mark.parametrize(
    "text", ["nonsense", pem(a_root(ca=False)), pem(a_root(days=1)), pem(a_root(), a_root("Two"))]
)
def test_what_the_charge_point_would_refuse_takes_force(station: Station, text: str) -> None:
    """O TC_075, TC_078: the operator may want to see it refused."""
    parameters = {**ROOT, "certificate": text}
    assert len(doubts(station, "InstallCertificate", parameters)) == 1
    forced = submit(station, "InstallCertificate", parameters, force=True)
    assert len(forced.warnings) == 1
    answer(station, forced, status="Rejected")
    assert installed(station) == []


def test_a_full_store(station: Station) -> None:
    """M05.FR.03."""
    keys = [{"key": "CertificateStoreMaxLength", "value": "1", "readonly": True}]
    station.world.services.keepers.configuration.note_reported(station.ref, keys, [])
    answer(station, submit(station, "InstallCertificate", ROOT), status="Accepted")
    (doubt,) = doubts(station, "InstallCertificate", {**ROOT, "certificate": pem(a_root("Two"))})
    assert "place for 1" in doubt
