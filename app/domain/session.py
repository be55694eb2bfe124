"""Charging sessions: one OCPP transaction each, from first to last kilowatt-hour."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.domain.context import ChargePointRef

MAX_TRANSACTION_ID = 2_147_483_647


class SessionStatus(StrEnum):
    """Life of a session (product's data model)."""

    ACTIVE = "active"
    COMPLETED = "completed"
    FAULTED = "faulted"


@dataclass(frozen=True, slots=True)
class EnergyValue:
    """A reading of the energy register within a session."""

    timestamp: datetime
    value: float
    unit: str = "Wh"


@dataclass(frozen=True, slots=True)
class Session:
    """A charging record. Registers in Wh. A stop that matches no start has no start side (B46)."""

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
    review: tuple[str, ...] = ()
    meter_values: tuple[EnergyValue, ...] = ()

    @property
    def charge_point(self) -> ChargePointRef:
        """Whose session it is."""
        return ChargePointRef(self.tenant_id, self.charge_point_id)

    def energy_wh_at(self, register_wh: float | None) -> float | None:
        """Energy from the start to a register reading; None when either side is unknown."""
        if register_wh is None or self.start_meter_value is None:
            return None
        return register_wh - self.start_meter_value

    @property
    def energy_wh(self) -> float | None:
        """Energy delivered so far, from the newest register known."""
        if self.stop_meter_value is not None:
            return self.energy_wh_at(self.stop_meter_value)
        if self.meter_values:
            return self.energy_wh_at(max(self.meter_values, key=lambda v: v.timestamp).value)
        return None if self.start_meter_value is None else 0

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


def review_notes(session: Session, stop_time: datetime, meter_stop: int, now: datetime) -> tuple[str, ...]:
    """What a person should look at in a stop; none of it refuses the stop (B48, A28)."""
    notes: list[str] = []
    if session.start_meter_value is not None and meter_stop < session.start_meter_value:
        notes.append("meter_stop_below_start")
    if session.start_time is not None and stop_time < session.start_time:
        notes.append("stopped_before_start")
    if (stop_time - now).total_seconds() > 300:
        notes.append("stopped_in_the_future")
    return tuple(notes)


def as_data(session: Session) -> dict[str, Any]:
    """What events say of a session besides its ids."""
    return {
        "connector_id": session.connector_id,
        "transaction_id": session.transaction_id,
        "id_tag": session.id_tag,
        "meter_start_wh": session.start_meter_value,
    }
