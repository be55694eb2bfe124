"""Old sessions, in memory."""

from datetime import datetime

from app.domain.session import SessionStatus
from tests.fakes.meter_values import FakeMeterValueRepository
from tests.fakes.sessions import FakeSessionRepository


class FakeOldSessions:
    """`OldSessions` in memory; here events are always told at once."""

    def __init__(self, sessions: FakeSessionRepository, meter_values: FakeMeterValueRepository) -> None:
        self._sessions = sessions
        self._meter_values = meter_values

    def prune(self, tenant_id: str, before: datetime) -> int:
        """By their stop."""
        due = [
            known
            for known in self._sessions.all(tenant_id)
            if known.status is not SessionStatus.ACTIVE
            and (known.start_time or known.stop_time or before) < before
            and (known.stop_time is None or known.stop_time < before)
        ]
        for session in due:
            self._meter_values.remove_of(tenant_id, session.id)
            self._sessions.remove(session)
        return len(due)
