"""Meter values in MongoDB: append-only.

`_id` is owner and digest, so that a reading which comes twice meets itself. The owner is a session, or
`<charge point>#<connector>` where there is none.
"""

from collections.abc import Collection
from dataclasses import replace

from pymongo import ASCENDING, DESCENDING

from app.domain.context import ChargePointRef
from app.domain.meter import Attribution, KeptReading, MeterReading
from app.services.batch import MeterRecord
from app.services.meter_values import unowned_by_session
from app.services.ports import Page, PageRequest
from app.storage.mongo import Databases, Document, store_errors
from app.storage.paging import read_page

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
        "attributed": record.attributed.value if record.attributed is not None else None,
        "timestamp": record.reading.timestamp,
        "sampled_values": list(record.reading.sampled_values),
        "received_at": record.received_at,
    }


def _kept(document: Document) -> KeptReading:
    how = Attribution(document["attributed"]) if document.get("attributed") else None
    return KeptReading(
        id=document["_id"],
        charge_point=ChargePointRef(document["tenant_id"], document["charge_point_id"]),
        connector_id=document["connector_id"],
        transaction_id=document["transaction_id"],
        session_id=document["owner"] if how is not None else None,
        attributed=how,
        reading=_reading(document),
        received_at=document["received_at"],
    )


def _reading(document: Document) -> MeterReading:
    return MeterReading(document["timestamp"], tuple(document["sampled_values"]))


class MongoMeterValues:
    """Port `MeterValueRepository`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def list_of_session(self, tenant_id: str, session_id: str, page: PageRequest) -> Page[KeptReading]:
        """Newest first."""
        return self._page(tenant_id, {"owner": session_id}, page)

    def list_without_session(
        self, ref: ChargePointRef, connector_id: int | None, page: PageRequest
    ) -> Page[KeptReading]:
        """Newest first. A charge point may be called `CP#1`: the range of owners alone would not do."""
        if connector_id is not None:
            return self._page(ref.tenant_id, {"owner": unowned_by_session(ref, connector_id)}, page)
        name = ref.charge_point_id
        query = {
            "owner": {"$gte": f"{name}#", "$lt": f"{name}$"},
            "charge_point_id": name,
            "attributed": None,
        }
        return self._page(ref.tenant_id, query, page)

    def _page(self, tenant_id: str, query: Document, page: PageRequest) -> Page[KeptReading]:
        request = replace(page, filters=query)
        return read_page(self._databases.collection(tenant_id, NAME), request, _kept, newest_by="timestamp")

    def count_by_attribution(self, tenant_id: str, session_id: str) -> dict[Attribution, int]:
        """Counted by the server."""
        stages: list[Document] = [
            {"$match": {"owner": session_id}},
            {"$group": {"_id": "$attributed", "count": {"$sum": 1}}},
        ]
        with store_errors():
            found = list(self._databases.collection(tenant_id, NAME).aggregate(stages))
        return {Attribution(group["_id"]): group["count"] for group in found if group["_id"]}

    def readings_of(
        self, tenant_id: str, session_ids: Collection[str]
    ) -> dict[str, tuple[MeterReading, ...]]:
        """In order of time."""
        return readings_by_owner(self._databases, tenant_id, session_ids)


def readings_by_owner(
    databases: Databases, tenant_id: str, owners: Collection[str]
) -> dict[str, tuple[MeterReading, ...]]:
    """Of sessions or connectors, in order of time, with one query."""
    found: dict[str, list[MeterReading]] = {}
    with store_errors():
        for document in databases.collection(tenant_id, NAME).find({"owner": {"$in": list(owners)}}):
            found.setdefault(document["owner"], []).append(_reading(document))
    return {owner: tuple(sorted(all_, key=lambda r: r.timestamp)) for owner, all_ in found.items()}


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
        return [_reading(document) for document in found]
