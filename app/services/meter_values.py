"""Meter values: kept append-only, attributed to their session, told to the world."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.context import CallContext
from app.domain.events import Event, EventChannel, event
from app.domain.meter import MeterReading, energy_wh, reading_digest
from app.domain.session import EnergyValue, Session, SessionStatus
from app.services.batch import Batch, LateEnergy, MeterRecord

_MAX_PUBLISHED = 50_000


@dataclass(frozen=True, slots=True)
class MeterReport:
    """Readings of one connector. `transaction_id` None or not positive means none (B21, B22)."""

    connector_id: int
    transaction_id: int | None
    readings: tuple[MeterReading, ...]


class MeterValueService:
    """Use cases of meter values."""

    def record(self, batch: Batch, index: int, call: CallContext, report: MeterReport) -> None:
        """Keep every reading. One of an unknown transaction stays with its connector (B20-B22)."""
        session = self._session_of(batch, call, report)
        collect_readings(batch, index, call, report, session)
        if session is not None and session.status is not SessionStatus.ACTIVE:
            values = energy_values_of(report.readings)
            if values:
                batch.late_energy.append(LateEnergy(index, session.id, values))
        batch.publish(index, _meter_events(batch, call, report, session))

    @staticmethod
    def _session_of(batch: Batch, call: CallContext, report: MeterReport) -> Session | None:
        if report.transaction_id is None or report.transaction_id <= 0:
            return None
        session = batch.sessions.get(report.transaction_id)
        if session is None or session.charge_point_id != call.charge_point.charge_point_id:
            return None
        return session


def collect_readings(
    batch: Batch, index: int, call: CallContext, report: MeterReport, session: Session | None
) -> None:
    """Put the readings among the batch's appends; the same reading twice is stored once."""
    cp_id = call.charge_point.charge_point_id
    owner = session.id if session is not None else f"{cp_id}#{report.connector_id}"
    for reading in report.readings:
        digest = reading_digest(report.connector_id, report.transaction_id, reading)
        batch.meter_records.append(
            MeterRecord(
                index,
                owner,
                call.charge_point,
                report.connector_id,
                report.transaction_id,
                reading,
                digest,
                call.received_at,
            )
        )


def energy_values_of(readings: Sequence[MeterReading]) -> tuple[EnergyValue, ...]:
    """The register's readings among `readings`."""
    values = ((reading.timestamp, energy_wh(reading.sampled_values)) for reading in readings)
    return tuple(EnergyValue(at, wh) for at, wh in values if wh is not None)


def _publishable(reading: MeterReading) -> list[Mapping[str, Any]]:
    """The sampled values, unless they are too large for a broker; the store has them in any case."""
    size = sum(len(str(text)) for sample in reading.sampled_values for text in sample.values())
    return list(reading.sampled_values) if size <= _MAX_PUBLISHED else []


def _meter_events(
    batch: Batch, call: CallContext, report: MeterReport, session: Session | None
) -> list[Event]:
    events: list[Event] = []
    for reading in report.readings:
        register = energy_wh(reading.sampled_values)
        digest = reading_digest(report.connector_id, report.transaction_id, reading)
        data = {
            "connector_id": report.connector_id,
            "transaction_id": report.transaction_id,
            "register_wh": register,
            "energy_wh": session.energy_wh_at(register) if session else None,
            "duration_seconds": session.duration_seconds_at(reading.timestamp) if session else None,
            "sampled_values": _publishable(reading),
        }
        told = event(
            EventChannel.METER_VALUE,
            call.charge_point,
            event_type="meter_value",
            event_id=f"meter:{call.charge_point.charge_point_id}:{digest}",
            at=reading.timestamp,
            data=data,
            session_id=session.id if session else None,
        )
        events.append(told)
        if session is not None and batch.tenant.configuration.meter_values_on_session_topic:
            events.append(Event(EventChannel.SESSION, told.charge_point, told.body))
    return events
