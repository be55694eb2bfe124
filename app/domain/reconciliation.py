"""Which running sessions cannot be alive any more, and what their end is estimated to be.

A status never starts or stops a session (B39). But one whose stop got lost would run for ever, so what shows
that nothing is charging any more ends it, with an estimate that a late stop overwrites.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Protocol

from app.domain.charge_point import ChargePoint
from app.domain.session import EnergyValue, FaultReason, Review, Session, SessionStatus, stop_notes

FREE = "Available"


class Runs(Protocol):
    """What has to be known of a session that runs."""

    @property
    def id(self) -> str: ...

    @property
    def charge_point_id(self) -> str: ...

    @property
    def connector_id(self) -> int | None: ...

    @property
    def start_time(self) -> datetime | None: ...

    @property
    def received_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class RunningSession:
    """That much of a session, and no more: there may be a hundred thousand of them."""

    id: str
    charge_point_id: str
    connector_id: int | None
    start_time: datetime | None
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class Signs:
    """What a charge point shows of its life: is it heard, when was it last, and which connectors are free."""

    is_live: bool
    last_seen: datetime | None
    free_since: Mapping[int, datetime]


def signs_of(charge_point: ChargePoint) -> Signs:
    """Those of a charge point that is known in whole."""
    free = {one.id: one.last_update for one in charge_point.connectors if one.status == FREE}
    return Signs(charge_point.is_live, charge_point.last_seen, free)


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


def next_starts(active: Iterable[Runs]) -> dict[str, datetime]:
    """Of running sessions, those after which another start came on the same connector, and when that was.

    A charge point tells its starts in order, also late ones (A44). Its clock may have been set back.
    """
    by_connector: dict[tuple[str, int | None], list[Runs]] = {}
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
    session: Runs,
    next_start: datetime | None,
    signs: Signs | None,
    patience: Patience,
    now: datetime,
) -> Suspicion | None:
    """Why `session`, which runs, may be dead; None if nothing speaks for it. Without `signs` there is no
    such charge point."""
    if session.start_time is None:
        return None
    if next_start is not None:
        return Suspicion(FaultReason.REPLACED_BY_NEWER_START)
    free_since = _free_since(session, session.start_time, signs)
    waited = timedelta(seconds=patience.available_s)
    if patience.available_s and free_since is not None and now - _known_since(session, free_since) > waited:
        return Suspicion(FaultReason.CONNECTOR_AVAILABLE, free_since)
    silent_since = now - timedelta(seconds=patience.silence_s)
    if patience.silence_s and _last_word(session.start_time, signs) < silent_since:
        return Suspicion(FaultReason.SILENCE, silent_since)
    return None


def _last_word(start: datetime, signs: Signs | None) -> datetime:
    """When the charge point was last heard; one that is not silent is heard all the time."""
    if signs is not None and signs.is_live:
        return datetime.max.replace(tzinfo=start.tzinfo)
    last_seen = signs.last_seen if signs is not None else None
    return max(start, last_seen or start)


def _free_since(session: Runs, start: datetime, signs: Signs | None) -> datetime | None:
    """Since when the session's connector is Available, if it became so after the start.

    Many charge points never say that a connector is in use; what they said before proves nothing.
    """
    if signs is None or session.connector_id is None:
        return None
    since = signs.free_since.get(session.connector_id)
    return since if since is not None and since > start else None


def _known_since(session: Runs, free_since: datetime) -> datetime:
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
