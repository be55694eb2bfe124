"""What numbers are made of, in memory."""

from collections.abc import Iterator
from datetime import datetime

from app.domain.charge_point import ChargePoint
from app.domain.session import Session
from app.services.ports import PageRequest
from tests.fakes.charge_points import FakeChargePointRepository
from tests.fakes.sessions import FakeSessionRepository


class FakeStatsRepository:
    """`StatsRepository` over the other fakes. `readings` counts how often days were read."""

    def __init__(self, charge_points: FakeChargePointRepository, sessions: FakeSessionRepository) -> None:
        self._charge_points = charge_points
        self._sessions = sessions
        self.readings = 0

    def charge_points(self, tenant_id: str, charge_point_id: str | None) -> list[ChargePoint]:
        """All, or the one."""
        page = self._charge_points.list_page(tenant_id, PageRequest(10_000))
        return [found for found in page.items if charge_point_id in (None, found.id)]

    def count_active(self, tenant_id: str, charge_point_id: str | None) -> int:
        """Of all, or of the one."""
        active = self._sessions.active(tenant_id)
        return sum(charge_point_id in (None, session.charge_point_id) for session in active)

    def begun(
        self, tenant_id: str, since: datetime, until: datetime, charge_point_id: str | None
    ) -> Iterator[Session]:
        """As the list shows them."""
        self.readings += 1
        filters = {"from_at": since, "to_at": until}
        only = {} if charge_point_id is None else {"charge_point_id": charge_point_id}
        yield from self._sessions.list_page(tenant_id, PageRequest(10_000, None, filters | only)).items
