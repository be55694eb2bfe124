"""The audit log in memory."""

from datetime import datetime

from app.domain.audit import AuditEntry
from app.domain.errors import Retryable
from app.services.ports import Page, PageRequest
from tests.fakes.paging import page_of


class FakeAuditRepository:
    """`AuditRepository` in memory; `entries` has all, each with the tenant whose log it is in."""

    def __init__(self) -> None:
        self.entries: list[tuple[str | None, AuditEntry]] = []
        self.is_away = False
        self._count = 0

    def append(self, tenant_id: str | None, entry: AuditEntry) -> None:
        """Raises Retryable when it is told to be away."""
        if self.is_away:
            raise Retryable("MongoDB: no primary")
        self._count += 1
        self.entries.append((tenant_id, _with_id(entry, f"{self._count:024x}")))

    def list_page(self, tenant_id: str | None, page: PageRequest) -> Page[AuditEntry]:
        """Newest first."""
        filters = dict(page.filters or {})
        found = [entry for owner, entry in self.entries if owner == tenant_id and _fits(entry, filters)]
        ordered = sorted(found, key=lambda entry: (int(entry.at.timestamp()), entry.id), reverse=True)
        return page_of(ordered, PageRequest(page.limit, page.cursor))

    def prune(self, tenant_id: str | None, before: datetime) -> int:
        """By age."""
        count = len(self.entries)
        self.entries = [pair for pair in self.entries if pair[0] != tenant_id or pair[1].at >= before]
        return count - len(self.entries)

    def of(self, tenant_id: str | None) -> list[AuditEntry]:
        """In the order they were written."""
        return [entry for owner, entry in self.entries if owner == tenant_id]


def _with_id(entry: AuditEntry, entry_id: str) -> AuditEntry:
    fields = {name: getattr(entry, name) for name in AuditEntry.__dataclass_fields__ if name != "id"}
    return AuditEntry(**fields, id=entry_id)


def _fits(entry: AuditEntry, filters: dict[str, object]) -> bool:
    of = {
        "actor": {entry.actor_id, entry.actor_name},
        "target": set(entry.target.values()),
        "action": {entry.action},
        "result": {entry.result.value},
    }
    from_at, to_at = filters.get("from_at"), filters.get("to_at")
    in_time = (from_at is None or entry.at >= from_at) and (to_at is None or entry.at < to_at)  # type: ignore[operator]
    return in_time and all(filters[name] in values for name, values in of.items() if name in filters)
