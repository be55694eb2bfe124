"""Charging sessions: every start gets an id, every stop an answer, every kilowatt-hour is kept."""

from dataclasses import dataclass, replace
from datetime import datetime

from app.domain.context import CallContext
from app.domain.errors import Conflict, NotFound
from app.domain.events import Event, EventChannel, event
from app.domain.id_tag import Authorization, AuthorizationStatus
from app.domain.meter import MeterReading
from app.domain.session import (
    Session,
    SessionStatus,
    as_data,
    review_notes,
    session_id_of,
    start_key,
    unmatched_stop_id,
)
from app.services.authorization import AuthorizationService
from app.services.batch import Batch
from app.services.meter_values import MeterReport, collect_readings, energy_values_of
from app.services.ports import Clock, Page, PageRequest, SessionRepository


@dataclass(frozen=True, slots=True)
class Start:
    """A StartTransaction. `raw_timestamp` is the charge point's own spelling of `started_at`."""

    connector_id: int
    id_tag: str
    meter_start: int
    started_at: datetime
    raw_timestamp: str
    reservation_id: int | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """A StopTransaction with its transaction data."""

    transaction_id: int
    meter_stop: int
    stopped_at: datetime
    raw_timestamp: str
    reason: str
    id_tag: str | None
    readings: tuple[MeterReading, ...]


