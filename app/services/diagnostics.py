"""Diagnostics and logs that charge points upload, to links of ours or to anywhere else."""

from collections.abc import Iterable
from dataclasses import replace
from typing import BinaryIO

from app.domain.command import Command
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.domain.firmware_file import safe_file_name
from app.domain.job import Job, JobFile, JobStatus
from app.services.files import FileStore, Link, LinkService, Purpose
from app.services.jobs import JobRepository, JobService
from app.services.ports import Clock

MAX_FILES = 20
"""Of one job, so that a link that gets into wrong hands cannot fill the disk."""


class DiagnosticsService(JobService):
    """Use cases of diagnostics jobs and their files."""

    def __init__(
        self,
        jobs: JobRepository,
        store: FileStore,
        links: LinkService,
        clock: Clock,
    ) -> None:
        super().__init__(jobs, clock)
        self._store = store
        self._links = links

    def upload_location(self, tenant_id: str, job_id: str) -> str:
        """A directory of ours to which a charge point can upload, for as long as the tenant's links work."""
        return self._links.url(Link(Purpose.UPLOAD, tenant_id, job_id))

    def job_behind(self, token: str) -> Job:
        """What an upload link is for. Raises NotPermitted, Gone, NotFound."""
        link = self._links.read(token, Purpose.UPLOAD)
        return self.get(link.tenant_id, link.subject)

    def note_file_name(self, command: Command, told: object, *, may_be_none: bool) -> None:
        """The charge point named the file that it will upload, in whatever type it likes (G11).

        None where it `may_be_none`: no file (C18).
        """
        now = self._clock.now()
        file_name = str(told) if isinstance(told, str | int | float) else None

        def named(job: Job) -> Job:
            if file_name:
                return replace(job, file_name=file_name[:255])
            nothing = may_be_none and not told and job.status is JobStatus.REQUESTED
            return job.moved(JobStatus.NOTHING_TO_UPLOAD, "NothingToUpload", now) if nothing else job

        self._change(command.tenant_id, command.id, named)

    def receive(self, job: Job, name: str | None, content: Iterable[bytes]) -> JobFile:
        """Keep a file that a charge point uploads; one of the same name is replaced.

        Raises Conflict (too many files), InvalidInput (empty), TooLarge.
        """
        self._check_room(job)
        stored = self._store.save(job.tenant_id, content)
        try:
            if not stored.size:
                raise InvalidInput("The file is empty.", problems={"body": ["Send the file as the body."]})
            name = safe_file_name(name or job.file_name or "", f"{job.kind.value}-{len(job.files) + 1}")
            file = JobFile(name, stored.size, stored.sha256, self._clock.now(), stored.key)
            return self._attach(job, file)
        except BaseException:
            self._store.delete(job.tenant_id, stored.key)
            raise

    def _attach(self, job: Job, file: JobFile) -> JobFile:
        replaced: list[JobFile] = []

        def attached(known: Job) -> Job:
            replaced[:] = [old for old in known.files if old.name == file.name]
            if not replaced:
                self._check_room(known)
            return known.with_file(file)

        self._change(job.tenant_id, job.id, attached, known=job)
        for old in replaced:
            self._store.delete(job.tenant_id, old.key)
        return file

    def _check_room(self, job: Job) -> None:
        if len(job.files) >= MAX_FILES:
            raise Conflict(f"The job has {MAX_FILES} files already, which is as many as it may have.")

    def open(self, job: Job, name: str) -> tuple[JobFile, BinaryIO]:
        """An uploaded file and its content. Raises NotFound."""
        file = _named(job, name)
        return file, self._store.open(job.tenant_id, file.key)

    def delete_file(self, tenant_id: str, job_id: str, name: str) -> None:
        """Forget an uploaded file. Raises NotFound."""
        job = self.get(tenant_id, job_id)
        file = _named(job, name)
        self._change(tenant_id, job_id, lambda known: known.without_file(name), known=job)
        self._store.delete(tenant_id, file.key)


def _named(job: Job, name: str) -> JobFile:
    file = next((known for known in job.files if known.name == name), None)
    if file is None:
        raise NotFound(f"The job '{job.id}' has no file '{name}'.")
    return file
