"""FirmwareStatusNotification: answered always, about the newest open job (B16, TC_044_x)."""

import pytest

from app.domain.command import Command
from app.domain.job import Job
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.submitting import answer, submit

ACTION = "FirmwareStatusNotification"
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
ALL = ["Downloaded", "DownloadFailed", "Downloading", "Idle", "InstallationFailed", "Installing", "Installed"]


def begin(station: Station) -> Command:
    command = submit(station, "UpdateFirmware", {"location": "https://example.com/fw.bin"})
    answer(station, command)
    return command


def job(station: Station, command: Command) -> Job:
    return station.world.services.keepers.firmware.get("acme", command.id)


def tell(station: Station, *words: str) -> None:
    for word in words:
        station.world.clock.advance(1)
        assert station.ask(ACTION, {"status": word}) == {}


@pytest.mark.parametrize("status", ALL)
def test_it_is_answered_without_any_job(station: Station, status: str) -> None:
    tell(station, status)


def test_it_is_answered_while_the_registration_is_pending(station: Station) -> None:
    station.registration = "Pending"
    tell(station, "Installed")


@pytest.mark.parametrize(
    ("train", "status"),
    [
        (("Downloading", "Downloaded", "Installing", "Installed"), "completed"),  # TC_044_1
        (("Downloading", "DownloadFailed"), "failed"),  # TC_044_2
        (("Downloading", "Downloaded", "Installing", "InstallationFailed"), "failed"),  # TC_044_3
    ],
)
def test_the_job_follows_the_train(station: Station, train: tuple[str, ...], status: str) -> None:
    command = begin(station)
    tell(station, *train)
    assert job(station, command).status == status
    assert [step.status for step in job(station, command).history] == ["Requested", *train]


def test_the_end_may_come_after_the_reboot(station: Station) -> None:
    command = begin(station)
    tell(station, "Downloading", "Downloaded", "Installing")
    station.epoch, station.sequence = 2, 0
    station.ask("BootNotification", BOOT)
    tell(station, "Installed")
    assert job(station, command).status == "completed"


def test_idle_never_moves_a_job_back(station: Station) -> None:
    command = begin(station)
    tell(station, "Downloading", "Idle")
    assert (job(station, command).status, job(station, command).progress) == ("running", "Downloading")


def test_a_word_that_nobody_knows_is_kept(station: Station) -> None:
    command = begin(station)
    tell(station, "Unpacking")
    assert (job(station, command).status, job(station, command).progress) == ("running", "Unpacking")


def test_a_late_copy_changes_nothing(station: Station) -> None:
    command = begin(station)
    first = station.call(ACTION, {"status": "Downloading"})
    second = station.call(ACTION, {"status": "Downloaded"})
    for call in (first, second, first):
        station.handle(call)
    assert job(station, command).progress == "Downloaded"


def test_the_newest_open_job_is_meant(station: Station) -> None:
    older = begin(station)
    station.world.clock.advance(1)
    newer = begin(station)
    tell(station, "Downloading")
    assert (job(station, older).progress, job(station, newer).progress) == ("Requested", "Downloading")


def test_it_may_be_about_a_signed_update_too(station: Station) -> None:
    signed = {"location": "https://x/", "signing_certificate": "x", "signature": "AAAA"}
    command = submit(station, "SignedUpdateFirmware", signed, force=True)
    tell(station, "Installed")
    assert job(station, command).status == "completed"


def test_without_a_status_it_is_refused(station: Station) -> None:
    assert station.refusal(ACTION, {}) in ("ProtocolError", "OccurenceConstraintViolation")
