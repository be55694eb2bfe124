"""Security events in memory."""

from app.domain.security_event import SecurityEvent
from app.services.ports import Page, PageRequest
from tests.fakes.paging import page_of


class FakeSecurityEventRepository:
    """`SecurityEventRepository` in memory."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], SecurityEvent] = {}

    def insert(self, noticed: SecurityEvent) -> bool:
        """False if it was there."""
        key = (noticed.tenant_id, noticed.id)
        if key in self._known:
            return False
        self._known[key] = noticed
        return True

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[SecurityEvent]:
        """Newest first."""
        found = [one for (tenant, _), one in self._known.items() if tenant == tenant_id]
        return page_of(sorted(found, key=lambda one: (one.received_at, one.id), reverse=True), page)

    def types(self) -> list[str]:
        """For tests: what was noted, in order."""
        return [one.type for one in self._known.values()]
