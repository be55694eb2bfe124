"""Jobs in memory."""

from dataclasses import replace
from datetime import datetime

from app.domain.context import ChargePointRef
from app.domain.job import Job
from app.services.ports import Page, PageRequest
from tests.fakes.paging import page_of


class FakeJobRepository:
    """`JobRepository` in memory."""

    def __init__(self) -> None:
        self._jobs: dict[tuple[str, str], Job] = {}

    def insert(self, job: Job) -> bool:
        """False if there is one of this id."""
        key = (job.tenant_id, job.id)
        return key not in self._jobs and self._jobs.setdefault(key, job) is job

    def find(self, tenant_id: str, job_id: str) -> Job | None:
        """By id."""
        return self._jobs.get((tenant_id, job_id))

    def recent(self, ref: ChargePointRef) -> list[Job]:
        """The last ten, newest first."""
        return [job for job in self._newest(ref.tenant_id) if job.charge_point == ref][:10]

    def replace(self, job: Job) -> bool:
        """False if it was changed meanwhile."""
        known = self.find(job.tenant_id, job.id)
        if known is None or known.revision != job.revision:
            return False
        self._jobs[job.tenant_id, job.id] = replace(job, revision=job.revision + 1)
        return True

    def overdue(self, tenant_id: str, now: datetime) -> list[Job]:
        """Open ones of which a word was due."""
        return [job for job in self._newest(tenant_id) if job.status.is_open and job.due_at <= now]

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Job]:
        """Newest first."""
        return page_of(self._newest(tenant_id), page)

    def _newest(self, tenant_id: str) -> list[Job]:
        own = [job for (owner, _), job in self._jobs.items() if owner == tenant_id]
        return sorted(own, key=lambda job: (job.created_at, job.id), reverse=True)

    def forget_all(self) -> None:
        """For tests: as if nothing had been written."""
        self._jobs.clear()
