"""LogStatusNotification: how far the upload of a log is (B53, TC_079)."""

import pytest

from app.domain.command import Command
from app.domain.job import Job
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.submitting import answer, submit

ACTION = "LogStatusNotification"
ALL = [
    "BadMessage",
    "Idle",
    "NotSupportedOperation",
    "PermissionDenied",
    "Uploaded",
    "UploadFailure",
    "Uploading",
]


def begin(station: Station, request_id: int) -> Command:
    command = submit(station, "GetLog", {"log_type": "SecurityLog", "request_id": request_id})
    answer(station, command, status="Accepted", filename="security.log")
    station.world.clock.advance(1)
    return command


def job(station: Station, command: Command) -> Job:
    return station.world.services.keepers.diagnostics.get("acme", command.id)


@pytest.mark.parametrize("status", ALL)
def test_it_is_answered_without_any_job(station: Station, status: str) -> None:
    assert station.ask(ACTION, {"status": status}) == {}
    assert station.ask(ACTION, {"status": status, "requestId": 99}) == {}


def test_the_number_says_which_job_is_meant(station: Station) -> None:
    older, newer = begin(station, 1), begin(station, 2)
    station.ask(ACTION, {"status": "Uploading", "requestId": 1})
    station.ask(ACTION, {"status": "Uploaded", "requestId": 1})
    station.ask(ACTION, {"status": "Uploaded", "requestId": 99})
    assert (job(station, older).status, job(station, newer).status) == ("completed", "requested")


def test_without_a_number_the_newest_open_one_is_meant(station: Station) -> None:
    """N01.FR.12."""
    older, newer = begin(station, 1), begin(station, 2)
    station.ask(ACTION, {"status": "Uploading"})
    assert (job(station, older).status, job(station, newer).status) == ("requested", "running")


@pytest.mark.parametrize(
    "status", ["BadMessage", "NotSupportedOperation", "PermissionDenied", "UploadFailure"]
)
def test_failures_end_the_job(station: Station, status: str) -> None:
    command = begin(station, 1)
    station.ask(ACTION, {"status": status, "requestId": 1})
    assert (job(station, command).status, job(station, command).progress) == ("failed", status)
