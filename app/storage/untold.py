"""Events that wait inside the very document whose change they tell of, on their way to the outbox.

State and events must not come apart, and a transaction over two collections would do that; but a process
that is killed in the middle of a transaction leaves its locks behind for up to a minute, and whoever works
on the same document waits (seen: StopTransaction unanswered for 30 s after a worker's death). One write to
one document is atomic and leaves nothing behind. The events then move on to the outbox; a sweep moves those
whose writer died in between. An entry keeps its id on the way, so moving it twice publishes it once more at
worst.
"""

from collections.abc import Sequence
from datetime import datetime

from app.domain.events import Event
from app.storage.mongo import Databases, Document, store_errors
from app.storage.outbox import MongoOutbox, first_id_at, outbox_documents

FIELD = "untold"


class Untold:
    """Moves events from documents to the outbox."""

    def __init__(self, databases: Databases, outbox: MongoOutbox, collections: Sequence[str]) -> None:
        self._databases = databases
        self._outbox = outbox
        self._collections = tuple(collections)

    @staticmethod
    def entries(tenant_id: str, events: Sequence[Event], order_key: int) -> list[Document]:
        """What to write into a document's `untold` list, in the same write as its change."""
        return list(outbox_documents(tenant_id, events, order_key)) if events else []

    def tell(self, tenant_id: str, collection: str, document: Document | None) -> None:
        """Move a document's entries, oldest first. Raises Retryable; then the sweep does it later."""
        entries = sorted((document or {}).get(FIELD) or (), key=lambda entry: str(entry["_id"]))
        if document is None or not entries:
            return
        for entry in entries:
            self._outbox.put(tenant_id, entry)
        moved = {"$pull": {FIELD: {"_id": {"$in": [entry["_id"] for entry in entries]}}}}
        with store_errors():
            self._databases.collection(tenant_id, collection).update_one({"_id": document["_id"]}, moved)

    def tell_all(
        self, tenant_id: str, collection: str, documents: Sequence[Document], along: Sequence[Document] = ()
    ) -> None:
        """Move the entries of many documents, and put others along with them into the outbox: two writes for
        all of them. Raises Retryable, as `tell`.
        """
        entries = [entry for document in documents for entry in document.get(FIELD) or ()]
        if entries or along:
            self._outbox.put_all(tenant_id, [*entries, *along])
        if not entries:
            return
        moved = {"$pull": {FIELD: {"_id": {"$in": [entry["_id"] for entry in entries]}}}}
        theirs = {"_id": {"$in": [document["_id"] for document in documents]}}
        with store_errors():
            self._databases.collection(tenant_id, collection).update_many(theirs, moved)

    def tell_forgotten(self, tenant_id: str, before: datetime) -> int:
        """Move what was written before this instant and still waits; answers how many documents had some."""
        waiting = {f"{FIELD}._id": {"$gt": "", "$lt": first_id_at(before)}}
        count = 0
        for name in self._collections:
            with store_errors():
                documents = list(self._databases.collection(tenant_id, name).find(waiting))
            self.tell_all(tenant_id, name, documents)
            count += len(documents)
        return count
