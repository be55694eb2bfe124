"""Readings say whose they are in a field of its own; the first version had it in their ids."""

from pymongo.database import Database

from app.storage.migrations.step import Advance, Scope, change_all
from app.storage.mongo import Document

SCOPE = Scope.TENANT
_OLD = {"owner": None}


def pending(database: Database[Document]) -> int:
    """Readings without an owner."""
    return database["meter_values"].count_documents(_OLD)


def apply(database: Database[Document], advance: Advance) -> int:
    """An id was owner, time and digest."""
    return change_all(database["meter_values"], _OLD, _owned, advance)


def _owned(document: Document) -> Document:
    return {"$set": {"owner": document["_id"].rsplit("|", 2)[0]}}
