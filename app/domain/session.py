"""Charging sessions: one OCPP transaction each, from first to last kilowatt-hour."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from app.domain.context import ChargePointRef
from app.domain.id_tag import id_tag_key
from app.domain.meter import CLOCK_MAY_BE_AHEAD, difference, drawn_wh, has_restarted
from app.domain.times import parse_time

MAX_TRANSACTION_ID = 2_147_483_647
_CLOCK_IS_AHEAD = timedelta(minutes=5)


class SessionStatus(StrEnum):
    """Life of a session (product's data model)."""

    ACTIVE = "active"
    COMPLETED = "completed"
    FAULTED = "faulted"


class FaultReason(StrEnum):
    """Why a session is faulted. The words are published: keep them."""

    STOP_WITHOUT_START = "stop_without_start"
    REPLACED_BY_NEWER_START = "replaced_by_newer_start"
    CONNECTOR_AVAILABLE = "connector_available"
    SILENCE = "silence"


class Review(StrEnum):
    """What a person should look at in a session before it is billed. The words are published: keep them."""

    CLOCK_WRONG_AT_START = "clock_wrong_at_start"
    CLOCK_WRONG_AT_STOP = "clock_wrong_at_stop"
    MATCHED_BY_TIME = "matched_by_time"
    METER_STOP_BELOW_START = "meter_stop_below_start"
    REGISTER_RESTARTED = "register_restarted"
    SECOND_STOP_DIFFERS = "second_stop_differs"
    STOP_CAME_LATE = "stop_came_late"
    STOP_MISSING = "stop_missing"
    STOP_WITHOUT_START = "stop_without_start"
    STOPPED_BEFORE_START = "stopped_before_start"
    STOPPED_BY_OTHER_TAG = "stopped_by_other_tag"
    STOPPED_IN_THE_FUTURE = "stopped_in_the_future"


OF_THE_END = frozenset(
    {
        Review.CLOCK_WRONG_AT_STOP,
        Review.METER_STOP_BELOW_START,
        Review.REGISTER_RESTARTED,
        Review.STOP_MISSING,
        Review.STOPPED_BEFORE_START,
        Review.STOPPED_IN_THE_FUTURE,
    }
)
"""Notes that speak of the end as it was known, and go when another one takes its place."""


@dataclass(frozen=True, slots=True)
class EnergyValue:
    """A reading of the energy register within a session."""

    timestamp: datetime
    value: float
    unit: str = "Wh"


@dataclass(frozen=True, slots=True)
class Session:
    """A charging record. Registers in Wh. A stop that matches no start has no start side (B46).

    `raw_start_time` and `raw_stop_time` are what the charge point wrote, where that cannot be and the time of
    receipt counts instead (G15). `received_at` is when the start came here, `parent_id_tag` the group of the
    id tag by then. `estimated`: the end is the system's guess, because no stop came. `stop_key` names a stop
    that was matched by time.
    """

    id: str
    tenant_id: str
    charge_point_id: str
    connector_id: int | None
    transaction_id: int
    id_tag: str | None
    start_time: datetime | None
    start_meter_value: int | None
    status: SessionStatus
    authorization_status: str | None = None
    start_key: str | None = None
    stop_time: datetime | None = None
    stop_meter_value: int | None = None
    stop_reason: str | None = None
    stop_id_tag: str | None = None
    fault_reason: str | None = None
    reservation_id: int | None = None
    raw_start_time: str | None = None
    raw_stop_time: str | None = None
    received_at: datetime | None = None
    parent_id_tag: str | None = None
    stop_key: str | None = None
    estimated: bool = False
    review: tuple[str, ...] = ()
    meter_values: tuple[EnergyValue, ...] = ()

    @property
    def charge_point(self) -> ChargePointRef:
        """Whose session it is."""
        return ChargePointRef(self.tenant_id, self.charge_point_id)

    def energy_wh_at(self, register_wh: float | None) -> float | None:
        """Energy from the start to a register reading.

        None when either side is unknown, or the register has started anew in between.
        """
        if register_wh is None or self.start_meter_value is None or register_wh < self.start_meter_value:
            return None
        return difference(register_wh, self.start_meter_value)

    @property
    def energy_wh(self) -> float | None:
        """Energy delivered so far, never negative; None for a stop without a start."""
        return None if self.start_meter_value is None else drawn_wh(self.registers)

    @property
    def registers(self) -> list[float]:
        """The energy register through the session in Wh, in order of time: start, readings, stop.

        A stop that was reported is the last word: what was read after it is kept, and changes nothing.
        """
        readings = sorted(self.meter_values, key=lambda value: value.timestamp)
        start = [] if self.start_meter_value is None else [self.start_meter_value]
        if self.stop_meter_value is None or self.estimated:
            return [*start, *(value.value for value in readings)]
        until = self.stop_time
        within = [value.value for value in readings if until is None or value.timestamp <= until]
        return [*start, *within, self.stop_meter_value]

    def duration_seconds_at(self, at: datetime) -> int | None:
        """Whole seconds from the start to `at`, never negative."""
        if self.start_time is None:
            return None
        return max(0, int((at - self.start_time).total_seconds()))


def session_id_of(transaction_id: int) -> str:
    """Transaction ids are unique in a tenant, so they name its sessions."""
    return f"session-{transaction_id}"


def start_key(ref: ChargePointRef, connector_id: int, id_tag: str, timestamp: str, meter_start: int) -> str:
    """Natural key of a StartTransaction (B30): a repeated start has the same key.

    The timestamp goes in as the charge point wrote it, so that an unreadable one works as well.
    """
    parts = [ref.charge_point_id, str(connector_id), id_tag, timestamp, str(meter_start)]
    return _digest(parts)


def unmatched_stop_id(ref: ChargePointRef, transaction_id: int, timestamp: str, meter_stop: int) -> str:
    """Id under which a stop without a start is kept (B46); the same stop has the same id."""
    parts = [ref.charge_point_id, str(transaction_id), timestamp, str(meter_stop)]
    return f"session-unmatched-{_digest(parts)}"


def _digest(parts: list[str]) -> str:
    text = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=12).hexdigest()


