"""The audit log in MongoDB: append-only, one collection in each tenant's database and one of the platform."""

from datetime import UTC, datetime, timedelta
from struct import pack
from typing import Any

from bson import ObjectId
from pymongo.collection import Collection

from app.domain.audit import ActorKind, AuditEntry, AuditResult, as_document
from app.services.ports import Page, PageRequest
from app.storage.mongo import Databases, Document, store_errors
from app.storage.paging import read_newest

NAME = "audit_log"
_EARLIEST, _LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2106, 1, 1, tzinfo=UTC)
"""What an ObjectId can tell as its time, with some room."""


class MongoAudit:
    """Port `AuditRepository`. `_id` begins with the second of `at`, so it gives the order and the age."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def _collection(self, tenant_id: str | None) -> Collection[Document]:
        home = self._databases.platform if tenant_id is None else self._databases.of(tenant_id)
        return home[NAME]

    def append(self, tenant_id: str | None, entry: AuditEntry) -> None:
        """One insert. Raises Retryable."""
        document = {
            "_id": ObjectId(pack(">I", int(entry.at.timestamp())) + ObjectId().binary[4:]),
            **as_document(entry),
            "actor_keys": [entry.actor_id, entry.actor_name],
            "target_keys": sorted(set(entry.target.values())),
        }
        with store_errors():
            self._collection(tenant_id).insert_one(document)

    def list_page(self, tenant_id: str | None, page: PageRequest) -> Page[AuditEntry]:
        """Newest first. Raises InvalidInput on a cursor that no page gave."""
        query = _query_of(dict(page.filters or {}))
        return read_newest(self._collection(tenant_id), query, page, _entry_of)

    def prune(self, tenant_id: str | None, before: datetime) -> int:
        """An ObjectId holds its time."""
        query = {"_id": {"$lt": _id_at(before)}}
        with store_errors():
            return self._collection(tenant_id).delete_many(query).deleted_count


def _query_of(filters: dict[str, Any]) -> Document:
    """Times are looked for in `_id` first, which is in order."""
    from_at, to_at = filters.pop("from_at", None), filters.pop("to_at", None)
    query: Document = {_KEYS.get(name, name): value for name, value in filters.items()}
    written, at = {}, {}
    if from_at is not None:
        at["$gte"], written["$gte"] = from_at, _id_at(from_at)
    if to_at is not None:
        at["$lt"], written["$lt"] = to_at, _id_at(to_at + timedelta(seconds=1))
    return query | {"_id": written, "at": at} if at else query


_KEYS = {"actor": "actor_keys", "target": "target_keys"}


def _id_at(at: datetime) -> ObjectId:
    return ObjectId.from_datetime(min(max(at, _EARLIEST), _LATEST))


def _entry_of(document: Document) -> AuditEntry:
    known: dict[str, Any] = {name: document.get(name) for name in _FIELDS}
    return AuditEntry(
        **known,
        id=str(document["_id"]),
        actor_kind=ActorKind(document["actor_kind"]),
        result=AuditResult(document["result"]),
    )


_FIELDS = (
    "at",
    "actor_id",
    "actor_name",
    "tenant_id",
    "action",
    "target",
    "before",
    "after",
    "method",
    "route",
    "status",
    "code",
    "source_ip",
    "request_id",
)
