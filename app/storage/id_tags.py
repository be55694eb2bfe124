"""Id tags in MongoDB."""

from app.domain.id_tag import IdTag
from app.storage.mongo import Databases, Document, store_errors

NAME = "id_tags"


def id_tag_of(document: Document) -> IdTag:
    """The tag a document describes."""
    return IdTag(
        key=document["_id"],
        id_tag=document["id_tag"],
        blocked=document.get("blocked", False),
        expires_at=document.get("expires_at"),
        parent_id_tag=document.get("parent_id_tag"),
    )


class MongoIdTags:
    """Port `IdTagRepository`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def find(self, tenant_id: str, key: str) -> IdTag | None:
        """By its look-up form."""
        with store_errors():
            document = self._databases.collection(tenant_id, NAME).find_one({"_id": key})
        return id_tag_of(document) if document else None

    def put(self, tenant_id: str, tag: IdTag) -> None:
        """Insert or replace."""
        document = {
            "_id": tag.key,
            "tenant_id": tenant_id,
            "id_tag": tag.id_tag,
            "blocked": tag.blocked,
            "expires_at": tag.expires_at,
            "parent_id_tag": tag.parent_id_tag,
        }
        with store_errors():
            self._databases.collection(tenant_id, NAME).replace_one({"_id": tag.key}, document, upsert=True)
