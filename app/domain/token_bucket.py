"""Token buckets: so many a minute, a minute's worth of them at once. Times come from outside, in seconds."""

from dataclasses import dataclass

_MINUTE_S = 60.0
_NEARLY_ONE = 1.0 - 1e-9  # who waits until there is one must not find a rounding error


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a bucket says: how many a minute, how many are left, when it is full again, and, if none is left,
    after how many seconds there is one."""

    limit: int
    remaining: int
    full_after_s: float
    wait_s: float = 0.0

    @property
    def is_granted(self) -> bool:
        """There was a token."""
        return self.wait_s <= 0.0


class TokenBucket:
    """Full at first. Not thread-safe."""

    __slots__ = ("__weakref__", "_filled_at", "_limit", "_tokens")

    def __init__(self, limit: int, now: float) -> None:
        self._limit = limit
        self._tokens = float(limit)
        self._filled_at = now

    def wait_s(self, limit: int, now: float) -> float:
        """0.0 if there is a token, else the seconds until there is one.

        The bucket holds `limit` tokens and gets so many a minute; this may change between two calls.
        """
        self._fill(limit, now)
        return 0.0 if self._tokens > _NEARLY_ONE else (1.0 - self._tokens) * _MINUTE_S / limit

    def claim(self, limit: int, now: float) -> float:
        """0.0 with a token taken; else nothing is taken, and it is as with `wait_s`."""
        wait_s = self.wait_s(limit, now)
        if wait_s == 0.0:
            self._tokens -= 1.0
        return wait_s

    def take(self, limit: int, now: float) -> None:
        """Take a token. If there is none, the bucket owes it."""
        self._fill(limit, now)
        self._tokens -= 1.0

    def look(self, limit: int, now: float, wait_s: float = 0.0) -> Allowance:
        """What is in it now."""
        self._fill(limit, now)
        missing = limit - self._tokens
        return Allowance(limit, max(0, int(self._tokens)), missing * _MINUTE_S / limit, wait_s)

    def _fill(self, limit: int, now: float) -> None:
        """With another limit than before it is as full or as empty as it was, by share."""
        if limit != self._limit:
            self._tokens *= limit / self._limit
            self._limit = limit
        self._tokens = min(float(limit), self._tokens + (now - self._filled_at) * limit / _MINUTE_S)
        self._filled_at = now
