"""Jobs in MongoDB: one document each; a change counts only if no other came in between."""

from dataclasses import asdict, replace
from datetime import datetime

from pymongo import DESCENDING
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from app.domain.context import ChargePointRef
from app.domain.job import Job, JobFile, JobKind, JobStatus, JobStep
from app.services.ports import Page, PageRequest
from app.storage.mongo import Databases, Document, members_of, store_errors
from app.storage.paging import read_page

FIRMWARE_JOBS = "firmware_jobs"
DIAGNOSTICS_JOBS = "diagnostics_jobs"
RECENT = 10


def _document_of(job: Job) -> Document:
    document = asdict(job)
    document["_id"] = document.pop("id")
    document["kind"], document["status"] = job.kind.value, job.status.value
    document["files"] = [asdict(file) for file in job.files]
    document["history"] = [asdict(step) for step in job.history]
    document["open"] = job.status.is_open
    return document


def _job_of(document: Document) -> Job:
    fields = members_of(Job, document)
    fields["kind"], fields["status"] = JobKind(fields["kind"]), JobStatus(fields["status"])
    fields["files"] = tuple(JobFile(**members_of(JobFile, file)) for file in fields["files"])
    fields["history"] = tuple(JobStep(**members_of(JobStep, step)) for step in fields["history"])
    return Job(id=document["_id"], **fields)


class MongoJobs:
    """Port `JobRepository`, over the collection of one sort of jobs."""

    def __init__(self, databases: Databases, name: str) -> None:
        self._databases = databases
        self._name = name

    def _collection(self, tenant_id: str) -> Collection[Document]:
        return self._databases.collection(tenant_id, self._name)

    def insert(self, job: Job) -> bool:
        """False if there is one of this id."""
        try:
            with store_errors():
                self._collection(job.tenant_id).insert_one(_document_of(job))
        except DuplicateKeyError:
            return False
        return True

    def find(self, tenant_id: str, job_id: str) -> Job | None:
        """By id."""
        with store_errors():
            document = self._collection(tenant_id).find_one({"_id": job_id})
        return _job_of(document) if document else None

    def recent(self, ref: ChargePointRef) -> list[Job]:
        """A charge point's last ten, newest first."""
        query = {"charge_point_id": ref.charge_point_id}
        order = [("created_at", DESCENDING), ("_id", DESCENDING)]
        with store_errors():
            found = self._collection(ref.tenant_id).find(query).sort(order).limit(RECENT)
            return [_job_of(document) for document in found]

    def replace(self, job: Job) -> bool:
        """As the next revision; False if the stored one is another than the one that was changed."""
        document = _document_of(replace(job, revision=job.revision + 1))
        with store_errors():
            written = self._collection(job.tenant_id).replace_one(
                {"_id": document.pop("_id"), "revision": job.revision}, document
            )
        return written.matched_count > 0

    def overdue(self, tenant_id: str, now: datetime) -> list[Job]:
        """Open ones of which a word was due."""
        with store_errors():
            found = self._collection(tenant_id).find({"open": True, "due_at": {"$lte": now}})
            return [_job_of(document) for document in found]

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Job]:
        """Newest first."""
        return read_page(self._collection(tenant_id), page, _job_of, newest_by="created_at")
