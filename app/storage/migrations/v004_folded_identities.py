"""Charge points are found in any case of letters, by their folded identity."""

from pymongo.database import Database

from app.storage.migrations.step import Advance, Scope, change_all
from app.storage.mongo import Document

SCOPE = Scope.TENANT
_OLD = {"id_key": None}


def pending(database: Database[Document]) -> int:
    """Charge points without it."""
    return database["charge_points"].count_documents(_OLD)


def apply(database: Database[Document], advance: Advance) -> int:
    """Follows from the identity."""
    return change_all(database["charge_points"], _OLD, _folded, advance)


def _folded(document: Document) -> Document:
    return {"$set": {"id_key": document["_id"].casefold()}}
