"""Redis, and a short memory of its last failure: a dead Redis costs one time-out a second at most."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import redis

from app.domain.errors import Retryable

KEY_PREFIX = "ocpp:"
_REST_AFTER_FAILURE_S = 1.0


def connect(url: str) -> "redis.Redis":
    """A client whose calls end within a second. Connects on first use."""
    return redis.Redis.from_url(url, socket_timeout=1.0, socket_connect_timeout=1.0, decode_responses=True)


class RedisGuard:
    """Runs calls to Redis; after a failure it refuses for a second without trying."""

    def __init__(self, client: "redis.Redis", monotonic: Callable[[], float] = time.monotonic) -> None:
        self.client = client
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._resting_until = 0.0

    @contextmanager
    def calling(self) -> Iterator["redis.Redis"]:
        """The client. Raises Retryable if Redis fails, or failed a moment ago."""
        if self._monotonic() < self._resting_until:
            raise Retryable("Redis: failed a moment ago, not tried again yet")
        try:
            yield self.client
        except (redis.RedisError, OSError) as failure:
            with self._lock:
                self._resting_until = self._monotonic() + _REST_AFTER_FAILURE_S
            raise Retryable(f"Redis: {type(failure).__name__}: {failure}") from failure

    def ping(self) -> None:
        """Raises Retryable if Redis does not answer."""
        with self.calling() as client:
            client.ping()
