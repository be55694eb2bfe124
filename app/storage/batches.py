"""A batch's reads and writes: one query per collection, before and after its calls are handled."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
from bson import ObjectId
from bson.errors import BSONError
from pymongo import InsertOne, UpdateOne
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError
from pymongo.results import BulkWriteResult

from app.domain.errors import Retryable
from app.domain.session import SessionStatus, session_id_of
from app.domain.tenant import Tenant
from app.services.batch import Batch, BatchNeeds, ConnectorChange, Exchange, SessionChange
from app.storage import charge_points, deviations, id_tags, messages, meter_values, sessions, untold
from app.storage.charge_point_documents import charge_point_of, connector_document
from app.storage.mongo import Databases, Document, store_errors
from app.storage.outbox import outbox_documents
from app.storage.session_documents import session_of
from app.storage.untold import Untold

log = structlog.stdlib.get_logger(__name__)

_DUPLICATE_KEY = 11000
_UNSTORABLE = (BSONError, OverflowError)  # one document that BSON cannot hold fails its whole command
_Write = InsertOne[Document] | UpdateOne


@dataclass(slots=True)
class _Written:
    """What became of a bulk write: calls that failed, calls whose document is there already, and how many
    documents its updates found."""

    failed: dict[int, Exception] = field(default_factory=dict)
    known: set[int] = field(default_factory=set)
    matched: int = 0


class MongoBatches:
    """Port `BatchStore`."""

    def __init__(self, databases: Databases, untold: Untold) -> None:
        self._databases = databases
        self._untold = untold

    def load(self, tenant: Tenant, needs: BatchNeeds) -> Batch:
        """Read what the calls want."""
        batch = Batch(tenant)
        session_ids = [session_id_of(transaction_id) for transaction_id in needs.transactions]
        for document in self._read(tenant.id, charge_points.NAME, needs.charge_points):
            batch.charge_points[document["_id"]] = charge_point_of(document)
        for document in self._read(tenant.id, id_tags.NAME, needs.id_tags):
            batch.id_tags[document["_id"]] = id_tags.id_tag_of(document)
        for document in self._read(tenant.id, sessions.NAME, session_ids):
            batch.sessions[document["transaction_id"]] = session_of(document)
        self._read_energy(batch, needs)
        self._read_nearby_sessions(batch, needs)
        return batch

    def _read_energy(self, batch: Batch, needs: BatchNeeds) -> None:
        """Of sessions that are to be completed now."""
        found = [batch.sessions[number] for number in needs.ending if number in batch.sessions]
        ids = [session.id for session in found if session.status is not SessionStatus.COMPLETED]
        if ids:
            batch.energy = sessions.energy_of(self._databases, batch.tenant.id, ids)

    def _read_nearby_sessions(self, batch: Batch, needs: BatchNeeds) -> None:
        """For readings whose transaction does not say whose they are: one query for all, else none."""
        lost = batch.lost(needs)
        if not lost:
            return
        charge_point_ids, oldest = {need.charge_point_id for need in lost}, min(need.oldest for need in lost)
        for session in sessions.around(self._databases, batch.tenant.id, charge_point_ids, oldest):
            batch.nearby_sessions.setdefault(session.charge_point_id, []).append(session)

    def _read(self, tenant_id: str, name: str, ids: Iterable[str]) -> list[Document]:
        wanted = list(ids)
        if not wanted:
            return []
        with store_errors():
            return list(self._databases.collection(tenant_id, name).find({"_id": {"$in": wanted}}))

    def flush(self, batch: Batch) -> dict[int, Exception]:
        """Write what was collected. The events go last, and only those of calls that did not fail."""
        failed: dict[int, Exception] = {}
        failed |= self._write(batch.tenant.id, meter_values.NAME, _meter_writes(batch)).failed
        entries = {one.session.id: self._entries(batch, one) for one in batch.session_changes}
        writes = _session_writes(batch, entries)
        written = self._write(batch.tenant.id, sessions.NAME, writes)
        failed |= written.failed
        failed |= self._write(batch.tenant.id, charge_points.NAME, _charge_point_writes(batch)).failed
        self._tell(batch, entries, written, len(writes), failed)
        self._log_exchanges(batch)
        self._count_deviations(batch)
        return failed

    def _tell(
        self,
        batch: Batch,
        entries: Mapping[str, list[Document]],
        written: _Written,
        writes: int,
        failed: dict[int, Exception],
    ) -> None:
        """What waits in sessions moves to the outbox, along with all other events."""
        stored = [
            one.session.id
            for one in batch.session_changes
            if one.call not in written.failed and one.call not in written.known
        ]
        try:
            if written.matched < writes - len(batch.begun):  # perhaps somebody else has completed one
                telling = self._read(batch.tenant.id, sessions.NAME, stored)
            else:
                telling = [{"_id": session_id, untold.FIELD: entries[session_id]} for session_id in stored]
            telling += self._find_repeated(batch, written)
            failed |= written.failed
            events = [event for call, event in batch.events if call not in failed]
            along = outbox_documents(batch.tenant.id, events, batch.order_key) if events else ()
            self._untold.tell_all(batch.tenant.id, sessions.NAME, telling, list(along))
        except Retryable as failure:
            failed |= {one.call: failure for one in batch.session_changes if one.call not in failed}
            failed |= {call: failure for call, _ in batch.events if call not in failed}

    def _entries(self, batch: Batch, change: SessionChange) -> list[Document]:
        return self._untold.entries(batch.tenant.id, change.events, batch.order_key)

    def _find_repeated(self, batch: Batch, written: _Written) -> list[Document]:
        """The sessions of starts that are known already; they may still have something to tell."""
        keys = {one.session.start_key: one.call for one in batch.begun if one.call in written.known}
        if not keys:
            return []
        query = {"start_key": {"$in": list(keys)}}
        with store_errors():
            found = list(self._databases.collection(batch.tenant.id, sessions.NAME).find(query))
        batch.repeated = {keys[document["start_key"]]: session_of(document) for document in found}
        for call in keys.values():
            if call not in batch.repeated:
                written.failed[call] = Retryable("A session with the same start came and went.")
        return found

    def _write(self, tenant_id: str, name: str, writes: Sequence[tuple[int, _Write]]) -> _Written:
        """Bulk-write. What is there already did not fail."""
        if not writes:
            return _Written()
        try:
            with store_errors():
                done = _bulk(self._databases.collection(tenant_id, name), [write for _, write in writes])
        except _UNSTORABLE as failure:
            if len(writes) == 1:
                return _Written({writes[0][0]: failure})
            return _joined(self._write(tenant_id, name, [write]) for write in writes)
        except Retryable as failure:
            cause = failure.__cause__
            if not isinstance(cause, BulkWriteError):
                return _Written({call: failure for call, _ in writes})
            if cause.details.get("writeConcernErrors"):  # written, and perhaps not by a majority
                return _Written({call: failure for call, _ in writes})
            written = _Written(matched=cause.details.get("nMatched", 0))
            for error in cause.details.get("writeErrors", []):
                call = writes[error["index"]][0]
                if error.get("code") == _DUPLICATE_KEY:
                    written.known.add(call)
                else:
                    written.failed[call] = Retryable(f"{name}: {error.get('errmsg', 'write failed')}")
            return written
        return _Written(matched=done.matched_count)

    def _log_exchanges(self, batch: Batch) -> None:
        """The message log stands beside the path of answers: its failure is told and costs no answer."""
        documents = [_exchange_document(exchange) for exchange in batch.exchanges]
        if not documents:
            return
        with _beside("messages_not_logged", batch, len(documents)), store_errors():
            self._databases.collection(batch.tenant.id, messages.NAME).insert_many(documents, ordered=False)

    def _count_deviations(self, batch: Batch) -> None:
        """Beside the path of answers too."""
        writes = deviations.deviation_writes(batch)
        if not writes:
            return
        with _beside("deviations_not_counted", batch, len(writes)), store_errors():
            self._databases.collection(batch.tenant.id, deviations.NAME).bulk_write(writes, ordered=False)


@contextmanager
def _beside(failed: str, batch: Batch, count: int) -> Iterator[None]:
    """Whatever goes wrong here is told, and costs no call its answer: what it wrote is stored already."""
    try:
        yield
    except Retryable as failure:
        log.error(failed, tenant_id=batch.tenant.id, count=count, reason=failure.message)
    except Exception:  # the edge of a side path
        log.exception(failed, tenant_id=batch.tenant.id, count=count)


def _bulk(collection: Collection[Document], writes: Sequence[_Write]) -> BulkWriteResult:
    return collection.bulk_write(list(writes), ordered=False)


def _joined(parts: Iterable[_Written]) -> _Written:
    whole = _Written()
    for part in parts:
        whole.failed |= part.failed
        whole.known |= part.known
        whole.matched += part.matched
    return whole


def _meter_writes(batch: Batch) -> list[tuple[int, _Write]]:
    return [(record.call, InsertOne(meter_values.meter_document(record))) for record in batch.meter_records]


def _session_writes(batch: Batch, entries: Mapping[str, Sequence[Document]]) -> list[tuple[int, _Write]]:
    return [
        *((late.call, write) for late in batch.late_energy for write in sessions.late_energy_writes(late)),
        *((one.call, sessions.begun_write(one.session, entries[one.session.id])) for one in batch.begun),
        *(
            (one.call, sessions.completed_write(one.session, entries[one.session.id]))
            for one in batch.completed
        ),
    ]


def _charge_point_writes(batch: Batch) -> list[tuple[int, _Write]]:
    return [
        *((record.call, UpdateOne(*charge_points.boot_write(record))) for record in batch.boots),
        *((change.call, _connector_write(change)) for change in batch.connector_changes),
    ]


def _connector_write(change: ConnectorChange) -> UpdateOne:
    newest = {
        "_id": change.charge_point.charge_point_id,
        "status_fence": {"$not": {"$gt": change.fence}},
    }
    connectors = [connector_document(connector) for connector in change.connectors]
    return UpdateOne(newest, {"$set": {"connectors": connectors, "status_fence": change.fence}})


def _exchange_document(exchange: Exchange) -> Document:
    return {
        "_id": ObjectId(),
        "charge_point_id": exchange.charge_point.charge_point_id,
        "direction": exchange.direction,
        "action": exchange.action,
        "unique_id": exchange.unique_id,
        "received_at": exchange.received_at,
        "request": exchange.request,
        "response": exchange.response,
    }
