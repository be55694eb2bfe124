"""A batch's reads and writes: one query per collection, before and after its calls are handled."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import structlog
from bson import ObjectId
from bson.errors import BSONError
from pymongo import InsertOne, UpdateOne
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from app.domain.errors import Retryable
from app.domain.session import session_id_of
from app.domain.tenant import Tenant
from app.services.batch import Batch, BatchNeeds, ConnectorChange, Exchange
from app.storage import charge_points, deviations, id_tags, messages, meter_values, sessions
from app.storage.charge_point_documents import charge_point_of, connector_document
from app.storage.mongo import Databases, Document, store_errors
from app.storage.outbox import MongoOutbox

log = structlog.stdlib.get_logger(__name__)

_DUPLICATE_KEY = 11000
_UNSTORABLE = (BSONError, OverflowError)  # one document that BSON cannot hold fails its whole command
_Write = InsertOne[Document] | UpdateOne


class MongoBatches:
    """Port `BatchStore`."""

    def __init__(self, databases: Databases, outbox: MongoOutbox) -> None:
        self._databases = databases
        self._outbox = outbox

    def load(self, tenant: Tenant, needs: BatchNeeds) -> Batch:
        """Read what the calls want."""
        batch = Batch(tenant)
        session_ids = [session_id_of(transaction_id) for transaction_id in needs.transactions]
        for document in self._read(tenant.id, charge_points.NAME, needs.charge_points):
            batch.charge_points[document["_id"]] = charge_point_of(document)
        for document in self._read(tenant.id, id_tags.NAME, needs.id_tags):
            batch.id_tags[document["_id"]] = id_tags.id_tag_of(document)
        for document in self._read(tenant.id, sessions.NAME, session_ids):
            batch.sessions[document["transaction_id"]] = sessions.session_of(document)
        self._read_nearby_sessions(batch, needs)
        return batch

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
        for name, writes in _writes_by_collection(batch):
            failed |= self._write(batch.tenant.id, name, writes)
        self._flush_events(batch, failed)
        self._log_exchanges(batch)
        self._count_deviations(batch)
        return failed

    def _write(self, tenant_id: str, name: str, writes: Sequence[tuple[int, _Write]]) -> dict[int, Exception]:
        """Bulk-write; answers the calls whose write failed. What is there already did not fail."""
        if not writes:
            return {}
        try:
            with store_errors():
                _bulk(self._databases.collection(tenant_id, name), [write for _, write in writes])
        except _UNSTORABLE as failure:
            if len(writes) == 1:
                return {writes[0][0]: failure}
            alone = [self._write(tenant_id, name, [write]) for write in writes]
            return {call: reason for failed in alone for call, reason in failed.items()}
        except Retryable as failure:
            cause = failure.__cause__
            if not isinstance(cause, BulkWriteError):
                return {call: failure for call, _ in writes}
            if cause.details.get("writeConcernErrors"):  # written, and perhaps not by a majority
                return {call: failure for call, _ in writes}
            errors = cause.details.get("writeErrors", [])
            return {
                writes[error["index"]][0]: Retryable(f"{name}: {error.get('errmsg', 'write failed')}")
                for error in errors
                if error.get("code") != _DUPLICATE_KEY
            }
        return {}

    def _flush_events(self, batch: Batch, failed: dict[int, Exception]) -> None:
        events = [event for call, event in batch.events if call not in failed]
        if not events:
            return
        try:
            self._outbox.append(batch.tenant.id, events, batch.order_key)
        except Retryable as failure:
            failed |= {call: failure for call, _ in batch.events}

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


def _bulk(collection: Collection[Document], writes: Sequence[_Write]) -> None:
    collection.bulk_write(list(writes), ordered=False)


def _writes_by_collection(batch: Batch) -> Iterable[tuple[str, list[tuple[int, _Write]]]]:
    yield (
        meter_values.NAME,
        [(record.call, InsertOne(meter_values.meter_document(record))) for record in batch.meter_records],
    )
    yield (
        sessions.NAME,
        [(late.call, write) for late in batch.late_energy for write in sessions.late_energy_writes(late)],
    )
    yield (
        charge_points.NAME,
        [
            *((record.call, UpdateOne(*charge_points.boot_write(record))) for record in batch.boots),
            *((change.call, _connector_write(change)) for change in batch.connector_changes),
        ],
    )


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
