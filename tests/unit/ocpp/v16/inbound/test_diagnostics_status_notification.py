"""DiagnosticsStatusNotification: answered always, about the newest open GetDiagnostics (B15, TC_045_x)."""

import pytest

from app.domain.command import Command
from app.domain.job import Job
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.submitting import answer, submit

ACTION = "DiagnosticsStatusNotification"


def begin(station: Station) -> Command:
    command = submit(station, "GetDiagnostics", {})
    answer(station, command, fileName="log.zip")
    return command


def job(station: Station, command: Command) -> Job:
    return station.world.services.keepers.diagnostics.get("acme", command.id)


@pytest.mark.parametrize("status", ["Idle", "Uploaded", "UploadFailed", "Uploading", "Packing"])
def test_it_is_answered_without_any_job(station: Station, status: str) -> None:
    assert station.ask(ACTION, {"status": status}) == {}


@pytest.mark.parametrize(("end", "status"), [("Uploaded", "completed"), ("UploadFailed", "failed")])
def test_the_job_follows(station: Station, end: str, status: str) -> None:
    command = begin(station)
    assert station.ask(ACTION, {"status": "Uploading"}) == {}
    assert job(station, command).status == "running"
    assert station.ask(ACTION, {"status": end}) == {}
    assert (job(station, command).status, job(station, command).progress) == (status, end)


def test_idle_never_moves_a_job(station: Station) -> None:
    command = begin(station)
    station.ask(ACTION, {"status": "Uploading"})
    station.ask(ACTION, {"status": "Idle"})
    assert job(station, command).progress == "Uploading"


def test_the_newest_open_job_is_meant(station: Station) -> None:
    older = begin(station)
    station.world.clock.advance(1)
    newer = begin(station)
    station.ask(ACTION, {"status": "Uploaded"})
    station.ask(ACTION, {"status": "Uploading"})
    assert (job(station, older).progress, job(station, newer).progress) == ("Uploading", "Uploaded")


def test_logs_are_not_meant(station: Station) -> None:
    command = submit(station, "GetLog", {"log_type": "SecurityLog"})
    station.ask(ACTION, {"status": "Uploaded"})
    assert job(station, command).status == "requested"


def test_somebody_elses_job_is_not_meant(station: Station) -> None:
    command = begin(station)
    station.world.add_charge_point("acme", "CP-2")
    station.handle(
        Station(station.world, type(station.ref)("acme", "CP-2")).call(ACTION, {"status": "Uploaded"})
    )
    assert job(station, command).status == "requested"
