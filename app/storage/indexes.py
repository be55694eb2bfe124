"""Every index, declared once.

Collections on the hot path have as few as possible, because each costs about half as much as the write
itself: `outbox` has none but `_id`, whose values are made to serve its queries; that of `charge_points` is on
a field that never changes.
`ocpp_messages` is pruned by `_id`, which holds the time, so it needs no TTL index.
"""

from collections.abc import Iterable

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.database import Database

from app.storage.mongo import Databases, Document, store_errors

_AUDIT = [IndexModel([("target_keys", ASCENDING), ("_id", DESCENDING)], name="target")]
PLATFORM = {
    "audit_log": _AUDIT,
    "idempotency_keys": [IndexModel([("expires_at", ASCENDING)], name="expired", expireAfterSeconds=0)],
    "api_keys": [IndexModel([("tenant_id", ASCENDING), ("created_at", DESCENDING)], name="tenant")],
    "login_failures": [
        IndexModel([("whose", ASCENDING)], name="whose"),
        IndexModel([("last_at", ASCENDING)], name="oldest"),
    ],
    "login_sessions": [IndexModel([("user_id", ASCENDING)], name="user")],
    "mqtt_credentials": [IndexModel([("tenant_id", ASCENDING)], name="tenant")],
    "users": [
        IndexModel([("email", ASCENDING), ("tenant_id", ASCENDING)], unique=True, name="email_in_tenant"),
        IndexModel([("tenant_id", ASCENDING), ("created_at", DESCENDING)], name="tenant"),
    ],
    "tenants": [IndexModel([("charge_point_prefixes", ASCENDING)], unique=True, name="prefix", sparse=True)],
}
FORMER = (("users", "email"),)
"""Unique indexes that are no more: an email was once taken for all tenants."""
_UNTOLD = IndexModel([("untold._id", ASCENDING)], sparse=True, name="untold")
_JOBS = [
    IndexModel(
        [("charge_point_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)], name="charge_point"
    ),
    IndexModel([("created_at", DESCENDING), ("_id", DESCENDING)], name="newest"),
    IndexModel([("due_at", ASCENDING)], name="open", partialFilterExpression={"open": True}),
]
TENANT = {
    "audit_log": _AUDIT,
    "idempotency_keys": [IndexModel([("expires_at", ASCENDING)], name="expired", expireAfterSeconds=0)],
    "charge_points": [IndexModel([("id_key", ASCENDING)], name="id_key")],
    "dead_letters": [
        IndexModel([("charge_point_id", ASCENDING), ("first_at", DESCENDING)], name="charge_point"),
        IndexModel([("first_at", DESCENDING), ("_id", DESCENDING)], name="newest"),
        IndexModel([("status", ASCENDING)], name="status"),
    ],
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
        IndexModel([("created_at", DESCENDING), ("_id", DESCENDING)], name="newest"),
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
    "webhook_deliveries": [
        IndexModel(
            [("webhook_id", ASCENDING), ("position", ASCENDING)],
            name="open",
            partialFilterExpression={"open": True},
        ),
        IndexModel([("webhook_id", ASCENDING), ("created_at", DESCENDING)], name="webhook"),
        IndexModel([("created_at", DESCENDING), ("_id", DESCENDING)], name="newest"),
    ],
    "meter_values": [IndexModel([("owner", ASCENDING), ("timestamp", ASCENDING)], name="owner")],
    "ocpp_messages": [IndexModel([("charge_point_id", ASCENDING), ("_id", DESCENDING)], name="charge_point")],
}


def create_platform_indexes(databases: Databases) -> None:
    """Safe to repeat. An index of a former version that would forbid what is allowed now is dropped."""
    _create(databases.platform, PLATFORM)
    with store_errors():
        for place in former_indexes(databases):
            _, collection, name = place.split(".")
            databases.platform[collection].drop_index(name)


def former_indexes(databases: Databases) -> list[str]:
    """Those of a former version that are still there, as `missing_indexes` names them. Raises Retryable."""
    platform = databases.platform
    with store_errors():
        return [
            f"{platform.name}.{collection}.{name}"
            for collection, name in FORMER
            if name in platform[collection].index_information()
        ]


def create_tenant_indexes(databases: Databases, tenant_id: str) -> None:
    """Safe to repeat."""
    _create(databases.of(tenant_id), TENANT)


def _create(database: Database[Document], declared: dict[str, list[IndexModel]]) -> None:
    with store_errors():
        for collection, indexes in declared.items():
            database[collection].create_indexes(indexes)


def missing_indexes(databases: Databases, tenant_ids: Iterable[str]) -> list[str]:
    """Declared and not there, as `database.collection.index`. Raises Retryable."""
    places = [
        (databases.platform, PLATFORM),
        *((databases.of(tenant_id), TENANT) for tenant_id in tenant_ids),
    ]
    missing = []
    with store_errors():
        for database, declared in places:
            for collection, indexes in declared.items():
                there = database[collection].index_information()
                names = [str(index.document["name"]) for index in indexes]
                missing += [f"{database.name}.{collection}.{name}" for name in names if name not in there]
    return missing
