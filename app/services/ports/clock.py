"""Where time comes from."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """Aware UTC, cut to milliseconds."""
        ...

    def order_key(self) -> int:
        """Microseconds since 1970, strictly rising in this process: the order of events."""
        ...
