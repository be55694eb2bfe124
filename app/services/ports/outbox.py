"""Events on their way to the event server."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.domain.events import Event


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """Events that were written together; `id` sorts by age. `trace`: where that was done, if traced."""

    id: str
    events: tuple[Event, ...]
    trace: str | None = None

    @property
    def order_key(self) -> int:
        """Microseconds since 1970: when the batch of the events left the gateway, or they were written."""
        return int(self.id[:16], 16)


class Outbox(Protocol):
    """Events waiting to be published."""

    def append(self, tenant_id: str, events: Sequence[Event], order_key: int) -> None: ...

    def head(self, tenant_id: str, limit: int) -> list[OutboxEntry]:
        """The oldest entries, in order."""
        ...

    def remove(self, tenant_id: str, entry_ids: Sequence[str]) -> None: ...

    def depth(self, tenant_id: str) -> int: ...
