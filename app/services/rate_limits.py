"""How often somebody may ask: buckets of tokens, one for each name, refilled through the minute."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.domain.errors import RateLimited
from app.domain.token_bucket import Allowance, TokenBucket

_MOST_BUCKETS = 100_000


@dataclass(frozen=True, slots=True)
class Limit:
    """So many a minute for `name`, which is of this `kind` (`user`, `tenant`, `address`)."""

    kind: str
    name: str
    per_minute: int


class RateLimiter(Protocol):
    """Buckets, shared as widely as the adapter can."""

    def take(self, limits: Sequence[Limit]) -> list[Allowance]:
        """A token of each bucket, or none of any if one of them is empty. Never raises."""
        ...


class LocalRateLimiter:
    """Buckets in this process; thread-safe. Of too many the ones that were used longest ago begin anew."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._buckets: OrderedDict[tuple[str, str], TokenBucket] = OrderedDict()

    def take(self, limits: Sequence[Limit]) -> list[Allowance]:
        """As the port says."""
        now = self._monotonic()
        with self._lock:
            buckets = [self._bucket(limit, now) for limit in limits]
            pairs = list(zip(buckets, limits, strict=True))
            waits = [bucket.wait_s(limit.per_minute, now) for bucket, limit in pairs]
            if not any(waits):
                for bucket, limit in pairs:
                    bucket.take(limit.per_minute, now)
            return [
                bucket.look(limit.per_minute, now, wait_s)
                for (bucket, limit), wait_s in zip(pairs, waits, strict=True)
            ]

    def _bucket(self, limit: Limit, now: float) -> TokenBucket:
        key = limit.kind, limit.name
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(limit.per_minute, now)
            if len(self._buckets) > _MOST_BUCKETS:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(key)
        return bucket


def check_allowances(limits: Sequence[Limit], allowances: Sequence[Allowance]) -> None:
    """Raises RateLimited, which names the limit that is reached and the seconds to wait."""
    for limit, allowance in zip(limits, allowances, strict=True):
        if not allowance.is_granted:
            raise RateLimited(
                f"More than {limit.per_minute} requests a minute for this {limit.kind}.",
                limit=limit.kind,
                retry_after_s=allowance.wait_s,
            )
