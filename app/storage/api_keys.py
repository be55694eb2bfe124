"""API keys in MongoDB, in the platform's database: who presents one does not say whose it is."""

from dataclasses import asdict, replace
from datetime import datetime

from pymongo.collection import Collection

from app.domain.api_key import ApiKey
from app.domain.permissions import Permission
from app.domain.user import Role
from app.services.ports import Page, PageRequest
from app.storage.mongo import Databases, Document, members_of, store_errors
from app.storage.paging import read_page

NAME = "api_keys"


class MongoApiKeys:
    """Port `ApiKeyRepository`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    @property
    def _collection(self) -> Collection[Document]:
        return self._databases.platform[NAME]

    def insert(self, key: ApiKey) -> None:
        """A new one; its id is random."""
        document = asdict(key)
        document["_id"] = document.pop("id")
        document["role"] = key.role.value
        document["scopes"] = None if key.scopes is None else sorted(key.scopes)
        with store_errors():
            self._collection.insert_one(document)

    def find(self, key_id: str) -> ApiKey | None:
        """Whosever it is."""
        with store_errors():
            document = self._collection.find_one({"_id": key_id})
        return _key_of(document) if document else None

    def list_page(self, tenant_id: str | None, page: PageRequest) -> Page[ApiKey]:
        """Of one tenant, or the platform's; newest first."""
        own = replace(page, filters=dict(page.filters or {}) | {"tenant_id": tenant_id})
        return read_page(self._collection, own, _key_of, newest_by="created_at")

    def replace_secret(self, key_id: str, secret_hash: str) -> None:
        """From now on this is the only one."""
        self._set(key_id, {"secret_hash": secret_hash})

    def note_use(self, key_id: str, at: datetime) -> None:
        """When it was used last."""
        self._set(key_id, {"last_used_at": at})

    def _set(self, key_id: str, changes: Document) -> None:
        with store_errors():
            self._collection.update_one({"_id": key_id}, {"$set": changes})

    def remove(self, key_id: str) -> None:
        """Forget it."""
        with store_errors():
            self._collection.delete_one({"_id": key_id})

    def remove_all(self, tenant_id: str) -> None:
        """All of a tenant."""
        with store_errors():
            self._collection.delete_many({"tenant_id": tenant_id})


def _key_of(document: Document) -> ApiKey:
    values = members_of(ApiKey, document)
    scopes = values["scopes"]
    known = set(Permission)
    values["role"] = Role(values["role"])
    # A permission that this version does not know gives nothing; the key keeps the others
    values["scopes"] = None if scopes is None else frozenset(Permission(s) for s in scopes if s in known)
    return ApiKey(id=document["_id"], **values)
