"""Every index, declared once.

Collections on the hot path have as few as possible, because each costs about half as much as the write
itself: `outbox` has none but `_id`, whose values are made to serve its queries; that of `charge_points` is on
a field that never changes.
`ocpp_messages` is pruned by `_id`, which holds the time, so it needs no TTL index.
"""

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.database import Database

from app.storage.mongo import Databases, Document, store_errors

PLATFORM = {
    "users": [IndexModel([("email", ASCENDING)], unique=True, name="email")],
    "tenants": [IndexModel([("charge_point_prefixes", ASCENDING)], unique=True, name="prefix", sparse=True)],
}
_UNTOLD = IndexModel([("untold._id", ASCENDING)], sparse=True, name="untold")
_JOBS = [
    IndexModel(
        [("charge_point_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)], name="charge_point"
    ),
    IndexModel([("created_at", DESCENDING), ("_id", DESCENDING)], name="newest"),
    IndexModel([("due_at", ASCENDING)], name="open", partialFilterExpression={"open": True}),
]
TENANT = {
    "charge_points": [IndexModel([("id_key", ASCENDING)], name="id_key")],
    "refused_identities": [IndexModel([("last_at", DESCENDING), ("_id", DESCENDING)], name="newest")],
    "sessions": [
        IndexModel([("start_key", ASCENDING)], unique=True, name="start_key"),
        IndexModel(
            [("id_tag_key", ASCENDING)],
            name="active_id_tag",
            partialFilterExpression={"status": "active"},
        ),
        IndexModel([("opened_at", DESCENDING), ("_id", DESCENDING)], name="newest"),
        IndexModel([("charge_point_id", ASCENDING), ("opened_at", DESCENDING)], name="charge_point"),
        _UNTOLD,
    ],
    "commands": [
        IndexModel([("charge_point_id", ASCENDING), ("created_at", DESCENDING)], name="charge_point"),
        IndexModel(
            [("status", ASCENDING), ("expires_at", ASCENDING)],
            name="open",
            partialFilterExpression={"open": True},
        ),
        _UNTOLD,
    ],
    "reservations": [
        IndexModel([("charge_point_id", ASCENDING), ("created_at", DESCENDING)], name="charge_point"),
        IndexModel([("created_at", DESCENDING), ("_id", DESCENDING)], name="newest"),
        IndexModel([("status", ASCENDING)], name="open", partialFilterExpression={"open": True}),
    ],
    "certificates": [
        IndexModel([("charge_point_id", ASCENDING), ("created_at", DESCENDING)], name="charge_point"),
        IndexModel([("created_at", DESCENDING), ("_id", DESCENDING)], name="newest"),
        IndexModel([("state", ASCENDING), ("changed_at", ASCENDING)], name="state"),
    ],
    "security_events": [
        IndexModel([("charge_point_id", ASCENDING), ("received_at", DESCENDING)], name="charge_point"),
        IndexModel([("received_at", DESCENDING), ("_id", DESCENDING)], name="newest"),
    ],
    "id_tags": [IndexModel([("parent_key", ASCENDING)], name="parent")],
    "firmware_jobs": _JOBS,
    "diagnostics_jobs": _JOBS,
    "firmware_files": [IndexModel([("created_at", DESCENDING), ("_id", DESCENDING)], name="newest")],
    "installed_profiles": [IndexModel([("charge_point_id", ASCENDING)], name="charge_point")],
    "meter_values": [IndexModel([("owner", ASCENDING), ("timestamp", ASCENDING)], name="owner")],
    "ocpp_messages": [IndexModel([("charge_point_id", ASCENDING), ("_id", DESCENDING)], name="charge_point")],
}


def create_platform_indexes(databases: Databases) -> None:
    """Safe to repeat."""
    _create(databases.platform, PLATFORM)


def create_tenant_indexes(databases: Databases, tenant_id: str) -> None:
    """Safe to repeat."""
    _create(databases.of(tenant_id), TENANT)


def _create(database: Database[Document], declared: dict[str, list[IndexModel]]) -> None:
    with store_errors():
        for collection, indexes in declared.items():
            database[collection].create_indexes(indexes)
