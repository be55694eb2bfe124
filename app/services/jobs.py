"""What firmware updates and uploads have in common: a command begins them, notifications move them on."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Protocol

import structlog

from app.domain.command import Command, CommandStatus, Outcome
from app.domain.context import ChargePointRef
from app.domain.errors import NotFound, Retryable
from app.domain.job import STALLED_AFTER, Job, JobKind, JobStatus, JobStep, meant_by
from app.domain.times import parse_time
from app.services.ports import Clock, Page, PageRequest

log = structlog.stdlib.get_logger(__name__)
_TRIES = 5
_CANCELED_AN_OLDER = "AcceptedCanceled"


class JobRepository(Protocol):
    """Jobs of a tenant, of one sort."""

    def insert(self, job: Job) -> bool:
        """False if there is one of this id."""
        ...

    def find(self, tenant_id: str, job_id: str) -> Job | None: ...

    def recent(self, ref: ChargePointRef) -> list[Job]:
        """A charge point's last ten, newest first."""
        ...

    def replace(self, job: Job) -> bool:
        """Store a changed job as its next revision; False if it was changed meanwhile."""
        ...

    def overdue(self, tenant_id: str, now: datetime) -> list[Job]:
        """Open ones of which a word was due."""
        ...

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Job]:
        """Newest first."""
        ...


class JobService:
    """Use cases that both sorts of jobs have."""

    def __init__(self, jobs: JobRepository, clock: Clock) -> None:
        self._jobs = jobs
        self._clock = clock

    def get(self, tenant_id: str, job_id: str) -> Job:
        """Raises NotFound."""
        job = self._jobs.find(tenant_id, job_id)
        if job is None:
            raise NotFound(f"There is no job '{job_id}'.")
        return job

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Job]:
        """Newest first."""
        return self._jobs.list_page(tenant_id, page)

    def begin(
        self,
        command: Command,
        kind: JobKind,
        *,
        location: str,
        request_id: int | None = None,
        not_before: str | None = None,
        firmware_version: str | None = None,
    ) -> None:
        """The command is taken: a job of its id exists from now on. The same again changes nothing."""
        at = command.created_at
        wait = parse_time(not_before) if not_before else None
        self._jobs.insert(
            Job(
                command.id,
                command.tenant_id,
                command.charge_point_id,
                kind,
                JobStatus.REQUESTED,
                created_at=at,
                updated_at=at,
                due_at=max(at, wait or at) + STALLED_AFTER,
                requested_by=command.requested_by,
                location=location,
                request_id=request_id,
                firmware_file_id=command.parameters.get("firmware_file_id"),
                firmware_version_before=firmware_version,
                not_before=wait,
                history=(JobStep("Requested", at),),
            )
        )

    def settle(
        self,
        command: Command,
        outcome: Outcome,
        *,
        advice: str | None = None,
        cancels: Collection[JobKind] = (),
    ) -> None:
        """The command ended. Whether the job goes on, or never began; a time-out leaves that open (A25).

        `advice` goes with the reason of a failure. An answer AcceptedCanceled ends older jobs of the kinds
        that the command `cancels` (L01.FR.26).
        """
        if outcome.status.leaves_it_open:
            return
        if outcome.status is CommandStatus.ACCEPTED:
            if (outcome.result or {}).get("status") == _CANCELED_AN_OLDER:
                self._cancel_older(command, cancels)
            return
        error = _reason(outcome) | ({"advice": advice} if advice else {})
        now = self._clock.now()
        self._change(command.tenant_id, command.id, lambda job: job.refused(error, now))

    def note_status(
        self,
        ref: ChargePointRef,
        kinds: Collection[JobKind],
        word: str,
        fence: int,
        request_id: int | None = None,
    ) -> None:
        """A charge point told how far it is; without a job that it could mean, nothing is kept (B15, B16)."""
        recent = [job for job in self._jobs.recent(ref) if job.kind in kinds]
        meant = meant_by(recent, request_id)
        if meant is None:
            log.info("notification_without_job", charge_point_id=ref.charge_point_id, status=word)
            return
        at = self._clock.now()
        self._change(ref.tenant_id, meant.id, lambda job: job.noted(word, at, fence), known=meant)

    def mark_stalled(self, tenant_id: str) -> int:
        """Give up the jobs of which nothing was heard for too long; answers how many."""
        now = self._clock.now()
        overdue = self._jobs.overdue(tenant_id, now)
        return sum(self._jobs.replace(job.given_up(now)) for job in overdue)  # one that moved is not stalled

    def _cancel_older(self, command: Command, kinds: Collection[JobKind]) -> None:
        now = self._clock.now()
        for job in self._jobs.recent(command.charge_point):
            if job.kind in kinds and job.id != command.id and job.created_at <= command.created_at:
                self._change(job.tenant_id, job.id, lambda older: older.canceled(now), known=job)

    def _change(
        self, tenant_id: str, job_id: str, change: Callable[[Job], Job], known: Job | None = None
    ) -> Job:
        """Change a job that others may be changing too. Raises NotFound, Retryable."""
        for _ in range(_TRIES):
            job = known or self.get(tenant_id, job_id)
            changed = change(job)
            if changed == job or self._jobs.replace(changed):
                return changed
            known = None
        raise Retryable(f"The job '{job_id}' is being changed by many at once.")


def _reason(outcome: Outcome) -> dict[str, Any]:
    """Why a job did not begin: OCPP's own word where the charge point gave one."""
    status = (outcome.result or {}).get("status")
    given = outcome.error or {}
    return {"code": str(status or given.get("code", "failed")), "message": str(given.get("message", ""))}
