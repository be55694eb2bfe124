"""GetLog: the diagnostics log or the security log (C36, N01, TC_079)."""

from typing import Any

import pytest

from app.domain.command import Command
from app.domain.job import Job, JobKind, JobStatus
from app.ocpp.catalog import load_catalog
from app.ocpp.transfers import request_id_of
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong
from tests.unit.ocpp.v16.outbound.submitting import answer, doubts, submit

LOCATION = "https://example.com/logs/"
EARLY, LATE = "2026-03-01T00:00:00.000Z", "2026-03-02T00:00:00.000Z"
INSIDE = {"remote_location": LOCATION, "oldest_timestamp": EARLY, "latest_timestamp": LATE}
WIRE = {"remoteLocation": LOCATION, "oldestTimestamp": EARLY, "latestTimestamp": LATE}
SECURITY = {"log_type": "SecurityLog"}


def job(station: Station, command: Command) -> Job:
    return station.world.services.keepers.diagnostics.get("acme", command.id)


@pytest.mark.parametrize("command_type", ["get_log", "GetLog"])
@pytest.mark.parametrize("parameters", [{"log": INSIDE}, INSIDE])
def test_it_goes_by_every_name_and_what_is_outside_moves_inside(
    command_type: str, parameters: dict[str, Any]
) -> None:
    sent = payload(
        command_type, {**SECURITY, "request_id": 7, "retries": 1, "retry_interval": 9} | parameters
    )
    assert sent == {
        "logType": "SecurityLog",
        "requestId": 7,
        "retries": 1,
        "retryInterval": 9,
        "log": WIRE,
    }


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({}, {"parameters.log_type", "parameters.request_id", "parameters.log.remote_location"}),
        ({**SECURITY, "request_id": 1, "log": 7}, {"parameters.log"}),
        ({"log_type": "Diary", "request_id": 1, **INSIDE}, {"parameters.log_type"}),
        ({**SECURITY, "request_id": 1, "log": {**INSIDE, "x": 1}}, {"parameters.log.x"}),
    ],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("get_log", parameters) == named


@pytest.mark.parametrize(
    ("status", "meaning"),
    [("Accepted", "accepted"), ("AcceptedCanceled", "accepted"), ("Rejected", "rejected"), (7, "rejected")],
)
def test_what_the_answers_mean(status: Any, meaning: str) -> None:
    assert outcome("get_log", status=status) == meaning


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    assert allowed_while_pending("get_log")
    assert load_catalog().command_kind("get_log").feature_profile == "Security"


def test_number_and_location_are_made_if_left_out(station: Station) -> None:
    command = submit(station, "get_log", SECURITY)
    assert command.payload["requestId"] == request_id_of(command.id)
    assert command.payload["log"]["remoteLocation"].startswith("https://ocpp.example/files/")
    begun = job(station, command)
    assert (begun.kind, begun.request_id) == (JobKind.SECURITY_LOG, command.payload["requestId"])
    given = submit(station, "get_log", {"log_type": "DiagnosticsLog", "request_id": 7, "log": INSIDE})
    assert (given.payload["requestId"], given.payload["log"]) == (7, WIRE)
    assert job(station, given).kind is JobKind.DIAGNOSTICS_LOG


def test_the_job_goes_on_with_the_files_name(station: Station) -> None:
    command = submit(station, "get_log", SECURITY)
    answer(station, command, status="Accepted", filename="security.log")
    assert (job(station, command).status, job(station, command).file_name) == (
        JobStatus.REQUESTED,
        "security.log",
    )


def test_an_answer_without_a_name_is_no_end(station: Station) -> None:
    command = submit(station, "get_log", SECURITY)
    answer(station, command, status="Accepted")
    assert job(station, command).status is JobStatus.REQUESTED


def test_a_refusal_ends_the_job(station: Station) -> None:
    command = submit(station, "get_log", SECURITY)
    answer(station, command, status="Rejected")
    assert job(station, command).status is JobStatus.FAILED


def test_a_newer_upload_cancels_the_older(station: Station) -> None:
    older = submit(station, "get_log", SECURITY)
    station.world.clock.advance(1)
    newer = submit(station, "get_log", SECURITY)
    answer(station, newer, status="AcceptedCanceled", filename="x")
    assert (job(station, older).status, job(station, newer).status) == (
        JobStatus.CANCELED,
        JobStatus.REQUESTED,
    )


def test_a_location_without_a_protocol_needs_force(station: Station) -> None:
    assert len(doubts(station, "get_log", {**SECURITY, "remote_location": "somewhere"})) == 1
