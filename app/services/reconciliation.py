"""The sweep over running sessions: those that cannot be alive any more get an estimated end."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from app.domain.meter import MeterReading
from app.domain.reconciliation import Patience, Suspicion, estimated_end, next_starts, suspicion
from app.domain.session import Session
from app.domain.tenant import Tenant
from app.services import session_events
from app.services.meter_values import MeterValueRepository, energy_values_of
from app.services.ports import ChargePointRepository, Clock, SessionRepository

T = TypeVar("T")
_LOOKED_AT_TOGETHER = 100
_READ_TOGETHER = 50
"""A session of a day may have thousands of readings."""


class ReconciliationService:
    """Ends what nobody else will end."""

    def __init__(
        self,
        sessions: SessionRepository,
        meter_values: MeterValueRepository,
        charge_points: ChargePointRepository,
        clock: Clock,
    ) -> None:
        self._sessions = sessions
        self._meter_values = meter_values
        self._charge_points = charge_points
        self._clock = clock

    def sweep(self, tenant: Tenant) -> int:
        """Close running sessions that cannot be alive, as faulted; answers how many.

        Charge points are read a hundred at a time, readings only of sessions under suspicion.
        """
        active = list(self._sessions.active(tenant.id))
        followed = next_starts(active)
        suspects = [
            found
            for some in _parts(active, _LOOKED_AT_TOGETHER)
            for found in self._suspects(tenant, some, followed)
        ]
        return sum(self._close(tenant.id, some) for some in _parts(suspects, _READ_TOGETHER))

    def _suspects(
        self, tenant: Tenant, sessions: Sequence[Session], followed: dict[str, datetime]
    ) -> Iterator[tuple[Session, Suspicion]]:
        configuration, now = tenant.configuration, self._clock.now()
        patience = Patience(configuration.session_available_s, configuration.session_silence_s)
        known = self._charge_points.find_many(tenant.id, {session.charge_point_id for session in sessions})
        for session in sessions:
            charge_point = known.get(session.charge_point_id)
            found = suspicion(session, followed.get(session.id), charge_point, patience, now)
            if found is not None:
                yield session, found

    def _close(self, tenant_id: str, suspects: Sequence[tuple[Session, Suspicion]]) -> int:
        readings = self._meter_values.readings_of(tenant_id, [session.id for session, _ in suspects])
        now = self._clock.now()
        ended = [
            estimated_end(session, found.reason, energy_values_of(readings.get(session.id, ())), now)
            for session, found in suspects
            if not _lives(found, readings.get(session.id, ()))
        ]
        told = [(session, session_events.stopped(session)) for session in ended]
        return self._sessions.mark_faulted(tenant_id, told, self._clock.order_key()) if told else 0


def _lives(found: Suspicion, readings: Sequence[MeterReading]) -> bool:
    after = found.unless_read_after
    return after is not None and any(reading.timestamp > after for reading in readings)


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
