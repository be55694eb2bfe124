"""The audit log: written before the answer leaves, read by administrators, changed by nobody."""

import itertools
from datetime import datetime
from typing import Protocol

import structlog

from app.domain.audit import ActorKind, AuditEntry, AuditResult, as_document, without_secrets
from app.services.ports import Clock, Page, PageRequest

log = structlog.stdlib.get_logger(__name__)


class AuditRepository(Protocol):
    """The log of each tenant, and that of the platform (`tenant_id` None). It can only grow and age."""

    def append(self, tenant_id: str | None, entry: AuditEntry) -> None: ...

    def list_page(self, tenant_id: str | None, page: PageRequest) -> Page[AuditEntry]:
        """Newest first. Filters: `actor` (id or name), `action`, `target` (an id), `result`, `from_at` and
        `to_at` (from this instant, before that one)."""
        ...

    def prune(self, tenant_id: str | None, before: datetime) -> int:
        """Delete what was written before this instant; answers how many."""
        ...


class AuditService:
    """Use cases of the audit log."""

    def __init__(self, entries: AuditRepository, clock: Clock) -> None:
        self._entries = entries
        self._clock = clock
        self._failures = itertools.count(1)
        self.failures = 0
        """How many entries the store did not take; all of them are in this process's own log."""

    def record(self, entry: AuditEntry, *, on_platform_too: bool = False) -> None:
        """Keep an entry, without its secrets, in the log of its tenant.

        Never raises: what is on record is done already. If the store fails, the whole entry goes to the log
        at error level, as `audit_entry_not_stored`, and `failures` counts it.
        """
        entry = without_secrets(entry)
        places = [entry.tenant_id, None] if on_platform_too else [entry.tenant_id]
        for tenant_id in dict.fromkeys(places):
            try:
                self._entries.append(tenant_id, entry)
            except Exception as failure:  # the edge of a side path
                self.note_failure()
                told = as_document(entry) | {"at": entry.at.isoformat()}
                log.error("audit_entry_not_stored", entry=told, reason=str(failure))

    def note_failure(self) -> None:
        """An entry that is not in the store."""
        self.failures = next(self._failures)

    def record_of_system(self, action: str, tenant_id: str | None, target: dict[str, str]) -> None:
        """What a sweep deleted."""
        at = self._clock.now()
        self.record(
            AuditEntry(at, ActorKind.SYSTEM, "system", "system", tenant_id, action, AuditResult.DONE, target)
        )

    def list_page(self, tenant_id: str | None, page: PageRequest) -> Page[AuditEntry]:
        """Newest first; None is the platform's own log. Raises InvalidInput, Retryable."""
        return self._entries.list_page(tenant_id, page)

    def prune(self, tenant_id: str | None, before: datetime) -> int:
        """What is older than it has to be goes. Raises Retryable."""
        return self._entries.prune(tenant_id, before)
