"""Meter values: kept append-only, attributed to their session, told to the world."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from app.domain.context import CallContext, ChargePointRef
from app.domain.events import Event, EventChannel, event
from app.domain.meter import Attribution, KeptReading, MeterReading, believed, energy_wh, reading_digest
from app.domain.session import EnergyValue, Session, SessionStatus, session_at
from app.services.batch import Batch, LateEnergy, MeterRecord
from app.services.ports import Page, PageRequest

_MAX_PUBLISHED = 50_000


class MeterValueRepository(Protocol):
    """Stored meter values of a tenant; batches append them."""

    def list_of_session(self, tenant_id: str, session_id: str, page: PageRequest) -> Page[KeptReading]:
        """Newest first."""
        ...

    def list_without_session(
        self, ref: ChargePointRef, connector_id: int | None, page: PageRequest
    ) -> Page[KeptReading]:
        """Of a charge point or one of its connectors, newest first."""
        ...

    def count_by_attribution(self, tenant_id: str, session_id: str) -> dict[Attribution, int]:
        """How many readings came to the session in which way."""
        ...

    def readings_of(
        self, tenant_id: str, session_ids: Collection[str]
    ) -> dict[str, tuple[MeterReading, ...]]:
        """All readings of these sessions, in order of time, with one query; those without any are missing."""
        ...


@dataclass(frozen=True, slots=True)
class MeterReport:
    """Readings of one connector. `transaction_id` None or not positive means none (B21, B22)."""

    connector_id: int
    transaction_id: int | None
    readings: tuple[MeterReading, ...]


@dataclass(frozen=True, slots=True)
class Attributed:
    """A reading on its way into the store: whose it is and how one knows, its register and natural key."""

    reading: MeterReading
    session: Session | None
    how: Attribution | None
    register_wh: float | None
    digest: str


class MeterValueService:
    """Use cases of meter values."""

    def __init__(self, meter_values: MeterValueRepository) -> None:
        self._meter_values = meter_values

    def record(self, batch: Batch, index: int, call: CallContext, report: MeterReport) -> None:
        """Keep every reading, with the session of its transaction or of its time (B20-B22, G17)."""
        readings = believed(report.readings, call.received_at)
        found = [attributed(report, reading, *_owner(batch, call, report, reading)) for reading in readings]
        append(batch, index, call, report, found)
        batch.late_energy.extend(late_energy(index, found))
        batch.publish(index, _meter_events(batch, call, report, found))

    def list_of_session(self, session: Session, page: PageRequest) -> Page[KeptReading]:
        """All readings of a session as they were sent, newest first."""
        return self._meter_values.list_of_session(session.tenant_id, session.id, page)

    def list_without_session(
        self, ref: ChargePointRef, connector_id: int | None, page: PageRequest
    ) -> Page[KeptReading]:
        """Readings of a charge point that belong to no known session, newest first."""
        return self._meter_values.list_without_session(ref, connector_id, page)

    def count_by_attribution(self, session: Session) -> dict[Attribution, int]:
        """How many readings came to the session in which way; every way is named."""
        counts = self._meter_values.count_by_attribution(session.tenant_id, session.id)
        return {how: counts.get(how, 0) for how in Attribution}


def _owner(
    batch: Batch, call: CallContext, report: MeterReport, reading: MeterReading
) -> tuple[Session | None, Attribution | None]:
    """The session that a reading belongs to, and how one knows."""
    cp_id = call.charge_point.charge_point_id
    named = batch.session_of(cp_id, report.transaction_id)
    if named is not None:
        return named, Attribution.TRANSACTION
    at_that_time = session_at(batch.nearby_sessions.get(cp_id, ()), report.connector_id, reading.timestamp)
    return at_that_time, None if at_that_time is None else Attribution.TIME


def attributed(
    report: MeterReport, reading: MeterReading, session: Session | None, how: Attribution | None
) -> Attributed:
    """A reading with everything that is worked out of it, once."""
    digest = reading_digest(report.connector_id, report.transaction_id, reading)
    return Attributed(reading, session, how, energy_wh(reading.sampled_values), digest)


def append(
    batch: Batch, index: int, call: CallContext, report: MeterReport, found: Sequence[Attributed]
) -> None:
    """Put readings among the batch's appends; the same reading twice is stored once."""
    unowned = unowned_by_session(call.charge_point, report.connector_id)
    batch.meter_records.extend(
        MeterRecord(
            index,
            one.session.id if one.session is not None else unowned,
            call.charge_point,
            report.connector_id,
            report.transaction_id,
            one.reading,
            one.digest,
            call.received_at,
            one.how,
        )
        for one in found
    )


def unowned_by_session(ref: ChargePointRef, connector_id: int) -> str:
    """Who owns the readings of a connector that belong to no session."""
    return f"{ref.charge_point_id}#{connector_id}"


def late_energy(index: int, found: Sequence[Attributed]) -> Iterator[LateEnergy]:
    """What is to be put into sessions that have ended."""
    ended: dict[str, Session] = {}
    values: dict[str, list[EnergyValue]] = {}
    for one in found:
        session = one.session
        if session is None or session.status is SessionStatus.ACTIVE or one.register_wh is None:
            continue
        ended[session.id] = session
        values.setdefault(session.id, []).append(EnergyValue(one.reading.timestamp, one.register_wh))
    for session_id, session in ended.items():
        yield LateEnergy(index, session_id, tuple(values[session_id]), session.estimated)


def energy_values_of(readings: Sequence[MeterReading]) -> tuple[EnergyValue, ...]:
    """The register's readings among `readings`."""
    values = ((reading.timestamp, energy_wh(reading.sampled_values)) for reading in readings)
    return tuple(EnergyValue(at, wh) for at, wh in values if wh is not None)


def _publishable(reading: MeterReading) -> list[Mapping[str, Any]]:
    """The sampled values, unless they are too large for a broker; the store has them in any case."""
    size = sum(len(str(text)) for sample in reading.sampled_values for text in sample.values())
    return list(reading.sampled_values) if size <= _MAX_PUBLISHED else []


def _meter_events(
    batch: Batch, call: CallContext, report: MeterReport, found: Sequence[Attributed]
) -> Iterator[Event]:
    for one in found:
        session, at = one.session, one.reading.timestamp
        data = {
            "connector_id": report.connector_id,
            "transaction_id": report.transaction_id,
            "attributed": one.how.value if one.how is not None else None,
            "register_wh": one.register_wh,
            "energy_wh": session.energy_wh_at(one.register_wh) if session else None,
            "duration_seconds": session.duration_seconds_at(at) if session else None,
            "sampled_values": _publishable(one.reading),
        }
        told = event(
            EventChannel.METER_VALUE,
            call.charge_point,
            event_type="meter_value",
            event_id=f"meter:{call.charge_point.charge_point_id}:{one.digest}",
            at=at,
            data=data,
            session_id=session.id if session else None,
        )
        yield told
        if session is not None and batch.tenant.configuration.meter_values_on_session_topic:
            yield Event(EventChannel.SESSION, told.charge_point, told.body)
