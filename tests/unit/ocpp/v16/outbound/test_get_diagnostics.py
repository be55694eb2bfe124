"""GetDiagnostics: an upload, or nothing to upload (C18, TC_045_x)."""

from typing import Any

import pytest

from app.domain.command import Command
from app.domain.errors import InvalidInput
from app.domain.job import Job, JobKind, JobStatus
from app.ocpp.catalog import load_catalog
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong
from tests.unit.ocpp.v16.outbound.submitting import answer, refuse, submit

LOCATION = "ftp://user:pass@example.com/logs"
EARLY, LATE = "2026-03-01T00:00:00.000Z", "2026-03-02T00:00:00.000Z"
TIMES = {"start_time": EARLY, "stop_time": LATE}


def job(station: Station, command: Command) -> Job:
    return station.world.services.keepers.diagnostics.get("acme", command.id)


@pytest.mark.parametrize("command_type", ["get_diagnostics", "GetDiagnostics"])
def test_it_goes_by_every_name(command_type: str) -> None:
    parameters = {"location": LOCATION, "retries": 1, "retry_interval": 9, **TIMES}
    assert payload(command_type, parameters) == {
        "location": LOCATION,
        "retries": 1,
        "retryInterval": 9,
        "startTime": EARLY,
        "stopTime": LATE,
    }


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({}, {"parameters.location"}),
        ({"location": None}, {"parameters.location"}),
        ({"location": LOCATION, "retries": 1.5}, {"parameters.retries"}),
        ({"location": LOCATION, "request_id": 1}, {"parameters.request_id"}),
    ],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("get_diagnostics", parameters) == named


def test_every_answer_is_a_yes() -> None:
    assert outcome("get_diagnostics") == outcome("get_diagnostics", fileName="x") == "accepted"


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    assert allowed_while_pending("get_diagnostics")
    assert load_catalog().command_kind("get_diagnostics").feature_profile == "FirmwareManagement"


def test_without_a_location_it_comes_to_us(station: Station) -> None:
    command = submit(station, "get_diagnostics", {})
    location = command.payload["location"]
    assert location.startswith("https://ocpp.example/files/")
    assert job(station, command).location == location
    token = location.split("/")[4]
    assert station.world.services.keepers.diagnostics.job_behind(token) == job(station, command)


def test_the_job_goes_on_with_the_files_name(station: Station) -> None:
    command = submit(station, "get_diagnostics", {"location": LOCATION})
    assert job(station, command).kind is JobKind.DIAGNOSTICS
    answer(station, command, fileName="today.zip")
    assert (job(station, command).status, job(station, command).file_name) == (
        JobStatus.REQUESTED,
        "today.zip",
    )


def test_no_file_name_means_that_there_is_nothing_to_upload(station: Station) -> None:
    command = submit(station, "get_diagnostics", {})
    answer(station, command)
    assert job(station, command).status is JobStatus.NOTHING_TO_UPLOAD


def test_an_upload_that_was_told_of_before_the_answer_goes_on(station: Station) -> None:
    command = submit(station, "get_diagnostics", {})
    station.ask("DiagnosticsStatusNotification", {"status": "Uploading"})
    answer(station, command)
    assert job(station, command).status is JobStatus.RUNNING


def test_an_error_ends_the_job(station: Station) -> None:
    command = submit(station, "get_diagnostics", {})
    refuse(station, command, "NotImplemented")
    assert (job(station, command).error or {})["code"] == "NotImplemented"


def test_a_location_is_an_address(station: Station) -> None:
    """The official schema wants a URI; even `force` sends nothing that breaks it (A20)."""
    with pytest.raises(InvalidInput) as refused:
        submit(station, "get_diagnostics", {"location": "somewhere"}, force=True)
    assert list(refused.value.problems) == ["parameters.location"]


@pytest.mark.parametrize("name", ["start_time", "stop_time"])
def test_a_time_is_a_time(station: Station, name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        submit(station, "get_diagnostics", {name: "yesterday"})
    assert list(refused.value.problems) == [f"parameters.{name}"]
