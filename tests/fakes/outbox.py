"""The outbox in memory."""

from collections.abc import Sequence

from app.domain.events import Event
from app.services.ports import OutboxEntry


class FakeOutbox:
    """`Outbox` in memory, per tenant, oldest first."""

    def __init__(self) -> None:
        self._entries: dict[str, list[OutboxEntry]] = {}
        self._serial = 0

    def append(self, tenant_id: str, events: Sequence[Event], order_key: int) -> None:
        """One entry of events that belong together; nothing for no events."""
        if not events:
            return
        self._serial += 1
        entry = OutboxEntry(f"{order_key:016x}-{self._serial:010d}", tuple(events))
        entries = self._entries.setdefault(tenant_id, [])
        entries.append(entry)
        entries.sort(key=lambda known: known.id)

    def head(self, tenant_id: str, limit: int) -> list[OutboxEntry]:
        """The oldest entries, in order."""
        return self._entries.get(tenant_id, [])[:limit]

    def remove(self, tenant_id: str, entry_ids: Sequence[str]) -> None:
        """Published; ids that are gone already do not matter."""
        gone = set(entry_ids)
        kept = [entry for entry in self._entries.get(tenant_id, []) if entry.id not in gone]
        self._entries[tenant_id] = kept

    def depth(self, tenant_id: str) -> int:
        """How many entries wait."""
        return len(self._entries.get(tenant_id, []))

    def events(self, tenant_id: str) -> list[Event]:
        """For tests: all waiting events, in order."""
        return [event for entry in self._entries.get(tenant_id, []) for event in entry.events]
