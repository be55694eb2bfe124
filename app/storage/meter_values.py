"""Meter values in MongoDB: append-only.

`_id` is owner and digest, so that a reading which comes twice meets itself. The owner is a session, or
`<charge point>#<connector>` where there is none.
"""

from pymongo import ASCENDING, DESCENDING

from app.domain.meter import MeterReading
from app.services.batch import MeterRecord
from app.storage.mongo import Databases, Document, store_errors

NAME = "meter_values"


def meter_document(record: MeterRecord) -> Document:
    """As stored."""
    return {
        "_id": f"{record.owner}|{record.digest}",
        "owner": record.owner,
        "tenant_id": record.charge_point.tenant_id,
        "charge_point_id": record.charge_point.charge_point_id,
        "connector_id": record.connector_id,
        "transaction_id": record.transaction_id,
        "timestamp": record.reading.timestamp,
        "sampled_values": list(record.reading.sampled_values),
        "received_at": record.received_at,
    }


def newest_readings_of(databases: Databases, tenant_id: str, owner: str, limit: int) -> list[MeterReading]:
    """The last readings of a session or connector, newest first."""
    return _read(databases, tenant_id, owner, newest_first=True, limit=limit)


def readings_of(databases: Databases, tenant_id: str, owner: str) -> list[MeterReading]:
    """All readings of a session or connector, in order of time."""
    return _read(databases, tenant_id, owner, newest_first=False, limit=0)


def _read(
    databases: Databases, tenant_id: str, owner: str, *, newest_first: bool, limit: int
) -> list[MeterReading]:
    order = DESCENDING if newest_first else ASCENDING
    with store_errors():
        found = (
            databases.collection(tenant_id, NAME).find({"owner": owner}).sort("timestamp", order).limit(limit)
        )
        return [MeterReading(document["timestamp"], tuple(document["sampled_values"])) for document in found]
