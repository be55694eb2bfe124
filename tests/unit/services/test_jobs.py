"""What firmware updates and uploads have in common: begun by commands, moved by notifications."""

from dataclasses import replace
from typing import Any

import pytest

from app.domain.command import EXPIRED, NO_ANSWER, Command, CommandStatus, Outcome
from app.domain.context import fence_of
from app.domain.errors import NotFound, Retryable
from app.domain.job import FIRMWARE_KINDS, LOG_KINDS, Job, JobKind, JobStatus
from app.services.firmware import FirmwareService
from app.services.ports import PageRequest
from tests.builders import REF, a_command, at
from tests.fakes.world import World, fake_world

ACCEPTED = Outcome(CommandStatus.ACCEPTED, result={"status": "Accepted"})
CANCELED_AN_OLDER = Outcome(CommandStatus.ACCEPTED, result={"status": "AcceptedCanceled"})
REJECTED = Outcome(
    CommandStatus.REJECTED,
    result={"status": "InvalidCertificate"},
    error={"code": "refused", "message": "no"},
)


@pytest.fixture
def world() -> World:
    return fake_world()


@pytest.fixture
def firmware(world: World) -> FirmwareService:
    return world.services.keepers.firmware


def begin(firmware: FirmwareService, command_id: str = "cmd-1", **fields: Any) -> Command:
    known: dict[str, Any] = {"kind": JobKind.FIRMWARE, "location": "https://example.com/fw.bin"}
    created_at = fields.pop("created_at", at(0))
    command = a_command(command_id, created_at=created_at)
    options = known | fields
    firmware.begin(command, options.pop("kind"), **options)
    return command


def job(firmware: FirmwareService, job_id: str = "cmd-1") -> Job:
    return firmware.get("acme", job_id)


def test_a_job_begins_with_its_command_and_once(firmware: FirmwareService) -> None:
    for _ in range(2):
        begin(firmware, request_id=7, firmware_version="1.0", not_before="2026-03-01T13:00:00Z")
    begun = job(firmware)
    assert (begun.id, begun.status, begun.progress) == ("cmd-1", JobStatus.REQUESTED, "Requested")
    assert (begun.request_id, begun.firmware_version_before, begun.not_before) == (7, "1.0", at(3600))
    with pytest.raises(NotFound):
        firmware.get("beta", "cmd-1")


def test_an_accepted_command_leaves_the_job_to_the_notifications(firmware: FirmwareService) -> None:
    firmware.settle(begin(firmware), ACCEPTED)
    assert job(firmware).status is JobStatus.REQUESTED


def test_a_refused_command_ends_the_job_with_ocpps_own_word(firmware: FirmwareService) -> None:
    """C37: InvalidCertificate, RevokedCertificate, Rejected."""
    firmware.settle(begin(firmware), REJECTED)
    assert job(firmware).status is JobStatus.FAILED
    assert job(firmware).error == {"code": "InvalidCertificate", "message": "no"}


def test_an_expired_command_ends_the_job(firmware: FirmwareService) -> None:
    firmware.settle(begin(firmware), EXPIRED)
    assert (job(firmware).error or {})["code"] == "expired"


def test_advice_goes_with_the_reason(firmware: FirmwareService) -> None:
    failed = Outcome(CommandStatus.FAILED, error={"code": "NotSupported", "message": ""})
    firmware.settle(begin(firmware), failed, advice="Try the other.")
    assert job(firmware).error == {"code": "NotSupported", "message": "", "advice": "Try the other."}


def test_a_command_without_an_answer_leaves_the_job_open(firmware: FirmwareService) -> None:
    """A25: whether it was done, nobody knows."""
    command = begin(firmware)
    firmware.settle(command, NO_ANSWER)
    assert job(firmware).status is JobStatus.REQUESTED
    firmware.settle(command, REJECTED)  # the late answer
    assert job(firmware).status is JobStatus.FAILED


def test_a_newer_job_that_cancels_ends_the_older_of_its_sort(firmware: FirmwareService) -> None:
    """L01.FR.26 and N01."""
    begin(firmware, "old", kind=JobKind.SECURITY_LOG)
    begin(firmware, "other", kind=JobKind.DIAGNOSTICS)
    newer = begin(firmware, "newer", kind=JobKind.DIAGNOSTICS_LOG, created_at=at(5))
    begin(firmware, "newest", kind=JobKind.DIAGNOSTICS_LOG, created_at=at(9))
    firmware.settle(newer, CANCELED_AN_OLDER, cancels=LOG_KINDS)
    states = {name: job(firmware, name).status.value for name in ("old", "other", "newer", "newest")}
    assert states == {"old": "canceled", "other": "requested", "newer": "requested", "newest": "requested"}


def test_a_notification_moves_the_newest_open_job(firmware: FirmwareService) -> None:
    """B15."""
    begin(firmware, "old")
    begin(firmware, "newer", created_at=at(5))
    firmware.note_status(REF, FIRMWARE_KINDS, "Downloading", fence_of(1, 1))
    assert (job(firmware, "old").progress, job(firmware, "newer").progress) == ("Requested", "Downloading")


def test_a_notification_without_any_job_is_nothing(firmware: FirmwareService) -> None:
    """B16: with no known job, and right after a reboot."""
    firmware.note_status(REF, FIRMWARE_KINDS, "Installed", fence_of(1, 1))
    assert firmware.list_page("acme", PageRequest()).items == ()


def test_notifications_of_another_sort_are_not_meant(firmware: FirmwareService) -> None:
    begin(firmware, kind=JobKind.DIAGNOSTICS)
    firmware.note_status(REF, LOG_KINDS, "Uploaded", fence_of(1, 1))
    assert job(firmware).status is JobStatus.REQUESTED


def test_what_others_change_meanwhile_is_not_lost(
    world: World, firmware: FirmwareService, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(firmware)
    find_recent = world.firmware_jobs.recent

    def stale(ref: Any) -> list[Job]:
        found = find_recent(ref)
        world.firmware_jobs.replace(replace(found[0], file_name="meanwhile"))
        return found

    monkeypatch.setattr(world.firmware_jobs, "recent", stale)
    firmware.note_status(REF, FIRMWARE_KINDS, "Downloading", fence_of(1, 1))
    assert (job(firmware).file_name, job(firmware).progress) == ("meanwhile", "Downloading")


def test_a_job_that_everybody_changes_at_once_is_tried_again_later(
    world: World, firmware: FirmwareService, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(firmware)
    monkeypatch.setattr(world.firmware_jobs, "replace", lambda _: False)
    with pytest.raises(Retryable):
        firmware.note_status(REF, FIRMWARE_KINDS, "Downloading", fence_of(1, 1))


def test_jobs_that_nobody_hears_of_are_given_up(world: World, firmware: FirmwareService) -> None:
    begin(firmware)
    begin(firmware, "later", not_before="2026-03-08T12:00:00Z")
    world.clock.advance(86_399)
    assert firmware.mark_stalled("acme") == 0
    world.clock.advance(1)
    assert (firmware.mark_stalled("acme"), firmware.mark_stalled("acme")) == (1, 0)
    assert (job(firmware).status.value, job(firmware, "later").status.value) == ("stalled", "requested")