class SessionService:
    """Use cases of sessions."""

    def __init__(
        self, sessions: SessionRepository, authorization: AuthorizationService, clock: Clock
    ) -> None:
        self._sessions = sessions
        self._authorization = authorization
        self._clock = clock

    def get(self, tenant_id: str, session_id: str) -> Session:
        """Raises NotFound."""
        session = self._sessions.find(tenant_id, session_id)
        if session is None:
            raise NotFound(f"There is no session '{session_id}'.")
        return session

    def get_active(self, tenant_id: str, session_id: str) -> Session:
        """Raises NotFound, or Conflict if it has ended."""
        session = self.get(tenant_id, session_id)
        if session.status is not SessionStatus.ACTIVE:
            raise Conflict(f"The session '{session_id}' is {session.status.value}; it cannot be stopped.")
        return session

    def list(self, tenant_id: str, page: PageRequest) -> Page[Session]:
        """Newest first."""
        return self._sessions.list_page(tenant_id, page)

    def start(self, batch: Batch, call: CallContext, start: Start) -> tuple[int, Authorization]:
        """Store a transaction and give its id, also when the id tag is refused (B28).

        A start that is known already gets the id and the verdict of its first time (B30). New ones are by
        far the most, so nobody looks first: the store refuses to keep the same start twice.
        """
        ref = call.charge_point
        key = start_key(ref, start.connector_id, start.id_tag, start.raw_timestamp, start.meter_start)
        verdict = self._authorization.authorize_start(batch, start.id_tag)
        session = self._new_session(call, start, key, verdict)
        if self._sessions.insert(session, [_started(session)], batch.order_key):
            return session.transaction_id, verdict
        known = self._sessions.find_by_start_key(ref.tenant_id, key)
        if known is None:
            raise Conflict("A session with the same start came and went.")
        return known.transaction_id, self._first_verdict(batch, known)

    def _new_session(self, call: CallContext, start: Start, key: str, verdict: Authorization) -> Session:
        ref = call.charge_point
        transaction_id = self._sessions.next_transaction_id(ref.tenant_id)
        return Session(
            id=session_id_of(transaction_id),
            tenant_id=ref.tenant_id,
            charge_point_id=ref.charge_point_id,
            connector_id=start.connector_id,
            transaction_id=transaction_id,
            id_tag=start.id_tag,
            start_time=start.started_at,
            start_meter_value=start.meter_start,
            status=SessionStatus.ACTIVE,
            authorization_status=verdict.status.value,
            start_key=key,
            reservation_id=start.reservation_id,
        )

    def _first_verdict(self, batch: Batch, known: Session) -> Authorization:
        now = self._authorization.authorize(batch, known.id_tag or "")
        return replace(now, status=AuthorizationStatus(known.authorization_status or now.status.value))

    def stop(self, batch: Batch, index: int, call: CallContext, stop: Stop) -> Authorization | None:
        """Complete the transaction, or keep the stop as an unmatched one (B46). Never refuses.

        Answers about the id tag only if the stop names one (B44).
        """
        session = batch.sessions.get(stop.transaction_id) if stop.transaction_id > 0 else None
        if session is not None and session.charge_point_id != call.charge_point.charge_point_id:
            session = None
        if session is None:
            session = self._unmatched(call, stop)
            self._sessions.insert(session, [_stopped(session)], batch.order_key)
        elif session.status is not SessionStatus.COMPLETED:
            self._complete(batch, session, stop)
        report = MeterReport(session.connector_id or 0, stop.transaction_id, stop.readings)
        collect_readings(batch, index, call, report, session)
        return None if stop.id_tag is None else self._authorization.authorize(batch, stop.id_tag)

    def _complete(self, batch: Batch, session: Session, stop: Stop) -> None:
        received = self._sessions.energy_values(session)
        values = {(value.timestamp, value.value): value for value in received}
        values |= {(value.timestamp, value.value): value for value in energy_values_of(stop.readings)}
        completed = replace(
            session,
            status=SessionStatus.COMPLETED,
            stop_time=stop.stopped_at,
            stop_meter_value=stop.meter_stop,
            stop_reason=stop.reason,
            stop_id_tag=stop.id_tag,
            meter_values=tuple(sorted(values.values(), key=lambda value: value.timestamp)),
            review=review_notes(session, stop.stopped_at, stop.meter_stop, self._clock.now()),
        )
        self._sessions.complete(completed, [_stopped(completed)], batch.order_key)
        batch.sessions[session.transaction_id] = completed

    @staticmethod
    def _unmatched(call: CallContext, stop: Stop) -> Session:
        ref = call.charge_point
        identity = unmatched_stop_id(ref, stop.transaction_id, stop.raw_timestamp, stop.meter_stop)
        return Session(
            id=identity,
            tenant_id=ref.tenant_id,
            charge_point_id=ref.charge_point_id,
            connector_id=None,
            transaction_id=stop.transaction_id,
            id_tag=None,
            start_time=None,
            start_meter_value=None,
            status=SessionStatus.FAULTED,
            start_key=identity,
            stop_time=stop.stopped_at,
            stop_meter_value=stop.meter_stop,
            stop_reason=stop.reason,
            stop_id_tag=stop.id_tag,
            fault_reason="stop_without_start",
            review=("stop_without_start",),
            meter_values=energy_values_of(stop.readings),
        )


def _started(session: Session) -> Event:
    at = session.start_time
    if at is None:
        raise ValueError("A started session has a start time.")
    data = as_data(session) | {
        "energy_wh": 0,
        "duration_seconds": 0,
        "authorization_status": session.authorization_status,
    }
    return event(
        EventChannel.SESSION,
        session.charge_point,
        event_type="session_started",
        event_id=f"{session.id}:started",
        at=at,
        data=data,
        session_id=session.id,
    )


def _stopped(session: Session) -> Event:
    at = session.stop_time
    if at is None:
        raise ValueError("A stopped session has a stop time.")
    data = as_data(session) | {
        "energy_wh": session.energy_wh,
        "duration_seconds": session.duration_seconds_at(at),
        "meter_stop_wh": session.stop_meter_value,
        "reason": session.stop_reason,
        "status": session.status.value,
        "review": list(session.review),
    }
    return event(
        EventChannel.SESSION,
        session.charge_point,
        event_type="session_stopped",
        event_id=f"{session.id}:stopped",
        at=at,
        data=data,
        session_id=session.id,
    )
