"""Jobs: what a charge point's notifications make of them (B12, B15, B16, B53, B56)."""

from datetime import timedelta
from typing import Any

import pytest

from app.domain.job import MAX_HISTORY, STALLED_AFTER, Job, JobFile, JobKind, JobStatus, JobStep, meant_by
from tests.builders import NOON, at


def a_job(job_id: str = "cmd-1", **fields: Any) -> Job:
    known: dict[str, Any] = {
        "kind": JobKind.FIRMWARE,
        "status": JobStatus.REQUESTED,
        "created_at": NOON,
        "updated_at": NOON,
        "due_at": NOON + STALLED_AFTER,
        "requested_by": "tests",
        "location": "https://example.com/fw.bin",
        "history": (JobStep("Requested", NOON),),
    }
    return Job(job_id, "acme", "CP-1", **(known | fields))


def told(job: Job, *words: str) -> Job:
    """After these notifications, a second apart."""
    for second, word in enumerate(words, 1):
        job = job.noted(word, at(second), fence=second)
    return job


def words(job: Job) -> list[str]:
    return [step.status for step in job.history]


@pytest.mark.parametrize(
    ("train", "status"),
    [
        (("Downloading", "Downloaded", "Installing", "Installed"), "completed"),
        (("Downloading", "DownloadFailed"), "failed"),
        (("Downloading", "Downloaded", "Installing", "InstallationFailed"), "failed"),
        (("Downloading", "Downloaded", "InvalidSignature"), "failed"),
        (("Downloaded", "SignatureVerified", "InstallVerificationFailed"), "failed"),
        (("DownloadScheduled", "DownloadPaused", "InstallScheduled", "InstallRebooting"), "running"),
        (("Uploading", "Uploaded"), "completed"),
        (("Uploading", "UploadFailed"), "failed"),
        (("Uploading", "UploadFailure"), "failed"),
        (("BadMessage",), "failed"),
        (("PermissionDenied",), "failed"),
        (("NotSupportedOperation",), "failed"),
        (("SomethingNew",), "running"),
    ],
)
def test_the_words_of_the_standard_move_a_job(train: tuple[str, ...], status: str) -> None:
    """TC_044_1 to 3, TC_045_1 and 2, TC_079 to 081; an unknown word is kept as it is (C4)."""
    job = told(a_job(), *train)
    assert job.status == status
    assert words(job) == ["Requested", *train]
    assert job.progress == train[-1]
    assert job.ended_at == (None if status == "running" else at(len(train)))


def test_idle_never_moves_a_job() -> None:
    """B16: it only follows a TriggerMessage."""
    running = told(a_job(), "Downloading")
    assert running.noted("Idle", at(9), 9) == running
    done = told(a_job(), "Installed")
    assert done.noted("Idle", at(9), 9) == done


def test_a_late_copy_of_a_notification_changes_nothing() -> None:
    job = told(a_job(), "Downloading", "Downloaded")
    assert job.noted("Downloading", at(9), fence=1) == job


def test_the_same_word_again_is_heard_and_not_written_twice() -> None:
    job = told(a_job(), "Downloading", "Downloading")
    assert words(job) == ["Requested", "Downloading"]
    assert (job.updated_at, job.due_at) == (at(2), at(2) + STALLED_AFTER)


def test_what_is_complete_stays_complete() -> None:
    done = told(a_job(), "Installed")
    assert done.noted("Downloading", at(9), 9) == done


def test_a_second_try_after_a_failure_goes_on() -> None:
    """The charge point has `retries` of its own."""
    job = told(a_job(), "Downloading", "DownloadFailed", "Downloading")
    assert (job.status, job.ended_at) == (JobStatus.RUNNING, None)


def test_what_never_began_hears_of_nothing() -> None:
    refused = a_job().refused({"code": "NotSupported", "message": ""}, at(1))
    assert (refused.status, refused.ended_at) == (JobStatus.FAILED, at(1))
    assert refused.noted("Installed", at(2), 2) == refused
    assert refused.refused({"code": "other", "message": ""}, at(3)) == refused


