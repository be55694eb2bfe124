"""How many documents of a kind a tenant has: exact, however many processes add some at once.

The number stands in a counter of its own, and changes in the same transaction as the collection. So two that
want the last free place meet at the counter, and one that dies half-way leaves nothing behind.
"""

from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from app.domain.errors import QuotaExceeded, Retryable
from app.storage import counters
from app.storage.mongo import Databases, Document, store_errors


def is_counted(database: Database[Document], collection: str) -> bool:
    """Is there a counter for this collection of a tenant? Raises Retryable."""
    with store_errors():
        return database[counters.NAME].find_one({"_id": collection}) is not None


def prepare_quota(database: Database[Document], collection: str) -> None:
    """Count once what is there. Safe to repeat."""
    if is_counted(database, collection):
        return
    with store_errors():
        value = {"value": database[collection].count_documents({})}
        database[counters.NAME].update_one({"_id": collection}, {"$setOnInsert": value}, upsert=True)


class QuotaCounter:
    """Counts one collection of every tenant."""

    def __init__(self, databases: Databases, collection: str) -> None:
        self._databases = databases
        self._collection = collection
        self._noun = collection.replace("_", " ")

    def insert(self, tenant_id: str, document: Document, at_most: int | None) -> bool:
        """False if its `_id` is there already. Raises QuotaExceeded, Retryable."""
        try:
            self._databases.transact(lambda session: self._insert(tenant_id, document, at_most, session))
        except DuplicateKeyError:
            return False
        return True

    def delete(self, tenant_id: str, key: str) -> bool:
        """False if there was none. Raises Retryable."""
        return self._databases.transact(lambda session: self._delete(tenant_id, key, session))

    def _insert(
        self, tenant_id: str, document: Document, at_most: int | None, session: ClientSession
    ) -> None:
        database, free = self._databases.of(tenant_id), {} if at_most is None else {"value": {"$lt": at_most}}
        database[self._collection].insert_one(document, session=session)  # first: who is known takes no place
        counted = database[counters.NAME].update_one(
            {"_id": self._collection, **free}, {"$inc": {"value": 1}}, session=session
        )
        if counted.matched_count:
            return
        if database[counters.NAME].find_one({"_id": self._collection}, session=session) is None:
            raise Retryable("MongoDB: a quota is not counted yet; run `python -m app.cli migrate`")
        raise QuotaExceeded(f"The tenant has as many {self._noun} as it may have.")

    def _delete(self, tenant_id: str, key: str, session: ClientSession) -> bool:
        database = self._databases.of(tenant_id)
        deleted = database[self._collection].delete_one({"_id": key}, session=session).deleted_count
        if deleted:
            database[counters.NAME].update_one(
                {"_id": self._collection}, {"$inc": {"value": -1}}, session=session
            )
        return deleted > 0
