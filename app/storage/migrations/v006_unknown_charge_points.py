"""What tenants do with unknown charge points has three answers; `accept_unknown_charge_points` had two."""

from pymongo.database import Database

from app.storage.migrations.step import Advance, Scope, change_all
from app.storage.mongo import Document

SCOPE = Scope.PLATFORM
_OLD = {"configuration.accept_unknown_charge_points": True, "configuration.unknown_charge_points": None}


def pending(database: Database[Document]) -> int:
    """Tenants that say it in the old way alone."""
    return database["tenants"].count_documents(_OLD)


def apply(database: Database[Document], advance: Advance) -> int:
    """The old word stays beside the new one, for processes that know only that."""
    return change_all(database["tenants"], _OLD, _accepting, advance)


def _accepting(_tenant: Document) -> Document:
    return {"$set": {"configuration.unknown_charge_points": "accept"}}