def test_the_history_keeps_its_end() -> None:
    job = told(a_job(), *("Downloading", "DownloadPaused") * MAX_HISTORY)
    assert len(job.history) == MAX_HISTORY
    assert job.progress == "DownloadPaused"


def test_an_over_long_word_is_cut() -> None:
    assert len(told(a_job(), "x" * 500).progress or "") == 50


def test_a_boot_with_another_version_proves_the_update() -> None:
    """B12."""
    job = told(a_job(firmware_version_before="1.0"), "Downloading").booted("2.0", at(5))
    assert (job.status, job.progress, job.firmware_version_after) == (
        JobStatus.COMPLETED,
        "Booted 2.0",
        "2.0",
    )


@pytest.mark.parametrize("before", ["1.0", None])
def test_a_boot_with_the_same_or_after_an_unknown_version_proves_nothing(before: str | None) -> None:
    job = told(a_job(firmware_version_before=before), "Installing")
    assert job.booted("1.0", at(5)) == job


@pytest.mark.parametrize(("word", "status"), [("Installed", "completed"), ("InstallationFailed", "failed")])
def test_what_the_charge_point_says_after_its_boot_counts_more(word: str, status: str) -> None:
    """TC_044_3: it may tell how the installation went before or after its BootNotification."""
    job = a_job(firmware_version_before="1.0").booted("2.0", at(1)).noted(word, at(2), 2)
    assert (job.status, job.progress) == (status, word)


def test_a_silent_job_is_given_up_and_taken_up_again() -> None:
    stalled = a_job().given_up(at(90_000))
    assert (stalled.status, stalled.progress) == (JobStatus.STALLED, "Stalled")
    assert stalled.given_up(at(99_000)) == stalled
    assert stalled.noted("Uploading", at(99_000), 1).status is JobStatus.RUNNING


def test_a_silent_job_whose_file_came_went_well() -> None:
    file = JobFile("log.zip", 3, "00", at(1), "0" * 32)
    done = a_job().with_file(file).given_up(at(90_000))
    assert (done.status, done.progress) == (JobStatus.COMPLETED, "FileReceived")


def test_a_job_for_later_is_not_late() -> None:
    later = NOON + timedelta(days=30)
    job = a_job(not_before=later).noted("DownloadScheduled", at(1), 1)
    assert job.due_at == later + STALLED_AFTER


def test_a_file_takes_the_place_of_one_of_its_name() -> None:
    one, other = JobFile("a", 1, "00", at(1), "1"), JobFile("b", 1, "00", at(2), "2")
    again = JobFile("a", 2, "11", at(3), "3")
    job = a_job().with_file(one).with_file(other).with_file(again)
    assert job.files == (other, again)
    assert job.without_file("b").files == (again,)


def test_a_newer_upload_cancels_what_is_open_only() -> None:
    """L01.FR.26, AcceptedCanceled."""
    assert a_job().canceled(at(1)).status is JobStatus.CANCELED
    done = told(a_job(), "Installed")
    assert done.canceled(at(9)) == done
    canceled = a_job().canceled(at(1))
    assert canceled.noted("Uploaded", at(2), 2) == canceled


def test_a_notification_without_a_number_is_about_the_newest_open_job() -> None:
    """B15."""
    old, newer, done = a_job("old"), a_job("newer"), told(a_job("done"), "Uploaded")
    assert meant_by([done, newer, old]) is newer
    assert meant_by([done]) is done
    assert meant_by([]) is None


def test_a_notification_with_a_number_is_about_that_job() -> None:
    """B53, B56."""
    old, newer = a_job("old", request_id=1), a_job("newer", request_id=2)
    assert meant_by([newer, old], 1) is old
    assert meant_by([newer, old], 3) is None
