"""SignedFirmwareStatusNotification: how far a signed update is (B56, TC_080, TC_081)."""

import pytest

from app.domain.command import Command
from app.domain.job import Job
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.submitting import answer, submit

ACTION = "SignedFirmwareStatusNotification"
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
SIGNED = {"location": "https://x/", "signing_certificate": "x", "signature": "AAAA"}
RUNNING = [
    "Downloaded",
    "Downloading",
    "DownloadScheduled",
    "DownloadPaused",
    "Installing",
    "InstallRebooting",
    "InstallScheduled",
    "SignatureVerified",
]
FAILURES = ["DownloadFailed", "InstallationFailed", "InstallVerificationFailed", "InvalidSignature"]


def begin(station: Station, request_id: int) -> Command:
    command = submit(station, "SignedUpdateFirmware", SIGNED | {"request_id": request_id}, force=True)
    answer(station, command, status="Accepted")
    station.world.clock.advance(1)
    return command


def job(station: Station, command: Command) -> Job:
    return station.world.services.keepers.firmware.get("acme", command.id)


@pytest.mark.parametrize("status", [*RUNNING, *FAILURES, "Idle", "Installed"])
def test_it_is_answered_without_any_job(station: Station, status: str) -> None:
    assert station.ask(ACTION, {"status": status}) == {}
    assert station.ask(ACTION, {"status": status, "requestId": 99}) == {}


def test_a_secure_update_with_a_reboot(station: Station) -> None:
    """TC_080: the last words may come before or after the boot."""
    command = begin(station, 7)
    for status in ("Downloading", "Downloaded", "SignatureVerified", "Installing", "InstallRebooting"):
        station.ask(ACTION, {"status": status, "requestId": 7})
        assert job(station, command).status == "running"
    station.epoch, station.sequence = 2, 0
    station.ask("BootNotification", BOOT)
    station.ask(ACTION, {"status": "Installed", "requestId": 7})
    assert job(station, command).status == "completed"


@pytest.mark.parametrize("status", FAILURES)
def test_failures_end_the_job(station: Station, status: str) -> None:
    """TC_081: InvalidSignature."""
    command = begin(station, 7)
    station.ask(ACTION, {"status": status, "requestId": 7})
    assert (job(station, command).status, job(station, command).progress) == ("failed", status)


def test_the_number_says_which_job_is_meant(station: Station) -> None:
    older, newer = begin(station, 1), begin(station, 2)
    station.ask(ACTION, {"status": "Downloading", "requestId": 1})
    assert (job(station, older).status, job(station, newer).status) == ("running", "requested")


def test_without_the_number_that_is_a_must_the_newest_open_one_is_meant(station: Station) -> None:
    """L01.FR.21 lets it be absent with Idle only."""
    older, newer = begin(station, 1), begin(station, 2)
    station.ask(ACTION, {"status": "Downloading"})
    station.ask(ACTION, {"status": "Idle"})
    assert (job(station, older).progress, job(station, newer).progress) == ("Requested", "Downloading")
