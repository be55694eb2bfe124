"""Events waiting for MQTT: one document for all events that were written together, unless they are huge.

`_id` starts with the order key in fixed-width hexadecimal, so that the order of ids is the order of events.
The events stand in it as one text: nobody queries them, and a text costs a fraction of nested documents.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import uuid4

import orjson
from pymongo import ASCENDING
from pymongo.errors import BulkWriteError, DuplicateKeyError

from app.domain.context import ChargePointRef
from app.domain.errors import Retryable
from app.domain.events import Event, EventChannel
from app.services.ports import OutboxEntry
from app.storage.mongo import Databases, Document, store_errors
from app.tracing import present_trace

NAME = "outbox"
_MAX_BYTES = 1_000_000
_DUPLICATE_KEY = 11000


def outbox_documents(
    tenant_id: str, events: Sequence[Event], order_key: int, part: str = ""
) -> Iterator[Document]:
    """What is stored for `events`: one document, or, where that would outgrow MongoDB, several in order."""
    text = orjson.dumps([[e.channel.value, e.charge_point.charge_point_id, e.body] for e in events])
    if len(text) > _MAX_BYTES and len(events) > 1:
        middle = len(events) // 2
        yield from outbox_documents(tenant_id, events[:middle], order_key, part + "a")
        yield from outbox_documents(tenant_id, events[middle:], order_key, part + "b")
    else:
        name = f"{order_key:016x}{part}-{uuid4().hex[:12]}"
        document = {"_id": name, "tenant_id": tenant_id, "events": text.decode()}
        trace = present_trace()
        yield document if trace is None else document | {"trace": trace}


def first_id_at(at: datetime) -> str:
    """Sorts before the ids of all entries written at or after `at`."""
    return f"{round(at.timestamp() * 1_000_000):016x}"


class MongoOutbox:
    """The outbox of each tenant (port `Outbox`)."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def append(self, tenant_id: str, events: Sequence[Event], order_key: int) -> None:
        """Store events to be published."""
        for document in outbox_documents(tenant_id, events, order_key):
            self.put(tenant_id, document)

    def put(self, tenant_id: str, document: Document) -> None:
        """Store an entry; the same one again changes nothing."""
        try:
            with store_errors():
                self._databases.collection(tenant_id, NAME).insert_one(document)
        except DuplicateKeyError:
            return

    def put_all(self, tenant_id: str, documents: Sequence[Document]) -> None:
        """Store entries with one write; those that are there stay as they are. Raises Retryable."""
        try:
            with store_errors():
                self._databases.collection(tenant_id, NAME).insert_many(documents, ordered=False)
        except Retryable as failure:
            if not _are_known(failure.__cause__):
                raise

    def head(self, tenant_id: str, limit: int) -> list[OutboxEntry]:
        """The oldest entries, in order."""
        with store_errors():
            found = self._databases.collection(tenant_id, NAME).find().sort("_id", ASCENDING).limit(limit)
            return [_entry(document) for document in found]

    def remove(self, tenant_id: str, entry_ids: Sequence[str]) -> None:
        """These are published."""
        with store_errors():
            self._databases.collection(tenant_id, NAME).delete_many({"_id": {"$in": list(entry_ids)}})

    def depth(self, tenant_id: str) -> int:
        """How many entries wait."""
        with store_errors():
            return self._databases.collection(tenant_id, NAME).count_documents({})


def _are_known(cause: BaseException | None) -> bool:
    """Whatever could not be inserted is there already, and nothing else went wrong."""
    if not isinstance(cause, BulkWriteError) or cause.details.get("writeConcernErrors"):
        return False
    return all(error.get("code") == _DUPLICATE_KEY for error in cause.details["writeErrors"])


def _entry(document: Document) -> OutboxEntry:
    tenant_id = document["tenant_id"]
    events = tuple(
        Event(EventChannel(channel), ChargePointRef(tenant_id, charge_point_id), body)
        for channel, charge_point_id, body in orjson.loads(document["events"])
    )
    return OutboxEntry(document["_id"], events, document.get("trace"))
