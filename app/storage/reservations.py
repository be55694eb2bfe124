"""Reservations in MongoDB."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from pymongo import DESCENDING
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from app.domain.context import ChargePointRef
from app.domain.id_tag import id_tag_key
from app.domain.reservation import OPEN, Reservation, ReservationStatus
from app.services.ports import Page, PageRequest
from app.storage.counters import RESERVATION_ID, Counters
from app.storage.mongo import Databases, Document, members_of, store_errors
from app.storage.paging import read_page

NAME = "reservations"
MAX_LOOKED_AT = 300


def _document_of(reservation: Reservation) -> Document:
    document = asdict(reservation)
    document["_id"] = document.pop("id")
    document["status"] = reservation.status.value
    document["open"] = reservation.status.is_open
    document["id_tag_key"] = id_tag_key(reservation.id_tag)
    return document


def _reservation_of(document: Document) -> Reservation:
    fields = members_of(Reservation, document)
    fields["status"] = ReservationStatus(fields["status"])
    return Reservation(id=document["_id"], **fields)


class MongoReservations:
    """Port `ReservationRepository`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._counters = Counters(databases, block=1)

    def _collection(self, tenant_id: str) -> Collection[Document]:
        return self._databases.collection(tenant_id, NAME)

    def next_reservation_id(self, tenant_id: str) -> int:
        """From the tenant's counter."""
        return self._counters.next_value(tenant_id, RESERVATION_ID)

    def find(self, tenant_id: str, identity: str) -> Reservation | None:
        """By our own id."""
        with store_errors():
            document = self._collection(tenant_id).find_one({"_id": identity})
        return _reservation_of(document) if document else None

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Reservation]:
        """Newest first."""
        return read_page(self._collection(tenant_id), page, _reservation_of, newest_by="created_at")

    def insert(self, reservation: Reservation) -> bool:
        """Once for each id."""
        try:
            with store_errors():
                self._collection(reservation.tenant_id).insert_one(_document_of(reservation))
        except DuplicateKeyError:
            return False
        return True

    def move(self, reservation: Reservation, came_from: Sequence[ReservationStatus]) -> bool:
        """What a reservation is for never changes, only what became of it."""
        change = {
            "status": reservation.status.value,
            "open": reservation.status.is_open,
            "reason": reservation.reason,
            "transaction_id": reservation.transaction_id,
            "changed_at": reservation.changed_at,
        }
        expected = {"_id": reservation.id, "status": {"$in": [status.value for status in came_from]}}
        with store_errors():
            moved = self._collection(reservation.tenant_id).update_one(expected, {"$set": change})
        return moved.matched_count > 0

    def of_charge_point(
        self, ref: ChargePointRef, statuses: Sequence[ReservationStatus]
    ) -> list[Reservation]:
        """Newest first."""
        query: Document = {
            "charge_point_id": ref.charge_point_id,
            "status": {"$in": [status.value for status in statuses]},
        }
        with store_errors():
            found = self._collection(ref.tenant_id).find(query).sort("created_at", DESCENDING)
            return [_reservation_of(document) for document in found.limit(MAX_LOOKED_AT)]

    def open_before(self, tenant_id: str, moment: datetime) -> list[Reservation]:
        """By the index of open ones."""
        query: Document = {"open": True, "status": {"$in": [status.value for status in OPEN]}}
        with store_errors():
            found = [_reservation_of(document) for document in self._collection(tenant_id).find(query)]
        return [reservation for reservation in found if reservation.expires_at <= moment]
