"""Which running sessions cannot be alive any more, and what their end is estimated to be.

A status never starts or stops a session (B39). But one whose stop got lost would run for ever, so what shows
that nothing is charging any more ends it, with an estimate that a late stop overwrites.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from app.domain.charge_point import ChargePoint
from app.domain.session import EnergyValue, FaultReason, Review, Session, SessionStatus, stop_notes

_FREE = "Available"


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Why a session may be dead. A reading later than `unless_read_after` proves that it lives."""

    reason: FaultReason
    unless_read_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds; 0 is for ever."""

    available_s: int
    silence_s: int


def next_starts(active: Iterable[Session]) -> dict[str, datetime]:
    """Of running sessions, those after which another start came on the same connector, and when that was.

    A charge point tells its starts in order, also late ones (A44). Its clock may have been set back.
    """
    by_connector: dict[tuple[str, int | None], list[Session]] = {}
    for session in active:
        by_connector.setdefault((session.charge_point_id, session.connector_id), []).append(session)
    found: dict[str, datetime] = {}
    for sessions in by_connector.values():
        starts = sorted((s.received_at or s.start_time, s.id) for s in sessions if s.start_time is not None)
        for (start, session_id), (follower, _) in pairwise(starts):
            if follower > start:
                found[session_id] = follower
    return found


def suspicion(
    session: Session,
    next_start: datetime | None,
    charge_point: ChargePoint | None,
    patience: Patience,
    now: datetime,
) -> Suspicion | None:
    """Why `session`, which runs, may be dead; None if nothing speaks for it."""
    if session.start_time is None:
        return None
    if next_start is not None:
        return Suspicion(FaultReason.REPLACED_BY_NEWER_START)
    free_since = _free_since(session, charge_point)
    waited = timedelta(seconds=patience.available_s)
    if patience.available_s and free_since is not None and now - _known_since(session, free_since) > waited:
        return Suspicion(FaultReason.CONNECTOR_AVAILABLE, free_since)
    silent_since = now - timedelta(seconds=patience.silence_s)
    if patience.silence_s and _last_word(session.start_time, charge_point) < silent_since:
        return Suspicion(FaultReason.SILENCE, silent_since)
    return None


def _last_word(start: datetime, charge_point: ChargePoint | None) -> datetime:
    """When the charge point was last heard; one that is not silent is heard all the time."""
    if charge_point is not None and charge_point.is_live:
        return datetime.max.replace(tzinfo=start.tzinfo)
    last_seen = charge_point.last_seen if charge_point is not None else None
    return max(start, last_seen or start)


def _free_since(session: Session, charge_point: ChargePoint | None) -> datetime | None:
    """Since when the session's connector is Available, if it became so after the start.

    Many charge points never say that a connector is in use; what they said before proves nothing.
    """
    connectors = charge_point.connectors if charge_point is not None else ()
    for connector in connectors:
        if connector.id == session.connector_id and connector.status == _FREE:
            began = session.start_time
            return connector.last_update if began is not None and connector.last_update > began else None
    return None


def _known_since(session: Session, free_since: datetime) -> datetime:
    """A start that came late is followed by its stop, which needs its time too (B31)."""
    return max(free_since, session.received_at or free_since)


def estimated_end(
    session: Session, reason: FaultReason, readings: Sequence[EnergyValue], now: datetime
) -> Session:
    """The session as it probably ended: with its last reading of the register, else where it began."""
    last = max(readings, key=lambda value: value.timestamp, default=None)
    ended = replace(
        session,
        status=SessionStatus.FAULTED,
        fault_reason=reason.value,
        estimated=True,
        stop_time=session.start_time if last is None else max(last.timestamp, session.start_time or now),
        stop_meter_value=session.start_meter_value if last is None else round(last.value),
        meter_values=tuple(sorted(readings, key=lambda value: value.timestamp)),
    )
    notes = (*session.review, Review.STOP_MISSING, *stop_notes(ended, now))
    return replace(ended, review=tuple(dict.fromkeys(str(note) for note in notes)))