def counted_time(told: datetime, raw: str, received_at: datetime) -> tuple[datetime, str | None]:
    """The time that counts for a start or stop, and what the charge point wrote where that cannot be (G15).

    `told` is what was read from `raw`: the time of receipt where it is unreadable or from before the charge
    point's clock was set. A clock that is more than a day ahead is not believed either.
    """
    at = received_at if told > received_at + CLOCK_MAY_BE_AHEAD else told
    believed = at != received_at or parse_time(raw) == received_at
    return at, None if believed else raw


def stop_notes(session: Session, now: datetime) -> tuple[Review, ...]:
    """What a person should look at in how `session` ended; none of it refuses the stop (B48, A28)."""
    start, stop = session.start_meter_value, session.stop_meter_value
    began, ended = session.start_time, session.stop_time
    found = {
        Review.CLOCK_WRONG_AT_STOP: session.raw_stop_time is not None,
        Review.METER_STOP_BELOW_START: start is not None and stop is not None and stop < start,
        Review.REGISTER_RESTARTED: start is not None and has_restarted(session.registers),
        Review.STOPPED_BEFORE_START: began is not None and ended is not None and ended < began,
        Review.STOPPED_IN_THE_FUTURE: ended is not None and ended - now > _CLOCK_IS_AHEAD,
    }
    return tuple(note for note, is_so in found.items() if is_so)


def is_other_tag(session: Session, stop_id_tag: str | None, stop_parent_id_tag: str | None) -> bool:
    """Did somebody stop the session who neither started it nor belongs to the same group? (B3, B49)"""
    if stop_id_tag is None or session.id_tag is None or id_tag_key(stop_id_tag) == id_tag_key(session.id_tag):
        return False
    if stop_parent_id_tag is None or session.parent_id_tag is None:
        return True
    return id_tag_key(stop_parent_id_tag) != id_tag_key(session.parent_id_tag)


def fits(stopped: Session) -> bool:
    """Can a session have been stopped as `stopped` says: after its start, with no less on the meter? (G17)"""
    start, stop = stopped.start_meter_value, stopped.stop_meter_value
    began, ended = stopped.start_time, stopped.stop_time
    if start is None or stop is None or began is None or ended is None:
        return False
    return began <= ended and start <= stop


def stop_differences(first: Session, second: Session) -> list[str]:
    """What a second stop of a session says other than the first (B47)."""
    told = {
        "stop_meter_value": (first.stop_meter_value, second.stop_meter_value),
        "stop_time": (_told_stop_time(first), _told_stop_time(second)),
        "stop_reason": (first.stop_reason, second.stop_reason),
        "stop_id_tag": (id_tag_key(first.stop_id_tag or ""), id_tag_key(second.stop_id_tag or "")),
    }
    return [name for name, (before, after) in told.items() if before != after]


def _told_stop_time(session: Session) -> datetime | str | None:
    return session.stop_time if session.raw_stop_time is None else session.raw_stop_time


def session_at(sessions: Sequence[Session], connector_id: int, at: datetime) -> Session | None:
    """The one session of a connector that covers `at`; None if none does, or several (G17).

    One that runs lasts until the next start on its connector. Connector 0 has none.
    """
    here = [s for s in sessions if s.connector_id == connector_id > 0 and s.start_time is not None]
    covering = [session for session in here if _covers(session, here, at)]
    return covering[0] if len(covering) == 1 else None


def _covers(session: Session, others: Iterable[Session], at: datetime) -> bool:
    if session.start_time is None or at < session.start_time:
        return False
    if session.stop_time is not None:
        return at <= session.stop_time
    later = [s.start_time for s in others if s.start_time is not None and s.start_time > session.start_time]
    return not later or at < min(later)


def as_data(session: Session) -> dict[str, Any]:
    """What events say of a session besides its ids."""
    return {
        "connector_id": session.connector_id,
        "transaction_id": session.transaction_id,
        "id_tag": session.id_tag,
        "meter_start_wh": session.start_meter_value,
    }
