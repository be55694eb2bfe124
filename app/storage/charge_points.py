"""Charge points in MongoDB."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any

from pymongo import UpdateOne
from pymongo.collection import Collection

from app.domain.charge_point import (
    REVISED,
    Availability,
    ChargePoint,
    Connection,
    Registration,
)
from app.domain.context import ChargePointRef
from app.domain.liveness import about
from app.domain.reconciliation import Signs
from app.services.batch import BootRecord
from app.services.pieces import PIECE, in_pieces
from app.services.ports import OpenedConnection, Page, PageRequest
from app.storage.charge_point_documents import (
    changes_of,
    charge_point_of,
    connection_of,
    new_document,
    signs_of_document,
)
from app.storage.mongo import Databases, Document, of_revision, store_errors
from app.storage.paging import read_page
from app.storage.quotas import QuotaCounter

NAME = "charge_points"
_SIGNS = {
    "connection.silent": 1,
    "last_seen": 1,
    "connectors.id": 1,
    "connectors.status": 1,
    "connectors.last_update": 1,
}


def boot_write(record: BootRecord) -> tuple[Document, Document]:
    """Unless a newer boot is kept; what, and how it changes.

    Inventory stands there also under the names of the product's data model: model, vendor, serial_number.
    """
    boot, inventory = record.boot, record.boot["inventory"]
    change = {
        "registration": record.registration.value,
        "inventory": inventory,
        "model": inventory.get("charge_point_model"),
        "vendor": inventory.get("charge_point_vendor"),
        "serial_number": inventory.get("charge_point_serial_number"),
        "configuration.heartbeat_interval": boot["heartbeat_interval"],
        "configuration.meter_values_interval": boot["meter_values_interval"],
        "last_boot": record.received_at,
        "last_seen": record.received_at,
        "boot_fence": record.fence,
    }
    newest = {"_id": record.charge_point.charge_point_id, "boot_fence": {"$not": {"$gt": record.fence}}}
    return newest, {"$set": change}


class MongoChargePoints:
    """Port `ChargePointRepository`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._quota = QuotaCounter(databases, NAME)

    def _collection(self, tenant_id: str) -> Collection[Document]:
        return self._databases.collection(tenant_id, NAME)

    def find(self, ref: ChargePointRef) -> ChargePoint | None:
        """By identity."""
        with store_errors():
            document = self._collection(ref.tenant_id).find_one({"_id": ref.charge_point_id})
        return charge_point_of(document) if document else None

    def find_many(self, tenant_id: str, charge_point_ids: Iterable[str]) -> dict[str, ChargePoint]:
        """With one query."""
        with store_errors():
            found = list(self._collection(tenant_id).find({"_id": {"$in": list(charge_point_ids)}}))
        return {document["_id"]: charge_point_of(document) for document in found}

    def find_in_any_case(self, ref: ChargePointRef) -> ChargePoint | None:
        """By the folded identity."""
        with store_errors():
            query = {"id_key": ref.charge_point_id.casefold()}
            found = list(self._collection(ref.tenant_id).find(query).limit(2))
        return charge_point_of(found[0]) if len(found) == 1 else None

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[ChargePoint]:
        """In order of identity."""
        filters = [_filter(name, value) for name, value in (page.filters or {}).items()]
        query = {"$and": filters} if filters else None
        return read_page(self._collection(tenant_id), replace(page, filters=query), charge_point_of)

    def count(self, tenant_id: str) -> int:
        """How many the tenant has."""
        with store_errors():
            return self._collection(tenant_id).estimated_document_count()

    def identities(self, tenant_id: str) -> Iterable[str]:
        """In any order."""
        with store_errors():
            return [document["_id"] for document in self._collection(tenant_id).find({}, {"_id": 1})]

    def insert(self, charge_point: ChargePoint, at_most: int | None = None) -> bool:
        """With its place in the tenant's quota, or not at all."""
        return self._quota.insert(charge_point.tenant_id, new_document(charge_point), at_most)

    def open_connections(
        self, tenant_id: str, gateway_id: str, connection_ids: Mapping[str, str], at: datetime
    ) -> dict[str, OpenedConnection]:
        """Three commands for however many. Read after the write: only so is it certain who is the newest."""
        updates = [
            UpdateOne({"_id": charge_point_id}, _next_connection(gateway_id, connection_id, at))
            for charge_point_id, connection_id in connection_ids.items()
        ]
        before = self.find_many(tenant_id, connection_ids)
        with store_errors():
            self._collection(tenant_id).bulk_write(updates, ordered=False)
        after = self.find_many(tenant_id, connection_ids)
        return {
            charge_point_id: OpenedConnection(after[charge_point_id], known.connection)
            for charge_point_id, known in before.items()
            if charge_point_id in after
        }

    def restore_connection(self, ref: ChargePointRef, connection: Connection) -> ChargePoint | None:
        """Only if nothing else happened since."""
        document = {
            "gateway_id": connection.gateway_id,
            "connection_id": connection.connection_id,
            "opened_at": connection.opened_at,
            "silent": False,
        }
        return self._change_connection(ref, connection.epoch, {"connection": None}, {"connection": document})

    def close_connection(self, ref: ChargePointRef, epoch: int, at: datetime) -> ChargePoint | None:
        """Only if the connection of `epoch` is still the one."""
        return self._change_connection(
            ref, epoch, {"connection": {"$ne": None}}, {"connection": None, "last_seen": at}
        )

    def mark_silent(self, ref: ChargePointRef, epoch: int, *, silent: bool) -> ChargePoint | None:
        """Only if that is news."""
        return self._change_connection(
            ref, epoch, {"connection.silent": not silent}, {"connection.silent": silent}
        )

    def _change_connection(
        self, ref: ChargePointRef, epoch: int, condition: Document, change: Document
    ) -> ChargePoint | None:
        points, itself = self._collection(ref.tenant_id), {"_id": ref.charge_point_id}
        with store_errors():
            changed = points.update_one(itself | {"epoch": epoch} | condition, {"$set": change})
            document = points.find_one(itself) if changed.matched_count else None
        return charge_point_of(document) if document else None

    def record_boot(
        self,
        ref: ChargePointRef,
        registration: Registration,
        boot: Mapping[str, Any],
        at: datetime,
        fence: int,
    ) -> bool:
        """One write."""
        record = BootRecord(0, ref, registration, boot, at, fence)
        with store_errors():
            written = self._collection(ref.tenant_id).update_one(*boot_write(record))
        return written.matched_count > 0

    def delete(self, ref: ChargePointRef) -> bool:
        """With its place in the tenant's quota."""
        return self._quota.delete(ref.tenant_id, ref.charge_point_id)

    def change(
        self, ref: ChargePointRef, changes: Mapping[str, Any], revision: int | None = None
    ) -> ChargePoint | None:
        """One write of the fields named."""
        points, itself = self._collection(ref.tenant_id), {"_id": ref.charge_point_id}
        change: Document = {"$set": changes_of(changes)}
        if REVISED & changes.keys():
            change["$inc"] = {"revision": 1}
        with store_errors():
            written = points.update_one(itself | of_revision(revision), change)
            document = points.find_one(itself) if written.matched_count else None
        return charge_point_of(document) if document else None

    def connections(self, tenant_id: str, gateway_id: str | None = None) -> Iterable[tuple[str, Connection]]:
        """On one gateway or any."""
        query = {"connection.gateway_id": gateway_id} if gateway_id else {"connection": {"$ne": None}}
        with store_errors():
            found = self._collection(tenant_id).find(query, {"connection": 1, "epoch": 1}, batch_size=PIECE)
            for document in chain.from_iterable(in_pieces(found)):
                connection = connection_of(document)
                if connection is not None:
                    yield document["_id"], connection

    def signs(self, tenant_id: str, charge_point_ids: Iterable[str]) -> dict[str, Signs]:
        """With one query."""
        with store_errors():
            found = self._collection(tenant_id).find({"_id": {"$in": list(charge_point_ids)}}, _SIGNS)
            return {document["_id"]: signs_of_document(document) for document in found}

    def copy_last_seen(self, tenant_id: str, seen: Mapping[str, datetime]) -> None:
        """Newest time wins. One command for all of a time: one for each would take ten times as long."""
        together: dict[datetime, list[str]] = defaultdict(list)
        for charge_point_id, at in seen.items():
            together[about(at)].append(charge_point_id)
        for at, ids in together.items():
            for some in in_pieces(ids):
                with store_errors():
                    self._collection(tenant_id).update_many(
                        {"_id": {"$in": some}}, {"$max": {"last_seen": at}}
                    )


