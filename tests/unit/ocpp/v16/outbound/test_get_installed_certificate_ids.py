"""GetInstalledCertificateIds: which roots there are (C35)."""

from typing import Any

import pytest

from app.domain.certificate import CertificateKind
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong
from tests.unit.ocpp.v16.outbound.submitting import answer, submit

TYPE = "CentralSystemRootCertificate"
KIND = CertificateKind.CENTRAL_SYSTEM_ROOT


def entry(serial: str = "0A", **more: Any) -> dict[str, Any]:
    known = {"hashAlgorithm": "SHA256", "issuerNameHash": "AA", "issuerKeyHash": "BB", "serialNumber": serial}
    return known | more


def report(station: Station, kind: str = TYPE, **answered: Any) -> list[str | None]:
    answer(station, submit(station, "GetInstalledCertificateIds", {"certificate_type": kind}), **answered)
    return [root.serial_number for root in station.world.services.keepers.roots.installed(station.ref, KIND)]


@pytest.mark.parametrize("command_type", ["get_installed_certificate_ids", "GetInstalledCertificateIds"])
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, {"certificate_type": TYPE}) == {"certificateType": TYPE}


def test_wrong_missing_and_unknown_parameters_are_named() -> None:
    assert wrong("get_installed_certificate_ids", {}) == {"parameters.certificate_type"}
    assert wrong("get_installed_certificate_ids", {"certificate_type": "All"}) == {
        "parameters.certificate_type"
    }


@pytest.mark.parametrize(
    ("status", "ended"), [("Accepted", "accepted"), ("NotFound", "accepted"), ("No", "rejected")]
)
def test_none_is_an_answer_too(status: str, ended: str) -> None:
    assert outcome("get_installed_certificate_ids", status=status) == ended


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    assert allowed_while_pending("get_installed_certificate_ids")


def test_the_mirror_shows_what_was_reported(station: Station) -> None:
    assert report(station, status="Accepted", certificateHashData=[entry("0A"), entry("0B")]) is not None
    assert sorted(map(str, report(station, status="Accepted", certificateHashData=[entry("0B")]))) == ["b"]
    assert report(station, status="NotFound") == []


def test_a_report_of_the_other_type_changes_nothing(station: Station) -> None:
    report(station, status="Accepted", certificateHashData=[entry()])
    assert report(station, "ManufacturerRootCertificate", status="NotFound") == ["a"]


def test_a_no_changes_nothing(station: Station) -> None:
    report(station, status="Accepted", certificateHashData=[entry()])
    assert report(station, status="Failed") == ["a"]


@pytest.mark.parametrize(
    "entries", ["none", [7, "x", entry(serialNumber=None), {"hashAlgorithm": "SHA256"}], None]
)
def test_entries_that_nobody_can_read_are_left_out(station: Station, entries: Any) -> None:
    assert report(station, status="Accepted", certificateHashData=entries) == []
