"""UpdateFirmware: an answer that says nothing, and a job that notifications tell of (C19)."""

from typing import Any

import pytest

from app.domain.command import Command
from app.domain.errors import InvalidInput
from app.domain.job import Job, JobKind, JobStatus
from app.ocpp.catalog import load_catalog
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong
from tests.unit.ocpp.v16.outbound.submitting import answer, doubts, refuse, submit

LOCATION = "https://example.com/fw.bin"
LATER = "2026-03-02T00:00:00.000Z"


def job(station: Station, command: Command) -> Job:
    return station.world.services.keepers.firmware.get("acme", command.id)


@pytest.mark.parametrize("command_type", ["update_firmware", "UpdateFirmware"])
def test_it_goes_by_every_name(command_type: str) -> None:
    parameters = {"location": LOCATION, "retrieve_date": LATER, "retries": 2, "retry_interval": 60}
    assert payload(command_type, parameters) == {
        "location": LOCATION,
        "retrieveDate": LATER,
        "retries": 2,
        "retryInterval": 60,
    }


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"retrieve_date": LATER}, {"parameters.location"}),
        ({"location": 7, "retrieve_date": LATER}, {"parameters.location"}),
        ({"location": LOCATION, "retrieve_date": LATER, "when": 1}, {"parameters.when"}),
        ({"location": LOCATION, "retrieve_date": LATER, "retries": "2"}, {"parameters.retries"}),
    ],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("update_firmware", parameters) == named


def test_the_empty_answer_is_a_yes() -> None:
    assert outcome("update_firmware") == "accepted"


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    assert allowed_while_pending("update_firmware")
    assert load_catalog().command_kind("update_firmware").feature_profile == "FirmwareManagement"


def test_without_a_date_it_is_at_once(station: Station) -> None:
    command = submit(station, "update_firmware", {"location": LOCATION})
    assert command.payload == {"location": LOCATION, "retrieveDate": "2026-03-01T12:00:00.000Z"}


def test_a_firmware_file_of_ours_becomes_a_link(station: Station) -> None:
    firmware = station.world.services.keepers.firmware
    image = firmware.images.add("acme", "fw.bin", "2.0", [b"x"], "user-1")
    command = submit(station, "update_firmware", {"firmware_file_id": image.id})
    assert set(command.payload) == {"location", "retrieveDate"}
    assert command.payload["location"].startswith("https://ocpp.example/files/")
    assert (job(station, command).firmware_file_id, job(station, command).location) == (
        image.id,
        command.payload["location"],
    )
    again = submit(station, "update_firmware", {"firmware_file_id": image.id}, command_id=command.id)
    assert again == command


def test_a_firmware_file_that_is_not_there(station: Station) -> None:
    with pytest.raises(InvalidInput, match="no firmware file"):
        submit(station, "update_firmware", {"firmware_file_id": "fw-none"})


def test_the_job_begins_with_the_command(station: Station) -> None:
    boot = {"chargePointVendor": "V", "chargePointModel": "M", "firmwareVersion": "1.0"}
    station.ask("BootNotification", boot)
    command = submit(station, "update_firmware", {"location": LOCATION, "retrieve_date": LATER})
    begun = job(station, command)
    assert (begun.kind, begun.status, begun.location) == (JobKind.FIRMWARE, JobStatus.REQUESTED, LOCATION)
    assert (begun.firmware_version_before, begun.requested_by) == ("1.0", "tests")
    answer(station, command)
    assert job(station, command).status is JobStatus.REQUESTED


def test_a_charge_point_that_takes_signed_firmware_only(station: Station) -> None:
    """C19, L01.FR.20."""
    command = submit(station, "update_firmware", {"location": LOCATION})
    refuse(station, command, "NotSupported")
    error = job(station, command).error or {}
    assert job(station, command).status is JobStatus.FAILED
    assert (error["code"], "SignedUpdateFirmware" in error["advice"]) == ("NotSupported", True)


def test_another_error_comes_without_advice(station: Station) -> None:
    command = submit(station, "update_firmware", {"location": LOCATION})
    refuse(station, command, "InternalError")
    assert job(station, command).error == {"code": "InternalError", "message": "no"}


def test_a_protocol_that_the_charge_point_does_not_list_needs_force(station: Station) -> None:
    key = {"key": "SupportedFileTransferProtocols", "value": "FTP"}
    station.world.services.keepers.configuration.note_reported(station.ref, [key], ())
    assert len(doubts(station, "update_firmware", {"location": LOCATION})) == 1
    assert submit(station, "update_firmware", {"location": LOCATION}, force=True).warnings


def test_what_was_taken_and_never_noted_is_noted_at_the_end(station: Station) -> None:
    """A crash between the two."""
    command = submit(station, "update_firmware", {"location": LOCATION})
    station.world.firmware_jobs.forget_all()
    answer(station, command)
    assert job(station, command).status is JobStatus.REQUESTED
