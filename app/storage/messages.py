"""The OCPP message log in MongoDB: raw frames, pruned by age."""

from datetime import datetime

from bson import ObjectId

from app.storage.mongo import Databases, store_errors

NAME = "ocpp_messages"


class MongoMessages:
    """Housekeeping of the message log; batches write it."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def prune(self, tenant_id: str, before: datetime) -> int:
        """Delete what was logged before this instant; answers how many. An ObjectId holds its time."""
        query = {"_id": {"$lt": ObjectId.from_datetime(before)}}
        with store_errors():
            return self._databases.collection(tenant_id, NAME).delete_many(query).deleted_count
