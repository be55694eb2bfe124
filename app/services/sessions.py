"""Charging sessions: every start gets an id, every stop an answer, every kilowatt-hour is kept."""

from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from app.domain.context import CallContext, ChargePointRef
from app.domain.errors import Conflict, NotFound
from app.domain.id_tag import Authorization, AuthorizationStatus
from app.domain.meter import Attribution, MeterReading, believed
from app.domain.session import (
    OF_THE_END,
    FaultReason,
    Review,
    Session,
    SessionStatus,
    counted_time,
    fits,
    is_other_tag,
    session_id_of,
    start_key,
    stop_differences,
    stop_notes,
    unmatched_stop_id,
)
from app.services import session_events
from app.services.authorization import AuthorizationService
from app.services.batch import Batch, SessionChange
from app.services.meter_values import MeterReport, append, attributed, energy_values_of, late_energy
from app.services.ports import Clock, Page, PageRequest, SessionRepository

log = structlog.stdlib.get_logger(__name__)


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

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Session]:
        """Newest first."""
        return self._sessions.list_page(tenant_id, page)

    def start(self, batch: Batch, index: int, call: CallContext, start: Start) -> tuple[int, Authorization]:
        """Begin a transaction and give its id, also when the id tag is refused (B28).

        A start that is known already gets the id and the verdict of its first time (B30). New ones are by
        far the most, so nobody looks first: the store refuses to keep the same start twice, and the call is
        asked again with what is `repeated`.
        """
        if index in batch.repeated:
            return self._as_before(batch, batch.repeated[index])
        ref, told_at = call.charge_point, start.raw_timestamp
        started_at, not_believed = counted_time(start.started_at, told_at, call.received_at)
        if not_believed is not None:
            repeated = self._running_since(ref, start)
            if repeated is not None:
                self._sessions.tell(repeated)
                return self._as_before(batch, repeated)
            told_at += call.received_at.isoformat()
        key = start_key(ref, start.connector_id, start.id_tag, told_at, start.meter_start)
        verdict = self._authorization.authorize_start(batch, start.id_tag, ref, start.connector_id)
        session = self._new_session(call, replace(start, started_at=started_at), key, verdict)
        if not_believed is not None:
            notes = (Review.CLOCK_WRONG_AT_START.value,)
            session = replace(session, raw_start_time=not_believed, review=notes)
        events = (session_events.started(session),)
        if not self._must_be_known_now(batch, ref, start):
            batch.begun.append(SessionChange(index, session, events))
            return session.transaction_id, verdict
        if self._sessions.insert(session, events, batch.order_key):
            return session.transaction_id, verdict
        known = self._sessions.find_by_start_key(ref.tenant_id, key)
        if known is None:
            raise Conflict("A session with the same start came and went.")
        return self._as_before(batch, known)

    @staticmethod
    def _must_be_known_now(batch: Batch, ref: ChargePointRef, start: Start) -> bool:
        """Whose reservation it uses up, must be a new session, and its number the one that stays."""
        charge_point = batch.charge_points.get(ref.charge_point_id)
        return start.reservation_id is not None or (
            charge_point is not None and charge_point.has_reservations
        )

    def _as_before(self, batch: Batch, known: Session) -> tuple[int, Authorization]:
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
            received_at=call.received_at,
            parent_id_tag=verdict.parent_id_tag,
        )

    def _running_since(self, ref: ChargePointRef, start: Start) -> Session | None:
        """What runs since this very start, as told by a clock that is wrong (G15).

        Its time makes no difference between a start that is sent again and the next one, which has the same
        register too where that starts anew (G21). That the first one still runs does.
        """
        told = (start.connector_id, start.id_tag, start.raw_timestamp, start.meter_start)
        for known in self._sessions.active_on(ref):
            if (known.connector_id, known.id_tag, known.raw_start_time, known.start_meter_value) == told:
                return known
        return None

    def _first_verdict(self, batch: Batch, known: Session) -> Authorization:
        now = self._authorization.authorize(batch, known.id_tag or "")
        return replace(now, status=AuthorizationStatus(known.authorization_status or now.status.value))

    def stop(self, batch: Batch, index: int, call: CallContext, stop: Stop) -> Authorization | None:
        """Complete the transaction, or keep the stop as an unmatched one (B46). Never refuses.

        Answers about the id tag only if the stop names one (B44).
        """
        stop = replace(stop, readings=believed(stop.readings, call.received_at))
        verdict = None if stop.id_tag is None else self._authorization.authorize(batch, stop.id_tag)
        session = batch.session_of(call.charge_point.charge_point_id, stop.transaction_id)
        how = Attribution.TRANSACTION
        if session is None and stop.transaction_id <= 0:
            session, how = self._matched(call, stop), Attribution.TIME
        if session is None:
            session, how = _unmatched(call, stop), Attribution.TRANSACTION
            self._sessions.insert(session, [session_events.stopped(session)], batch.order_key)
        elif session.status is SessionStatus.COMPLETED:
            self._sessions.tell(session)
            self._compare(session, _with_stop(session, call, stop))
        else:
            by_other = is_other_tag(session, stop.id_tag, verdict.parent_id_tag if verdict else None)
            notes = (Review.STOPPED_BY_OTHER_TAG,) if by_other else ()
            self._complete(batch, index, session, _with_stop(session, call, stop), stop, notes)
        report = MeterReport(session.connector_id or 0, stop.transaction_id, stop.readings)
        found = [attributed(report, reading, session, how) for reading in stop.readings]
        append(batch, index, call, report, found)
        if session.status is SessionStatus.COMPLETED:
            batch.late_energy.extend(late_energy(index, found))
        return verdict

    def _matched(self, call: CallContext, stop: Stop) -> Session | None:
        """The session of a stop that has no transaction id, because no answer to the start arrived (G17).

        The only one on this charge point that the stop fits and of whose id the charge point never spoke.
        """
        ref = call.charge_point
        key = unmatched_stop_id(ref, stop.transaction_id, stop.raw_timestamp, stop.meter_stop)
        before = self._sessions.find_by_stop_key(ref, key)
        if before is not None:
            return before
        fitting = [known for known in self._sessions.active_on(ref) if fits(_with_stop(known, call, stop))]
        unconfirmed = [known for known in fitting if not self._sessions.is_confirmed(known)]
        if len(unconfirmed) != 1:
            return None
        (matched,) = unconfirmed
        return replace(matched, stop_key=key, review=(*matched.review, Review.MATCHED_BY_TIME.value))

    def _complete(
        self,
        batch: Batch,
        index: int,
        before: Session,
        stopped: Session,
        stop: Stop,
        notes: tuple[Review, ...],
    ) -> None:
        """`stopped` is `before` with its stop side."""
        received = batch.energy.get(before.id)
        if received is None:  # it was found by other means than its number
            received = self._sessions.energy_values(before)
        values = {(value.timestamp, value.value): value for value in received}
        values |= {(value.timestamp, value.value): value for value in energy_values_of(stop.readings)}
        completed = replace(
            stopped,
            status=SessionStatus.COMPLETED,
            fault_reason=None,
            estimated=False,
            meter_values=tuple(sorted(values.values(), key=lambda value: value.timestamp)),
        )
        known = [note for note in before.review if note not in OF_THE_END]
        late = [Review.STOP_CAME_LATE] if before.estimated else []
        found = [*known, *late, *stop_notes(completed, self._clock.now()), *notes]
        completed = replace(completed, review=tuple(dict.fromkeys(str(note) for note in found)))
        batch.completed.append(SessionChange(index, completed, (session_events.stopped(completed),)))
        batch.sessions[before.transaction_id] = completed

    def _compare(self, first: Session, second: Session) -> None:
        """A stop of a session that has been stopped changes nothing; what it says else is noted (B47)."""
        differences = stop_differences(first, second)
        if not differences or Review.SECOND_STOP_DIFFERS in first.review:
            return
        log.warning(
            "second_stop_differs",
            tenant_id=first.tenant_id,
            charge_point_id=first.charge_point_id,
            session_id=first.id,
            differences=differences,
        )
        self._sessions.note_review(first, Review.SECOND_STOP_DIFFERS)


def _with_stop(session: Session, call: CallContext, stop: Stop) -> Session:
    """The session with what a StopTransaction says of it."""
    stopped_at, not_believed = counted_time(stop.stopped_at, stop.raw_timestamp, call.received_at)
    return replace(
        session,
        stop_time=stopped_at,
        raw_stop_time=not_believed,
        stop_meter_value=stop.meter_stop,
        stop_reason=stop.reason,
        stop_id_tag=stop.id_tag,
    )


def _unmatched(call: CallContext, stop: Stop) -> Session:
    """What is kept of a stop without a start."""
    ref = call.charge_point
    identity = unmatched_stop_id(ref, stop.transaction_id, stop.raw_timestamp, stop.meter_stop)
    bare = Session(
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
        fault_reason=FaultReason.STOP_WITHOUT_START.value,
        meter_values=energy_values_of(stop.readings),
    )
    kept = _with_stop(bare, call, stop)
    wrong_clock = [Review.CLOCK_WRONG_AT_STOP.value] if kept.raw_stop_time is not None else []
    return replace(kept, review=(Review.STOP_WITHOUT_START.value, *wrong_clock))
