"""Leases in MongoDB: at most one process does a thing at a time, and another takes over when it dies."""

from datetime import datetime, timedelta

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

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
