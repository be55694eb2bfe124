"""Refused identities in MongoDB: one document for each."""

from collections.abc import Sequence

from pymongo import ASCENDING, UpdateOne
from pymongo.collection import Collection

from app.services.ports import Page, PageRequest
from app.services.refusals import MAX_REFUSED, RefusalReason, RefusedIdentity
from app.storage.mongo import Databases, Document, store_errors
from app.storage.paging import read_page

NAME = "refused_identities"


class MongoRefusedIdentities:
    """Port `RefusedIdentityRepository`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def _collection(self, tenant_id: str) -> Collection[Document]:
        return self._databases.collection(tenant_id, NAME)

    def record(self, tenant_id: str, refused: Sequence[RefusedIdentity]) -> None:
        """One bulk write, and a look at the size."""
        if not refused:
            return
        writes = [
            UpdateOne(
                {"_id": one.identity},
                {
                    "$inc": {"count": one.count},
                    "$set": {
                        "tenant_id": tenant_id,
                        "reason": one.reason.value,
                        "detail": one.detail,
                        "peer": one.peer,
                        "last_at": one.last_at,
                    },
                    "$setOnInsert": {"first_at": one.first_at},
                },
                upsert=True,
            )
            for one in refused
        ]
        with store_errors():
            listed = self._collection(tenant_id)
            listed.bulk_write(writes, ordered=False)
            excess = listed.estimated_document_count() - MAX_REFUSED
            if excess > 0:
                oldest = listed.find({}, {"_id": 1}).sort("last_at", ASCENDING).limit(excess)
                listed.delete_many({"_id": {"$in": [document["_id"] for document in oldest]}})

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[RefusedIdentity]:
        """Newest first."""
        return read_page(self._collection(tenant_id), page, _refused, newest_by="last_at")

    def remove(self, tenant_id: str, identity: str) -> bool:
        """False if it was not there."""
        with store_errors():
            return self._collection(tenant_id).delete_one({"_id": identity}).deleted_count > 0


def _refused(document: Document) -> RefusedIdentity:
    return RefusedIdentity(
        document["_id"],
        RefusalReason(document["reason"]),
        document["detail"],
        document["peer"],
        document["first_at"],
        document["last_at"],
        document["count"],
    )
