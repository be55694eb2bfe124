"""What the numbers of a tenant are made of, read with few commands: no more fields than they take.

Reading plain fields in order of an index is quicker than having the server group them, and lets the rules of
energy and of a charge point's status stand in one place only.
"""

from collections.abc import Iterator
from datetime import datetime

from app.domain.charge_point import ChargePoint
from app.domain.session import Session, SessionStatus
from app.storage import charge_points, sessions
from app.storage.charge_point_documents import charge_point_of
from app.storage.mongo import Databases, Document, store_errors
from app.storage.session_documents import session_of

_STATE = ("tenant_id", "connection", "epoch", "connectors")
_PLAIN = (
    "tenant_id",
    "charge_point_id",
    "connector_id",
    "transaction_id",
    "status",
    "start_time",
    "stop_time",
    "start_meter_value",
    "stop_meter_value",
    "estimated",
)
_AT_ONCE = 200


class MongoStats:
    """Port `StatsRepository`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def charge_points(self, tenant_id: str, charge_point_id: str | None) -> Iterator[ChargePoint]:
        """With their state only."""
        query = {} if charge_point_id is None else {"_id": charge_point_id}
        collection = self._databases.collection(tenant_id, charge_points.NAME)
        with store_errors():
            for document in collection.find(query, dict.fromkeys(_STATE, 1)):
                yield charge_point_of(document)

    def count_active(self, tenant_id: str, charge_point_id: str | None) -> int:
        """By the index of active ones, which every session that was started is in."""
        query: Document = {"id_tag_key": {"$gte": ""}, "status": SessionStatus.ACTIVE.value}
        if charge_point_id is not None:
            query["charge_point_id"] = charge_point_id
        with store_errors():
            return self._databases.collection(tenant_id, sessions.NAME).count_documents(query)

    def begun(
        self, tenant_id: str, since: datetime, until: datetime, charge_point_id: str | None
    ) -> Iterator[Session]:
        """Readings are looked up only where start and stop of the register do not say it all."""
        query: Document = {"opened_at": {"$gte": since, "$lt": until}}
        if charge_point_id is not None:
            query["charge_point_id"] = charge_point_id
        unclear: list[str] = []
        collection = self._databases.collection(tenant_id, sessions.NAME)
        with store_errors():
            for document in collection.find(query, dict.fromkeys(_PLAIN, 1)):
                session = session_of(document)
                if session.status is SessionStatus.ACTIVE:
                    yield sessions.with_newest_reading(self._databases, session)
                elif _is_clear(session):
                    yield session
                else:
                    unclear.append(session.id)
            for start in range(0, len(unclear), _AT_ONCE):
                for document in collection.find({"_id": {"$in": unclear[start : start + _AT_ONCE]}}):
                    yield session_of(document)


def _is_clear(session: Session) -> bool:
    first, last = session.start_meter_value, session.stop_meter_value
    return first is None or (last is not None and last >= first and not session.estimated)
