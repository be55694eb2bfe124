"""SignedUpdateFirmware: firmware that the charge point can verify (C37, E29, TC_080, TC_081)."""

from typing import Any

import pytest

from app.domain.command import Command
from app.domain.job import Job, JobKind, JobStatus
from app.ocpp.catalog import load_catalog
from app.ocpp.transfers import request_id_of
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong
from tests.unit.ocpp.v16.outbound.submitting import answer, doubts, refuse, submit

LOCATION = "https://example.com/fw.bin"
LATER = "2026-03-02T00:00:00.000Z"
SIGNED = {"signing_certificate": "no certificate", "signature": "AAAA"}
INSIDE = {"location": LOCATION, "retrieve_date_time": LATER, **SIGNED}
WIRE = {
    "location": LOCATION,
    "retrieveDateTime": LATER,
    "signingCertificate": "no certificate",
    "signature": "AAAA",
}


def job(station: Station, command: Command) -> Job:
    return station.world.services.keepers.firmware.get("acme", command.id)


def forced(station: Station, **parameters: Any) -> Command:
    known = {"location": LOCATION, **SIGNED}
    return submit(station, "signed_update_firmware", known | parameters, force=True)


@pytest.mark.parametrize("command_type", ["signed_update_firmware", "SignedUpdateFirmware"])
@pytest.mark.parametrize("parameters", [{"firmware": INSIDE}, INSIDE])
def test_it_goes_by_every_name_and_what_is_outside_moves_inside(
    command_type: str, parameters: dict[str, Any]
) -> None:
    sent = payload(command_type, {"request_id": 7, "retries": 1, "retry_interval": 9} | parameters)
    assert sent == {"requestId": 7, "retries": 1, "retryInterval": 9, "firmware": WIRE}


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        (INSIDE, {"parameters.request_id"}),
        ({"request_id": 1}, {f"parameters.firmware.{name}" for name in INSIDE}),
        ({"request_id": "1", **INSIDE}, {"parameters.request_id"}),
        ({"request_id": 1, "firmware": "all"}, {"parameters.firmware"}),
        ({"request_id": 1, **INSIDE, "location": "x" * 513}, {"parameters.firmware.location"}),
        ({"request_id": 1, **INSIDE, "signature": "x" * 801}, {"parameters.firmware.signature"}),
        ({"request_id": 1, **INSIDE, "when": 1}, {"parameters.when"}),
    ],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("signed_update_firmware", parameters) == named


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("Accepted", "accepted"),
        ("AcceptedCanceled", "accepted"),
        ("Rejected", "rejected"),
        ("InvalidCertificate", "rejected"),
        ("RevokedCertificate", "rejected"),
        ("SomethingNew", "rejected"),
        (None, "rejected"),
    ],
)
def test_what_the_answers_mean(status: Any, meaning: str) -> None:
    assert outcome("signed_update_firmware", status=status) == meaning


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    assert allowed_while_pending("signed_update_firmware")
    assert load_catalog().command_kind("signed_update_firmware").feature_profile == "Security"


def test_number_and_date_are_made_if_left_out(station: Station) -> None:
    command = forced(station)
    assert command.payload["requestId"] == request_id_of(command.id) == job(station, command).request_id
    assert command.payload["firmware"]["retrieveDateTime"] == "2026-03-01T12:00:00.000Z"
    given = forced(station, request_id=7, firmware={"retrieve_date_time": LATER})
    assert (given.payload["requestId"], given.payload["firmware"]["retrieveDateTime"]) == (7, LATER)


def test_a_firmware_file_of_ours_becomes_a_link_and_is_checked(station: Station) -> None:
    firmware = station.world.services.keepers.firmware
    image = firmware.images.add("acme", "fw.bin", "2.0", [b"x"], "user-1")
    parameters = {"firmware_file_id": image.id, "firmware": SIGNED}
    command = submit(station, "SignedUpdateFirmware", parameters, force=True)
    assert command.payload["firmware"]["location"].startswith("https://ocpp.example/files/")
    assert job(station, command).firmware_file_id == image.id
    again = submit(station, "SignedUpdateFirmware", parameters, command_id=command.id)
    assert again == command


def test_a_bad_certificate_and_signature_need_force(station: Station) -> None:
    """TC_081: the operator may insist."""
    bad = {"location": LOCATION, "signing_certificate": "none", "signature": "none!"}
    assert len(doubts(station, "SignedUpdateFirmware", bad)) == 2
    command = submit(station, "SignedUpdateFirmware", bad, force=True)
    assert len(command.warnings) == 2
    assert command.payload["firmware"]["signature"] == "none!"


def test_the_job_waits_for_the_installation_date(station: Station) -> None:
    command = forced(station, install_date_time=LATER)
    assert job(station, command).kind is JobKind.SIGNED_FIRMWARE
    waits = job(station, command).not_before
    assert waits is not None
    assert waits.day == 2


@pytest.mark.parametrize("status", ["InvalidCertificate", "RevokedCertificate", "Rejected"])
def test_a_refusal_ends_the_job(station: Station, status: str) -> None:
    command = forced(station)
    answer(station, command, status=status)
    assert (job(station, command).status, (job(station, command).error or {})["code"]) == (
        JobStatus.FAILED,
        status,
    )


def test_an_error_ends_the_job(station: Station) -> None:
    command = forced(station)
    refuse(station, command, "NotImplemented")
    assert (job(station, command).error or {})["code"] == "NotImplemented"


def test_a_newer_update_cancels_the_older(station: Station) -> None:
    """L01.FR.26."""
    older = forced(station)
    answer(station, older, status="Accepted")
    station.world.clock.advance(1)
    newer = forced(station)
    answer(station, newer, status="AcceptedCanceled")
    assert job(station, older).status is JobStatus.CANCELED
    assert job(station, newer).status is JobStatus.REQUESTED
