"""The live feed and tickets in memory."""

from collections.abc import Sequence

from app.domain.errors import Retryable
from app.domain.events import Event
from app.services.ports import LiveEvent


class FakeLiveFeed:
    """`LiveFeed` in memory; set `reachable` to False to lose the server. Reading never waits.

    `empty_reads` is how often nothing may be found before the server is lost: so a test's stream ends.
    """

    def __init__(self, empty_reads: int = 0) -> None:
        self.reachable = True
        self.empty_reads = empty_reads
        self.kept: dict[str, int] = {}
        self._feeds: dict[str, list[LiveEvent]] = {}

    def publish(self, tenant_id: str, events: Sequence[Event]) -> None:
        """Where somebody looks."""
        feed = self._feeds.get(tenant_id)
        if feed is not None and self.reachable:
            for event in events:
                feed.append(LiveEvent(f"{len(feed) + 1}-0.1", event))

    def open(self, tenant_id: str) -> str:
        """From now on events are kept."""
        self._check()
        return f"{len(self._feeds.setdefault(tenant_id, []))}-0.1"

    def keep(self, tenant_id: str) -> None:
        """Noted."""
        self._check()
        self.kept[tenant_id] = self.kept.get(tenant_id, 0) + 1

    def reaches_back_to(self, tenant_id: str, position: str) -> bool:
        """Nothing is ever forgotten here."""
        self._check()
        return tenant_id in self._feeds and position.endswith("-0.1")

    def read(self, tenant_id: str, after: str, timeout_s: float) -> list[LiveEvent]:
        """All that came after."""
        self._check()
        found = self._feeds.get(tenant_id, [])[int(after.partition("-")[0]) :]
        if not found:
            self.empty_reads -= 1
            self.reachable = self.empty_reads >= 0
            self._check()
        return found

    def _check(self) -> None:
        if not self.reachable:
            raise Retryable("Redis: gone")


class FakeTicketStore:
    """`TicketStore` in memory; tickets never expire by themselves: `values` may be cleared."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def put(self, name: str, value: str, seconds: int) -> None:
        """Kept."""
        assert seconds <= 60
        self.values[name] = value

    def take(self, name: str) -> str | None:
        """Once."""
        return self.values.pop(name, None)
