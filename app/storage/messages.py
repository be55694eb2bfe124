"""The OCPP message log in MongoDB: raw frames, pruned by age. Batches write it (`app.storage.batches`).

It is the largest collection, and has one index: that of a charge point's messages. Their order is that of
`_id`, which holds the time of writing.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId
from bson.errors import InvalidId

from app.services.messages import Message
from app.services.ports import Page, PageRequest
from app.storage.mongo import Databases, Document, members_of, store_errors
from app.storage.paging import read_newest

NAME = "ocpp_messages"
_EARLIEST, _LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2106, 1, 1, tzinfo=UTC)
"""What an ObjectId can tell as its time, with some room."""
_CALL_ERROR = r"^\s*\[\s*4\s*,"
_WRITTEN_WITHIN = timedelta(hours=1)
"""Between the times of receipt and of writing there is the queue, and two machines' clocks."""


class MongoMessages:
    """Port `MessageRepository`, and the housekeeping of the log."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def find(self, tenant_id: str, message_id: str) -> Message | None:
        """By id."""
        try:
            query = {"_id": ObjectId(message_id)}
        except InvalidId:
            return None
        with store_errors():
            document = self._databases.collection(tenant_id, NAME).find_one(query)
        return _message_of(tenant_id, document) if document else None

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Message]:
        """Newest first. Raises InvalidInput on a cursor that no page gave."""
        collection = self._databases.collection(tenant_id, NAME)
        query = _query_of(dict(page.filters or {}))
        return read_newest(collection, query, page, lambda document: _message_of(tenant_id, document))

    def prune(self, tenant_id: str, before: datetime) -> int:
        """Delete what was logged before this instant; answers how many. An ObjectId holds its time."""
        query = {"_id": {"$lt": ObjectId.from_datetime(before)}}
        with store_errors():
            return self._databases.collection(tenant_id, NAME).delete_many(query).deleted_count


def _query_of(filters: dict[str, Any]) -> Document:
    """Times are looked for in `_id` first, which is in order."""
    from_at, to_at = filters.pop("from_at", None), filters.pop("to_at", None)
    errors = filters.pop("errors", False)
    query: Document = filters
    written, received = {}, {}
    if from_at is not None:
        received["$gte"] = from_at
        written["$gte"] = _id_at(from_at, -_WRITTEN_WITHIN)
    if to_at is not None:
        received["$lt"] = to_at
        written["$lt"] = _id_at(to_at, _WRITTEN_WITHIN)
    if received:
        query |= {"_id": written, "received_at": received}
    if errors:
        query["response"] = {"$regex": _CALL_ERROR}
    return query


def _id_at(at: datetime, later: timedelta) -> ObjectId:
    return ObjectId.from_datetime(min(max(at, _EARLIEST), _LATEST) + later)


def _message_of(tenant_id: str, document: Document) -> Message:
    return Message(**(members_of(Message, document) | {"id": str(document["_id"]), "tenant_id": tenant_id}))
