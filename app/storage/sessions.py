"""Sessions in MongoDB.

`_id` is made from the transaction id, so stops and meter values find their session without another index.
While a session runs its readings stand in `meter_values` alone; they are put into the session when it stops.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from app.domain.events import Event
from app.domain.id_tag import id_tag_key
from app.domain.meter import MeterReading, energy_wh
from app.domain.session import MAX_TRANSACTION_ID, EnergyValue, Session, SessionStatus
from app.services.ports import Page, PageRequest
from app.storage import meter_values
from app.storage.counters import TRANSACTION_ID, Counters
from app.storage.mongo import Databases, Document, store_errors
from app.storage.paging import read_page
from app.storage.untold import FIELD, Untold

NAME = "sessions"
_LOOK_BACK = 5  # readings without the register come in between
_PLAIN = (
    "tenant_id",
    "charge_point_id",
    "connector_id",
    "transaction_id",
    "id_tag",
    "start_time",
    "start_meter_value",
    "authorization_status",
    "start_key",
    "stop_time",
    "stop_meter_value",
    "stop_reason",
    "stop_id_tag",
    "fault_reason",
    "reservation_id",
)


def energy_document(value: EnergyValue) -> Document:
    """As stored in a session's `meter_values`."""
    return {"timestamp": value.timestamp, "value": value.value, "unit": value.unit}


def session_document(session: Session) -> Document:
    """`opened_at` is what lists are sorted by: the start, or the stop where there is no start."""
    document: Document = {name: getattr(session, name) for name in _PLAIN}
    return document | {
        "_id": session.id,
        "status": session.status.value,
        "review": list(session.review),
        "meter_values": [energy_document(value) for value in session.meter_values],
        "id_tag_key": id_tag_key(session.id_tag) if session.id_tag is not None else None,
        "opened_at": session.start_time or session.stop_time,
    }


def session_of(document: Document) -> Session:
    """The session a document describes."""
    plain: dict[str, Any] = {name: document.get(name) for name in _PLAIN}
    return Session(
        id=document["_id"],
        status=SessionStatus(document["status"]),
        review=tuple(document.get("review", ())),
        meter_values=tuple(EnergyValue(**value) for value in document.get("meter_values", ())),
        **plain,
    )


class MongoSessions:
    """Port `SessionRepository`."""

    def __init__(self, databases: Databases, untold: Untold) -> None:
        self._databases = databases
        self._untold = untold
        self._counters = Counters(databases)

    def _collection(self, tenant_id: str) -> Collection[Document]:
        return self._databases.collection(tenant_id, NAME)

    def next_transaction_id(self, tenant_id: str) -> int:
        """From the tenant's counter; starts anew after 2147483647, when the first are long gone."""
        count = self._counters.next_value(tenant_id, TRANSACTION_ID)
        return (count - 1) % MAX_TRANSACTION_ID + 1

    def find(self, tenant_id: str, session_id: str) -> Session | None:
        """With the readings received so far."""
        session = self._find(tenant_id, {"_id": session_id})
        if session is None or session.status is not SessionStatus.ACTIVE:
            return session
        return replace(session, meter_values=self.energy_values(session))

    def find_by_start_key(self, tenant_id: str, start_key: str) -> Session | None:
        """The session that this start made."""
        return self._find(tenant_id, {"start_key": start_key})

    def _find(self, tenant_id: str, query: Document) -> Session | None:
        with store_errors():
            document = self._collection(tenant_id).find_one(query)
        return session_of(document) if document else None

    def has_active_with_tag(self, tenant_id: str, id_tag_key: str) -> bool:
        """Is this tag charging?"""
        with store_errors():
            query = {"id_tag_key": id_tag_key, "status": SessionStatus.ACTIVE.value}
            return self._collection(tenant_id).find_one(query, {"_id": 1}) is not None

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Session]:
        """Newest first. Of the readings, a running session has its newest only."""
        found = read_page(self._collection(tenant_id), page, session_of, newest_by="opened_at")
        return replace(found, items=tuple(self._with_newest_reading(session) for session in found.items))

    def _with_newest_reading(self, session: Session) -> Session:
        if session.status is not SessionStatus.ACTIVE:
            return session
        newest = meter_values.newest_readings_of(self._databases, session.tenant_id, session.id, _LOOK_BACK)
        return replace(session, meter_values=_energy_values(newest)[:1])

    def insert(self, session: Session, events: Sequence[Event], order_key: int) -> bool:
        """Session and events in one write."""
        document = session_document(session)
        document[FIELD] = self._untold.entries(session.tenant_id, events, order_key)
        try:
            with store_errors():
                self._collection(session.tenant_id).insert_one(document)
        except DuplicateKeyError:
            self._tell(session.tenant_id, {"start_key": session.start_key})
            return False
        self._untold.tell(session.tenant_id, NAME, document)
        return True

    def complete(self, session: Session, events: Sequence[Event], order_key: int) -> bool:
        """The stop side and its events in one write, unless it was completed before."""
        changed = session_document(session)
        itself = {"_id": changed.pop("_id")}
        entries = self._untold.entries(session.tenant_id, events, order_key)
        with store_errors():
            written = self._collection(session.tenant_id).update_one(
                itself | {"status": {"$ne": SessionStatus.COMPLETED.value}},
                {"$set": changed, "$push": {FIELD: {"$each": entries}}},
            )
        if not written.matched_count:
            self._tell(session.tenant_id, itself)
            return False
        self._untold.tell(session.tenant_id, NAME, itself | {FIELD: entries})
        return True

    def _tell(self, tenant_id: str, query: Document) -> None:
        """Whoever comes second makes sure that the first one's events get out."""
        with store_errors():
            document = self._collection(tenant_id).find_one(query, {FIELD: 1})
        self._untold.tell(tenant_id, NAME, document)

    def energy_values(self, session: Session) -> tuple[EnergyValue, ...]:
        """The register's readings, from `meter_values`."""
        return _energy_values(meter_values.readings_of(self._databases, session.tenant_id, session.id))


def _energy_values(readings: Sequence[MeterReading]) -> tuple[EnergyValue, ...]:
    values = ((reading.timestamp, energy_wh(reading.sampled_values)) for reading in readings)
    return tuple(EnergyValue(at, wh) for at, wh in values if wh is not None)
