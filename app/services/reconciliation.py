"""The sweep over running sessions: those that cannot be alive any more get an estimated end."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from app.domain.meter import MeterReading
from app.domain.reconciliation import Patience, Runs, Suspicion, estimated_end, next_starts, suspicion
from app.domain.tenant import Tenant
from app.services import session_events
from app.services.meter_values import MeterValueRepository, energy_values_of
from app.services.pieces import in_pieces
from app.services.ports import ChargePointRepository, Clock, SessionRepository

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

        Of sessions and charge points is read what has to be known of each; all there is, and readings, only
        of sessions under suspicion.
        """
        active = list(self._sessions.active(tenant.id))
        followed = next_starts(active)
        suspects = [found for some in in_pieces(active) for found in self._suspects(tenant, some, followed)]
        return sum(self._close(tenant.id, dict(some)) for some in in_pieces(suspects, _READ_TOGETHER))

    def _suspects(
        self, tenant: Tenant, sessions: Sequence[Runs], followed: dict[str, datetime]
    ) -> Iterator[tuple[str, Suspicion]]:
        configuration, now = tenant.configuration, self._clock.now()
        patience = Patience(configuration.session_available_s, configuration.session_silence_s)
        signs = self._charge_points.signs(tenant.id, {session.charge_point_id for session in sessions})
        for session in sessions:
            theirs = signs.get(session.charge_point_id)
            found = suspicion(session, followed.get(session.id), theirs, patience, now)
            if found is not None:
                yield session.id, found

    def _close(self, tenant_id: str, suspects: Mapping[str, Suspicion]) -> int:
        readings = self._meter_values.readings_of(tenant_id, list(suspects))
        now = self._clock.now()
        ended = [
            estimated_end(
                session, suspects[session.id].reason, energy_values_of(readings.get(session.id, ())), now
            )
            for session in self._sessions.find_many(tenant_id, list(suspects))
            if not _lives(suspects[session.id], readings.get(session.id, ()))
        ]
        told = [(session, session_events.stopped(session)) for session in ended]
        return self._sessions.mark_faulted(tenant_id, told, self._clock.order_key()) if told else 0


def _lives(found: Suspicion, readings: Sequence[MeterReading]) -> bool:
    after = found.unless_read_after
    return after is not None and any(reading.timestamp > after for reading in readings)
