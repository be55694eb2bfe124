"""Dead letters in MongoDB: one document for each, however often a charge point repeats it."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from pymongo import UpdateOne
from pymongo.collection import Collection

from app.domain.dead_letter import DeadLetter, DeadLetterKind, DeadLetterStatus
from app.services.ports import Page, PageRequest
from app.storage.mongo import Databases, Document, members_of, store_errors
from app.storage.paging import read_page

NAME = "dead_letters"
_REPEATED = frozenset({"count", "last_at", "error", "reason"})


class MongoDeadLetters:
    """Port `DeadLetterRepository`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def _collection(self, tenant_id: str) -> Collection[Document]:
        return self._databases.collection(tenant_id, NAME)

    def park(self, tenant_id: str, letters: Sequence[DeadLetter]) -> None:
        """One bulk write."""
        with store_errors():
            self._collection(tenant_id).bulk_write([_parking(letter) for letter in letters], ordered=False)

    def find(self, tenant_id: str, dead_letter_id: str) -> DeadLetter | None:
        """By id."""
        with store_errors():
            document = self._collection(tenant_id).find_one({"_id": dead_letter_id})
        return _letter_of(document) if document else None

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[DeadLetter]:
        """Newest first."""
        return read_page(self._collection(tenant_id), page, _letter_of, newest_by="first_at")

    def settle(
        self, tenant_id: str, dead_letter_id: str, status: DeadLetterStatus, answer: str | None, at: datetime
    ) -> bool:
        """False if it is not there, or was replayed before."""
        change = {"status": status.value, "answer": answer, "settled_at": at}
        open_ones = {"$ne": DeadLetterStatus.REPLAYED.value}
        with store_errors():
            written = self._collection(tenant_id).update_one(
                {"_id": dead_letter_id, "status": open_ones}, {"$set": change}
            )
        return written.matched_count > 0

    def count_parked(self, tenant_id: str) -> int:
        """By the index of `status`."""
        with store_errors():
            return self._collection(tenant_id).count_documents({"status": DeadLetterStatus.PARKED.value})

    def prune(self, tenant_id: str, before: datetime) -> int:
        """By when they last came; few enough to do without an index."""
        with store_errors():
            return self._collection(tenant_id).delete_many({"last_at": {"$lt": before}}).deleted_count


def _parking(letter: DeadLetter) -> UpdateOne:
    document = asdict(letter)
    name = document.pop("id")
    document["kind"], document["status"] = letter.kind.value, letter.status.value
    first = {field: value for field, value in document.items() if field not in _REPEATED}
    return UpdateOne(
        {"_id": name},
        {
            "$setOnInsert": first,
            "$inc": {"count": letter.count},
            "$set": {"last_at": letter.last_at, "error": letter.error, "reason": letter.reason},
        },
        upsert=True,
    )


def _letter_of(document: Document) -> DeadLetter:
    fields = members_of(DeadLetter, document)
    fields["kind"] = DeadLetterKind(fields["kind"])
    fields["status"] = DeadLetterStatus(fields["status"])
    return DeadLetter(id=document["_id"], **fields)
