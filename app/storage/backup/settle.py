"""What a restored tenant cannot take from its backup: who is connected, and what happened since.

The system went on after the backup was made. Charge points remember what it told them then, so numbers that
it may have given out are not given again, and what was under way is not done again.
"""

from app.clock import SystemClock
from app.domain.command import CommandStatus
from app.domain.local_list import ListState
from app.domain.reservation import OPEN
from app.storage import charge_points, commands, counters, local_lists, reservations
from app.storage.mongo import Databases, store_errors

GIVEN_SINCE = 1_000_000
"""More numbers than a large tenant gives out between a backup and its restore; there are 2147 million."""
CONNECTED_SINCE = 100_000
"""More epochs than a charge point has used since."""


def settle_tenant(databases: Databases, tenant_id: str) -> None:
    """Safe to repeat before anything else works on the database. Raises Retryable."""
    database, now = databases.of(tenant_id), SystemClock().now()
    with store_errors():
        points = database[charge_points.NAME]
        points.update_many({}, {"$set": {"connection": None}, "$inc": {"epoch": CONNECTED_SINCE}})
        numbers = database[counters.NAME]
        for name in counters.ALL:
            numbers.update_one({"_id": name}, {"$inc": {"value": GIVEN_SINCE}})
        counted = {"value": points.count_documents({})}
        numbers.update_one({"_id": charge_points.NAME}, {"$set": counted}, upsert=True)
        waiting = {"open": True, "status": CommandStatus.QUEUED.value, "expires_at": {"$gt": now}}
        database[commands.NAME].update_many(waiting, {"$set": {"expires_at": now}})
        unsure = {"state": ListState.UNKNOWN.value, "entries": None, "pending": None, "plan": None}
        database[local_lists.NAME].update_many({"pending": {"$ne": None}}, {"$set": unsure})
        reserved = {"open": True, "status": {"$in": [status.value for status in OPEN]}}
        ids = database[reservations.NAME].distinct("charge_point_id", reserved)
        points.update_many({"_id": {"$in": ids}}, {"$set": {"has_reservations": True}})
