"""Every tenant has its counters; that of transaction ids is ahead of all that were given out."""

from pymongo.database import Database

from app.storage.counters import NAME, TRANSACTION_ID, create_counters, missing_counters
from app.storage.migrations.step import Advance, Scope
from app.storage.mongo import Document

SCOPE = Scope.TENANT
ALWAYS = True


def pending(database: Database[Document]) -> int:
    """Counters that are not there."""
    return len(missing_counters(database))


def apply(database: Database[Document], advance: Advance) -> int:
    """The first version made a counter when it was first used."""
    missing = missing_counters(database)
    if TRANSACTION_ID in missing:
        given = {"start_time": {"$ne": None}}
        newest = database["sessions"].find_one(given, sort=[("transaction_id", -1)])
        first = {"value": newest["transaction_id"] if newest else 0}
        database[NAME].update_one({"_id": TRANSACTION_ID}, {"$setOnInsert": first}, upsert=True)
    create_counters(database)
    advance(len(missing))
    return len(missing)
