"""Users in MongoDB, in the platform's database: who logs in need not say of which tenant."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from app.domain.errors import Conflict
from app.domain.user import Role, User
from app.services.ports import Page, PageRequest
from app.storage.mongo import Databases, Document, store_errors
from app.storage.paging import read_page

NAME = "users"


class MongoUsers:
    """Port `UserRepository`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    @property
    def _collection(self) -> Collection[Document]:
        return self._databases.platform[NAME]

    def with_email(self, email: str) -> Sequence[User]:
        """All of this folded email, of any tenant."""
        with store_errors():
            return [_user_of(document) for document in self._collection.find({"email": email})]

    def find(self, user_id: str) -> User | None:
        """By id."""
        with store_errors():
            document = self._collection.find_one({"_id": user_id})
        return _user_of(document) if document else None

    def list_page(self, tenant_id: str | None, page: PageRequest) -> Page[User]:
        """Newest first."""
        own = replace(page, filters=dict(page.filters or {}) | {"tenant_id": tenant_id})
        return read_page(self._collection, own, _user_of, newest_by="created_at")

    def insert(self, user: User) -> None:
        """Raises Conflict if the email is taken in the user's tenant."""
        try:
            with store_errors():
                self._collection.insert_one(_document_of(user))
        except DuplicateKeyError as taken:
            raise Conflict("There is a user with this email already.") from taken

    def change(self, user_id: str, changes: Mapping[str, Any]) -> None:
        """Only these fields; a password has a method of its own."""
        fields = {name: value.value if isinstance(value, Role) else value for name, value in changes.items()}
        if fields:
            with store_errors():
                self._collection.update_one({"_id": user_id}, {"$set": fields})

    def set_password_hash(self, user_id: str, password_hash: str, *, known: str | None = None) -> None:
        """Replace the hash."""
        query = {"_id": user_id} | ({} if known is None else {"password_hash": known})
        with store_errors():
            self._collection.update_one(query, {"$set": {"password_hash": password_hash}})

    def remove(self, user_id: str) -> None:
        """Forget."""
        with store_errors():
            self._collection.delete_one({"_id": user_id})

    def remove_all(self, tenant_id: str) -> None:
        """Everybody of a tenant."""
        with store_errors():
            self._collection.delete_many({"tenant_id": tenant_id})


def _document_of(user: User) -> Document:
    return {
        "_id": user.id,
        "email": user.email,
        "tenant_id": user.tenant_id,
        "role": user.role.value,
        "password_hash": user.password_hash,
        "created_at": user.created_at,
        "name": user.name,
        "disabled": user.disabled,
    }


def _user_of(document: Document) -> User:
    return User(
        document["_id"],
        document["email"],
        document["tenant_id"],
        Role(document["role"]),
        document["password_hash"],
        document["created_at"],
        document.get("name", ""),
        document.get("disabled", False),
    )
