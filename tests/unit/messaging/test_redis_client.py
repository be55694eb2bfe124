"""Redis: its failures are Retryable, and a dead one is not asked again at once."""

from typing import Any

import pytest
import redis

from app.domain.errors import Retryable
from app.messaging.redis_client import RedisGuard, connect


class FakeRedis:
    """Fails as long as it is told to."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.pings = 0

    def ping(self) -> bool:
        self.pings += 1
        if self.failure is not None:
            raise self.failure
        return True


class Watch:
    """A monotonic clock moved by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def guarded() -> tuple[FakeRedis, Watch, RedisGuard]:
    client, watch = FakeRedis(), Watch()
    fake: Any = client
    return client, watch, RedisGuard(fake, watch)


@pytest.mark.parametrize(
    "failure", [redis.ConnectionError("gone"), redis.TimeoutError("slow"), OSError("reset")]
)
def test_a_failure_is_retryable_and_says_what_it_was(failure: Exception) -> None:
    client, _, guard = guarded()
    client.failure = failure
    with pytest.raises(Retryable, match=f"{type(failure).__name__}: {failure}"):
        guard.ping()


def test_after_a_failure_it_is_left_alone_for_a_second() -> None:
    """Else every call of a gateway would wait for the same time-out."""
    client, watch, guard = guarded()
    client.failure = redis.ConnectionError("gone")
    for _ in range(3):
        with pytest.raises(Retryable):
            guard.ping()
    assert client.pings == 1
    client.failure = None
    watch.now += 1
    guard.ping()
    guard.ping()
    assert client.pings == 3


def test_a_mistake_of_ours_is_not_hidden_as_a_failure_of_redis() -> None:
    client, _, guard = guarded()
    client.failure = KeyError("a bug")
    with pytest.raises(KeyError):
        guard.ping()


def test_nothing_connects_before_it_is_used() -> None:
    assert connect("redis://127.0.0.1:1/0").connection_pool.connection_kwargs["socket_timeout"] == 1.0
