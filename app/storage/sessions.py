"""Sessions in MongoDB.

`_id` is made from the transaction id, so stops and meter values find their session without another index.
While a session runs its readings stand in `meter_values` alone; they are put into the session when it stops.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from pymongo import InsertOne, UpdateOne
from pymongo.collection import Collection as MongoCollection
from pymongo.errors import DuplicateKeyError

from app.domain.context import ChargePointRef
from app.domain.events import Event
from app.domain.reconciliation import RunningSession
from app.domain.session import MAX_TRANSACTION_ID, EnergyValue, Session, SessionStatus
from app.services.batch import LateEnergy
from app.services.pieces import PIECE, in_pieces
from app.services.ports import Page, PageRequest
from app.storage import meter_values
from app.storage.counters import TRANSACTION_ID, Counters
from app.storage.mongo import Databases, Document, store_errors
from app.storage.paging import read_page
from app.storage.session_documents import energy_document, energy_values, session_document, session_of
from app.storage.untold import FIELD, Untold

NAME = "sessions"
_LOOK_BACK = 5  # readings without the register come in between
_LONGEST = timedelta(days=30)  # a session that began earlier gets no readings by their time
_BARE = {"meter_values": 0, FIELD: 0}
_RUNNING = {"charge_point_id": 1, "connector_id": 1, "start_time": 1, "received_at": 1}
_ACTIVE = {"status": SessionStatus.ACTIVE.value}


def around(
    databases: Databases, tenant_id: str, charge_point_ids: Iterable[str], oldest: datetime
) -> Iterator[Session]:
    """Sessions of these charge points that run, or ended at `oldest` or later. Without their readings.

    And what began after one that has run for longer: it shows that nothing of today is that one's.
    """
    collection = databases.collection(tenant_id, NAME)
    long_running: dict[str, datetime] = {}
    query = {
        "charge_point_id": {"$in": list(charge_point_ids)},
        "opened_at": {"$gte": oldest - _LONGEST},
        "stop_time": {"$not": {"$lt": oldest}},
    }
    for session in _bare_sessions(collection, query):
        yield session
        cp_id, began = session.charge_point_id, session.start_time
        if session.stop_time is None and began is not None and began < oldest:
            long_running[cp_id] = min(began, long_running.get(cp_id, began))
    if long_running:
        yield from _bare_sessions(
            collection,
            {
                "charge_point_id": {"$in": list(long_running)},
                "opened_at": {"$gte": min(long_running.values())},
                "stop_time": {"$lt": oldest},
            },
        )


def late_energy_writes(late: LateEnergy) -> Iterator[UpdateOne]:
    """Readings for a session that has ended. An end that is only estimated moves to the newest of them."""
    values = [energy_document(value) for value in late.values]
    yield UpdateOne({"_id": late.session_id}, {"$addToSet": {"meter_values": {"$each": values}}})
    if late.estimated:
        newest = max(late.values, key=lambda value: value.timestamp)
        earlier = {"_id": late.session_id, "estimated": True, "stop_time": {"$lt": newest.timestamp}}
        end = {"stop_time": newest.timestamp, "stop_meter_value": round(newest.value)}
        yield UpdateOne(earlier, {"$set": end})


def begun_write(session: Session, entries: Sequence[Document]) -> InsertOne[Document]:
    """A new session with its events; refused as a duplicate if its start is known already."""
    return InsertOne(session_document(session) | {FIELD: list(entries)})


def completed_write(session: Session, entries: Sequence[Document]) -> UpdateOne:
    """The stop side with its events, unless the session was completed before."""
    changed = session_document(session)
    itself = {"_id": changed.pop("_id"), "status": {"$ne": SessionStatus.COMPLETED.value}}
    return UpdateOne(itself, {"$set": changed, "$push": {FIELD: {"$each": list(entries)}}})


def energy_of(
    databases: Databases, tenant_id: str, session_ids: Collection[str]
) -> dict[str, tuple[EnergyValue, ...]]:
    """The register's readings of each, in order of time, from `meter_values`."""
    readings = meter_values.readings_by_owner(databases, tenant_id, session_ids)
    return {session_id: energy_values(readings.get(session_id, ())) for session_id in session_ids}


def _bare_sessions(collection: MongoCollection[Document], query: Document) -> Iterator[Session]:
    with store_errors():
        for document in collection.find(query, _BARE):
            yield session_of(document)


def with_newest_reading(databases: Databases, session: Session) -> Session:
    """A running session with its newest reading of the register; others as they are."""
    if session.status is not SessionStatus.ACTIVE:
        return session
    newest = meter_values.newest_readings_of(databases, session.tenant_id, session.id, _LOOK_BACK)
    return replace(session, meter_values=energy_values(newest)[:1])


