"""What happens, for those who are looking right now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.domain.events import Event


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """An event and its place in the feed, from which a reader may go on."""

    position: str
    event: Event


class LiveFeed(Protocol):
    """The latest events of each tenant, kept for minutes while somebody looks. Nothing waits for readers."""

    def publish(self, tenant_id: str, events: Sequence[Event]) -> None:
        """Never raises: who looks is told elsewhere that something may be missing."""
        ...

    def open(self, tenant_id: str) -> str:
        """Have the tenant's events kept; the position of now. Raises Retryable."""
        ...

    def keep(self, tenant_id: str) -> None:
        """Somebody still looks. Raises Retryable."""
        ...

    def reaches_back_to(self, tenant_id: str, position: str) -> bool:
        """Is everything that came after it still there? False for what is no position. Raises Retryable."""
        ...

    def read(self, tenant_id: str, after: str, timeout_s: float) -> list[LiveEvent]:
        """What came after that position, waiting up to `timeout_s` (under 1). Raises Retryable."""
        ...


class TicketStore(Protocol):
    """Values that can be taken once, for a short time."""

    def put(self, name: str, value: str, seconds: int) -> None:
        """Raises Retryable."""
        ...

    def take(self, name: str) -> str | None:
        """The value, which is gone by then; None if there is none. Raises Retryable."""
        ...
