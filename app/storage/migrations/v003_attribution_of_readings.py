"""Readings of a session say how they came to it; once there was only one way: by its transaction."""

from pymongo.database import Database

from app.storage.migrations.step import Advance, Scope, change_all
from app.storage.mongo import Document

SCOPE = Scope.TENANT
_OLD = {"owner": {"$regex": r"^session-(\d+|unmatched-[0-9a-f]+)$"}, "attributed": None}


def pending(database: Database[Document]) -> int:
    """Readings of sessions that do not say how they came there."""
    return database["meter_values"].count_documents(_OLD)


def apply(database: Database[Document], advance: Advance) -> int:
    """Without it nobody finds them among the session's readings."""
    return change_all(database["meter_values"], _OLD, _by_transaction, advance)


def _by_transaction(_reading: Document) -> Document:
    return {"$set": {"attributed": "transaction"}}