class MongoSessions:
    """Port `SessionRepository`."""

    def __init__(self, databases: Databases, untold: Untold) -> None:
        self._databases = databases
        self._untold = untold
        self._counters = Counters(databases)

    def _collection(self, tenant_id: str) -> MongoCollection[Document]:
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

    def find_by_stop_key(self, ref: ChargePointRef, stop_key: str) -> Session | None:
        """Rare: the index of the charge point's sessions will do."""
        return self._find(ref.tenant_id, {"charge_point_id": ref.charge_point_id, "stop_key": stop_key})

    def active_with_tag(self, tenant_id: str, id_tag_key: str) -> list[Session]:
        """Where this tag is charging."""
        return list(_bare_sessions(self._collection(tenant_id), {"id_tag_key": id_tag_key} | _ACTIVE))

    def active_on(self, ref: ChargePointRef) -> list[Session]:
        """What runs on this charge point."""
        query = {"charge_point_id": ref.charge_point_id} | _ACTIVE
        return list(_bare_sessions(self._collection(ref.tenant_id), query))

    def active(self, tenant_id: str) -> Iterator[RunningSession]:
        """Asked by tag, which every session that was started has: there is an index of active ones by tag."""
        query = {"id_tag_key": {"$gte": ""}} | _ACTIVE
        with store_errors():
            found = self._collection(tenant_id).find(query, _RUNNING, batch_size=PIECE)
            for document in chain.from_iterable(in_pieces(found)):
                yield RunningSession(
                    document["_id"],
                    document["charge_point_id"],
                    document.get("connector_id"),
                    document.get("start_time"),
                    document.get("received_at"),
                )

    def find_many(self, tenant_id: str, session_ids: Collection[str]) -> list[Session]:
        """With one query."""
        return list(_bare_sessions(self._collection(tenant_id), {"_id": {"$in": list(session_ids)}}))

    def is_confirmed(self, session: Session) -> bool:
        """Readings that came by their time carry another transaction id, or none."""
        query = {"owner": session.id, "transaction_id": session.transaction_id}
        with store_errors():
            found = self._databases.collection(session.tenant_id, meter_values.NAME).find_one(
                query, {"_id": 1}
            )
        return found is not None

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Session]:
        """Newest first. Of the readings, a running session has its newest only."""
        asked = replace(page, filters=_query_of(page.filters or {}))
        found = read_page(self._collection(tenant_id), asked, session_of, newest_by="opened_at")
        items = tuple(with_newest_reading(self._databases, session) for session in found.items)
        return replace(found, items=items)

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

    def tell(self, session: Session) -> None:
        """They wait in its document if the writer of the first time failed after that."""
        self._tell(session.tenant_id, {"_id": session.id})

    def mark_faulted(self, tenant_id: str, faulted: Sequence[tuple[Session, Event]], order_key: int) -> int:
        """One bulk write. Whose write took effect, its document shows: it holds the event."""
        writes, ids = [], []
        for session, event in faulted:
            changed = session_document(session)
            itself = {"_id": changed.pop("_id")} | _ACTIVE
            entries = self._untold.entries(tenant_id, [event], order_key)
            writes.append(UpdateOne(itself, {"$set": changed, "$push": {FIELD: {"$each": entries}}}))
            ids.append(session.id)
        if not writes:
            return 0
        with store_errors():
            done = self._collection(tenant_id).bulk_write(writes, ordered=False)
            documents = list(self._collection(tenant_id).find({"_id": {"$in": ids}}, {FIELD: 1}))
        self._untold.tell_all(tenant_id, NAME, documents)
        return done.matched_count

    def note_review(self, session: Session, note: str) -> None:
        """Whatever the session's state."""
        with store_errors():
            self._collection(session.tenant_id).update_one(
                {"_id": session.id}, {"$addToSet": {"review": str(note)}}
            )

    def _tell(self, tenant_id: str, query: Document) -> None:
        """Whoever comes second makes sure that the first one's events get out."""
        with store_errors():
            document = self._collection(tenant_id).find_one(query, {FIELD: 1})
        self._untold.tell(tenant_id, NAME, document)

    def energy_values(self, session: Session) -> tuple[EnergyValue, ...]:
        """The register's readings, from `meter_values`."""
        return energy_values(meter_values.readings_of(self._databases, session.tenant_id, session.id))


def _query_of(filters: Mapping[str, Any]) -> Document:
    """Filters as MongoDB understands them."""
    query = dict(filters)
    opened = {"$gte": query.pop("from_at", None), "$lt": query.pop("to_at", None)}
    bounds = {operator: at for operator, at in opened.items() if at is not None}
    if bounds:
        query["opened_at"] = bounds
    if "needs_review" in query:
        query["review"] = {"$ne": []} if query.pop("needs_review") else []
    return query