def _next_connection(gateway_id: str, connection_id: str, at: datetime) -> Document:
    connection = {"gateway_id": gateway_id, "connection_id": connection_id, "opened_at": at, "silent": False}
    return {"$inc": {"epoch": 1}, "$set": {"connection": connection, "last_seen": at}}


def _filter(name: str, value: Any) -> Document:
    if name == "connected":
        return {"connection.silent": False if value else {"$ne": False}}
    if name == "prefix":
        return {"_id": {"$regex": f"^{re.escape(value)}"}}
    if name == "search":
        return {"id_key": {"$regex": re.escape(value.casefold())}}
    if name == "status":
        return _with_status(Availability(value))
    return {name: value}


def _with_status(wanted: Availability) -> Document:
    """As `availability_of` decides, in the store's words."""
    if wanted is Availability.OFFLINE:
        return _filter("connected", value=False)
    faulted = {"$elemMatch": {"status": "Faulted"}}
    down = {"$elemMatch": {"id": 0, "status": "Unavailable"}}
    usable = {"$elemMatch": {"id": {"$gt": 0}, "status": {"$ne": "Unavailable"}}}
    free = {"$elemMatch": {"id": {"$gt": 0}, "status": "Available"}}
    conditions: list[Document] = [_filter("connected", value=True)]
    if wanted is Availability.FAULTED:
        conditions.append({"connectors": faulted})
    elif wanted is Availability.UNAVAILABLE:
        conditions.append({"connectors": {"$not": faulted}})
        conditions.append({"$or": [{"connectors": down}, {"connectors": {"$not": usable}}]})
    else:
        conditions += [{"connectors": {"$not": faulted}}, {"connectors": {"$not": down}}]
        conditions.append({"connectors": usable})
        conditions.append({"connectors": free if wanted is Availability.AVAILABLE else {"$not": free}})
    return {"$and": conditions}
