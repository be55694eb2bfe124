"""Login sessions in MongoDB, in the platform's database."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from pymongo import DESCENDING
from pymongo.collection import Collection

from app.domain.login_session import LoginSession
from app.storage.mongo import Databases, Document, members_of, store_errors

NAME = "login_sessions"


class MongoLoginSessions:
    """Port `LoginSessionRepository`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    @property
    def _collection(self) -> Collection[Document]:
        return self._databases.platform[NAME]

    def insert(self, session: LoginSession) -> None:
        """A new one; its id is random."""
        with store_errors():
            self._collection.insert_one(_document_of(session))

    def find(self, session_id: str) -> LoginSession | None:
        """By id, also after its end."""
        with store_errors():
            document = self._collection.find_one({"_id": session_id})
        return _session_of(document) if document else None

    def rotate(self, known: LoginSession, changed: LoginSession) -> bool:
        """Of two at a time one succeeds."""
        unchanged = {"_id": known.id, "refresh_id": known.refresh_id, "ended_at": None}
        with store_errors():
            return self._collection.replace_one(unchanged, _document_of(changed)).matched_count > 0

    def of_user(self, user_id: str) -> Sequence[LoginSession]:
        """Newest first."""
        with store_errors():
            found = self._collection.find({"user_id": user_id, "ended_at": None})
            return [_session_of(document) for document in found.sort("created_at", DESCENDING)]

    def live_of_tenant(self, tenant_id: str) -> Sequence[LoginSession]:
        """Of all its people."""
        with store_errors():
            found = self._collection.find({"tenant_id": tenant_id, "ended_at": None})
            return [_session_of(document) for document in found]

    def end(self, session_ids: Sequence[str], at: datetime) -> None:
        """An end stays as it was first noted."""
        if not session_ids:
            return
        query = {"_id": {"$in": list(session_ids)}, "ended_at": None}
        with store_errors():
            self._collection.update_many(query, {"$set": {"ended_at": at}})

    def remove_all(self, tenant_id: str) -> None:
        """All of a tenant's people."""
        with store_errors():
            self._collection.delete_many({"tenant_id": tenant_id})

    def prune(self, before: datetime) -> int:
        """Those that ended, or expired."""
        with store_errors():
            ended = self._collection.delete_many({"ended_at": {"$lt": before, "$ne": None}}).deleted_count
            return ended + self._collection.delete_many({"expires_at": {"$lt": before}}).deleted_count


def _document_of(session: LoginSession) -> Document:
    document = asdict(session)
    document["_id"] = document.pop("id")
    return document


def _session_of(document: Document) -> LoginSession:
    return LoginSession(id=document["_id"], **members_of(LoginSession, document))
