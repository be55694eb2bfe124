"""What a charge point does over hours: firmware updates, uploads of diagnostics and logs.

OCPP tells of them by notifications, mostly without saying which job is meant (B15, B16, B53, B56). So each
job keeps what was said of it, and knows what it would still believe.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.domain.context import ChargePointRef

STALLED_AFTER = timedelta(hours=24)
"""A job that nobody has heard of for so long is given up; the charge point may still take it up again."""
MAX_HISTORY = 100
MAX_WORD = 50
_IDLE = "Idle"


class JobKind(StrEnum):
    """Which command began it."""

    FIRMWARE = "firmware"
    SIGNED_FIRMWARE = "signed_firmware"
    DIAGNOSTICS = "diagnostics"
    DIAGNOSTICS_LOG = "diagnostics_log"
    SECURITY_LOG = "security_log"


FIRMWARE_KINDS = frozenset({JobKind.FIRMWARE, JobKind.SIGNED_FIRMWARE})
LOG_KINDS = frozenset({JobKind.DIAGNOSTICS_LOG, JobKind.SECURITY_LOG})
DIAGNOSTICS_KINDS = LOG_KINDS | {JobKind.DIAGNOSTICS}


class JobStatus(StrEnum):
    """How far a job is. `nothing_to_upload`: the charge point has no diagnostics for the time asked (C18)."""

    REQUESTED = "requested"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"
    NOTHING_TO_UPLOAD = "nothing_to_upload"
    STALLED = "stalled"

    @property
    def is_open(self) -> bool:
        """More is expected of it."""
        return self in (JobStatus.REQUESTED, JobStatus.RUNNING)


_ENDS = {
    "Installed": JobStatus.COMPLETED,
    "DownloadFailed": JobStatus.FAILED,
    "InstallationFailed": JobStatus.FAILED,
    "InstallVerificationFailed": JobStatus.FAILED,
    "InvalidSignature": JobStatus.FAILED,
    "Uploaded": JobStatus.COMPLETED,
    "UploadFailed": JobStatus.FAILED,
    "UploadFailure": JobStatus.FAILED,
    "BadMessage": JobStatus.FAILED,
    "NotSupportedOperation": JobStatus.FAILED,
    "PermissionDenied": JobStatus.FAILED,
}
"""OCPP's words that end a job; every other word, known or not, means that it goes on."""


@dataclass(frozen=True, slots=True)
class JobStep:
    """One thing that became known of a job: OCPP's word for it, or ours."""

    status: str
    at: datetime


@dataclass(frozen=True, slots=True)
class JobFile:
    """A file that the charge point has uploaded for a job. `key` finds it in the file store."""

    name: str
    size: int
    sha256: str
    received_at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class Job:
    """A firmware update or an upload. Its id is that of the command that began it.

    `error` says why the command itself did not begin it; what failed later is in `history`. `not_before` is
    when the charge point may begin, `due_at` until when a word of it is expected. `fence` is that of the
    newest notification (`CallContext.fence`), `revision` counts writes.
    """

    id: str
    tenant_id: str
    charge_point_id: str
    kind: JobKind
    status: JobStatus
    created_at: datetime
    updated_at: datetime
    due_at: datetime
    requested_by: str
    location: str
    request_id: int | None = None
    firmware_file_id: str | None = None
    firmware_version_before: str | None = None
    firmware_version_after: str | None = None
    not_before: datetime | None = None
    file_name: str | None = None
    files: tuple[JobFile, ...] = ()
    history: tuple[JobStep, ...] = ()
    error: dict[str, Any] | None = None
    ended_at: datetime | None = None
    fence: int = 0
    revision: int = 0

    @property
    def charge_point(self) -> ChargePointRef:
        """Who does it."""
        return ChargePointRef(self.tenant_id, self.charge_point_id)

    @property
    def progress(self) -> str | None:
        """The newest thing that became known."""
        return self.history[-1].status if self.history else None

    @property
    def still_believes(self) -> bool:
        """A notification may still change it: it goes on, ended by guesswork, or may be tried again.

        What the charge point called complete, what was canceled and what never began stays as it is.
        """
        if self.status is JobStatus.COMPLETED:
            return self.progress not in _ENDS
        return self.status is not JobStatus.CANCELED and self.error is None

    def noted(self, word: str, at: datetime, fence: int = 0) -> "Job":
        """With what a notification says of it. Idle never moves a job back, nor does a late copy (B16)."""
        if word == _IDLE or not self.still_believes or (fence and fence <= self.fence):
            return self
        moved = self.moved(_ENDS.get(word, JobStatus.RUNNING), word[:MAX_WORD], at)
        return replace(moved, fence=max(fence, self.fence))

    def moved(self, status: JobStatus, word: str, at: datetime) -> "Job":
        """In another state, for a reason that goes into the history unless it stands there already."""
        told = () if word == self.progress else (JobStep(word, at),)
        return replace(
            self,
            status=status,
            history=(*self.history, *told)[-MAX_HISTORY:],
            updated_at=at,
            due_at=max(at, self.not_before or at) + STALLED_AFTER,
            ended_at=None if status.is_open else at,
        )

    def refused(self, error: dict[str, Any], at: datetime) -> "Job":
        """Never begun: the command was refused, failed or expired."""
        if not self.status.is_open:
            return self
        return replace(self.moved(JobStatus.FAILED, "Refused", at), error=error)

    def canceled(self, at: datetime) -> "Job":
        """Given up by the charge point for a newer one (L01.FR.26, N01)."""
        return self.moved(JobStatus.CANCELED, "Canceled", at) if self.status.is_open else self

    def booted(self, firmware_version: str, at: datetime) -> "Job":
        """With what a boot proves (B12): another version than before means that the update is done.

        The same version proves nothing: charge points boot for many reasons, also before they install.
        """
        if not self.status.is_open or self.firmware_version_before in (None, firmware_version):
            return self
        moved = self.moved(JobStatus.COMPLETED, f"Booted {firmware_version}"[:MAX_WORD], at)
        return replace(moved, firmware_version_after=firmware_version)

    def with_file(self, file: JobFile) -> "Job":
        """With an uploaded file, in the place of one of the same name."""
        others = tuple(known for known in self.files if known.name != file.name)
        open_until = max(file.received_at, self.not_before or file.received_at) + STALLED_AFTER
        return replace(self, files=(*others, file), updated_at=file.received_at, due_at=open_until)

    def without_file(self, name: str) -> "Job":
        """Without the file of this name."""
        return replace(self, files=tuple(known for known in self.files if known.name != name))

    def given_up(self, at: datetime) -> "Job":
        """Nothing was heard for too long. A file that came means that the upload went well all the same."""
        if not self.status.is_open:
            return self
        if self.files:
            return self.moved(JobStatus.COMPLETED, "FileReceived", at)
        return self.moved(JobStatus.STALLED, "Stalled", at)


def meant_by(jobs: "list[Job]", request_id: int | None = None) -> Job | None:
    """Which of a charge point's jobs, newest first, a notification is about (B15).

    By its request id where it has one; else the newest that is open, else the newest of all.
    """
    if request_id is not None:
        return next((job for job in jobs if job.request_id == request_id), None)
    return next((job for job in jobs if job.status.is_open), jobs[0] if jobs else None)
