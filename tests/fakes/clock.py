"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


class FakeClock:
    """`now` changes only by `advance` or `set`; `order_key` rises with every call, as promised."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now
        self._last = 0

    def now(self) -> datetime:
        """Aware UTC, cut to milliseconds."""
        return self._now.replace(microsecond=self._now.microsecond // 1000 * 1000)

    def order_key(self) -> int:
        """Microseconds since 1970, strictly rising."""
        self._last = max(self._last + 1, int(self._now.timestamp() * 1_000_000))
        return self._last

    def advance(self, seconds: float) -> datetime:
        """Let time pass; answers the new time."""
        self._now += timedelta(seconds=seconds)
        return self.now()

    def set(self, at: datetime) -> None:
        """Jump to `at` (aware)."""
        self._now = at.astimezone(UTC)
