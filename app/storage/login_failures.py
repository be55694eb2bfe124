"""Failed logins in MongoDB, in the platform's database."""

from datetime import datetime

from pymongo import UpdateOne
from pymongo.collection import Collection

from app.services.lockout import Failures
from app.storage.mongo import Databases, Document, store_errors

NAME = "login_failures"


class MongoLoginFailures:
    """Port `FailureRepository`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    @property
    def _collection(self) -> Collection[Document]:
        return self._databases.platform[NAME]

    def find(self, keys: list[str]) -> dict[str, Failures]:
        """Those that are known."""
        with store_errors():
            found = list(self._collection.find({"_id": {"$in": keys}}))
        return {document["_id"]: Failures(document["count"], document["last_at"]) for document in found}

    def add(self, keys: list[str], whose: str, at: datetime, forgotten_before: datetime) -> None:
        """One more for each."""
        one_more = {"$inc": {"count": 1}, "$max": {"last_at": at}, "$set": {"whose": whose}}
        writes = [
            write
            for key in keys
            for write in (
                UpdateOne({"_id": key, "last_at": {"$lt": forgotten_before}}, {"$set": {"count": 0}}),
                UpdateOne({"_id": key}, one_more, upsert=True),
            )
        ]
        with store_errors():
            self._collection.bulk_write(writes, ordered=True)

    def forget(self, keys: list[str]) -> None:
        """As if there had been none."""
        with store_errors():
            self._collection.delete_many({"_id": {"$in": keys}})

    def forget_all(self, whose: str) -> None:
        """From wherever it was tried."""
        with store_errors():
            self._collection.delete_many({"whose": whose})

    def prune(self, before: datetime) -> int:
        """The old ones."""
        with store_errors():
            return self._collection.delete_many({"last_at": {"$lt": before}}).deleted_count
