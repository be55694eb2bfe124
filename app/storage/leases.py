"""Leases in MongoDB: at most one process does a thing at a time, and another takes over when it dies."""

from datetime import datetime, timedelta
from uuid import uuid4

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from app.domain.errors import Retryable
from app.storage.mongo import Databases, store_errors

NAME = "leases"


class MongoLeases:
    """Named leases, of the whole installation."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def hold(self, name: str, holder: str, now: datetime, seconds: float) -> bool:
        """Take or renew the lease; False while somebody else holds it. Raises Retryable."""
        free = {"_id": name, "$or": [{"holder": holder}, {"until": {"$lt": now}}]}
        lease = {"holder": holder, "until": now + timedelta(seconds=seconds)}
        try:
            with store_errors():
                found = self._databases.platform[NAME].find_one_and_update(
                    free, {"$set": lease}, upsert=True, return_document=ReturnDocument.AFTER
                )
        except DuplicateKeyError:
            return False
        return found is not None

    def release(self, name: str, holder: str) -> None:
        """Let the next one in at once. Raises Retryable."""
        with store_errors():
            self._databases.platform[NAME].delete_one({"_id": name, "holder": holder})

    def installation_id(self) -> str:
        """A name for this installation, the same for all its processes. Raises Retryable."""
        with store_errors():
            found = self._databases.platform["counters"].find_one_and_update(
                {"_id": "installation"},
                {"$setOnInsert": {"name": uuid4().hex[:12]}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        if found is None:
            raise Retryable("MongoDB: the installation has no name")
        return str(found["name"])
