"""Counters in MongoDB, made with their tenant: nobody has to create one while it is being counted."""

import threading

from pymongo import ReturnDocument
from pymongo.database import Database

from app.domain.errors import Retryable
from app.storage.mongo import Databases, Document, store_errors

NAME = "counters"
TRANSACTION_ID = "transaction_id"
RESERVATION_ID = "reservation_id"
CHARGING_PROFILE_ID = "charging_profile_id"
ALL = (TRANSACTION_ID, RESERVATION_ID, CHARGING_PROFILE_ID)


def missing_counters(database: Database[Document]) -> list[str]:
    """Of a tenant's database. Raises Retryable."""
    with store_errors():
        there = {found["_id"] for found in database[NAME].find({"_id": {"$in": list(ALL)}}, {"_id": 1})}
    return [name for name in ALL if name not in there]


def create_counters(database: Database[Document]) -> None:
    """Of a tenant's database. Safe to repeat."""
    with store_errors():
        for name in missing_counters(database):
            database[NAME].update_one({"_id": name}, {"$setOnInsert": {"value": 0}}, upsert=True)


class Counters:
    """Numbers that no two callers get, taken from the store in blocks: one write for many numbers.

    Numbers rise within a process; what is left of a block when the process ends is never used.
    """

    def __init__(self, databases: Databases, block: int = 20) -> None:
        self._databases = databases
        self._block = block
        self._lock = threading.Lock()
        self._left: dict[tuple[str, str], range] = {}

    def next_value(self, tenant_id: str, name: str) -> int:
        """A number of the tenant's counter, from 1 up. Raises Retryable."""
        with self._lock:
            left = self._left.get((tenant_id, name)) or self._reserve(tenant_id, name)
            self._left[tenant_id, name] = left[1:]
            return left[0]

    def _reserve(self, tenant_id: str, name: str) -> range:
        with store_errors():
            counter = self._databases.collection(tenant_id, NAME).find_one_and_update(
                {"_id": name}, {"$inc": {"value": self._block}}, return_document=ReturnDocument.AFTER
            )
        if counter is None:
            raise Retryable(f"MongoDB: the counter {name} is missing; run `python -m app.cli migrate`")
        last = int(counter["value"])
        return range(last - self._block + 1, last + 1)
