"""The real clock."""

import threading
import time
from datetime import UTC, datetime


class SystemClock:
    """Wall clock in UTC; `order_key` never repeats or falls in a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def now(self) -> datetime:
        """Aware UTC, cut to milliseconds as MongoDB keeps them."""
        at = datetime.now(UTC)
        return at.replace(microsecond=at.microsecond // 1000 * 1000)

    def order_key(self) -> int:
        """Microseconds since 1970, strictly rising."""
        with self._lock:
            self._last = max(self._last + 1, time.time_ns() // 1000)
            return self._last
