"""Contract of `RateLimiter`: in the process and in Redis."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from app.embedded import free_port
from app.messaging import redis_client
from app.messaging.rate_limits import RedisRateLimiter
from app.messaging.redis_client import RedisGuard
from app.services.rate_limits import Limit, LocalRateLimiter, RateLimiter
from tests.contract.conftest import Servers


@pytest.fixture(params=["local", pytest.param("redis", marks=pytest.mark.integration)])
def limiter(request: pytest.FixtureRequest) -> Iterator[RateLimiter]:
    if request.param == "local":
        yield LocalRateLimiter(time.monotonic)
        return
    servers: Servers = request.getfixturevalue("servers")
    client = redis_client.connect(servers.redis_url)
    yield RedisRateLimiter(RedisGuard(client))
    client.close()


def user(per_minute: int, name: str | None = None) -> Limit:
    return Limit("user", name or uuid4().hex, per_minute)


def granted(limiter: RateLimiter, *limits: Limit) -> bool:
    return all(allowance.is_granted for allowance in limiter.take(limits))


def test_so_many_a_minute_and_no_more(limiter: RateLimiter) -> None:
    limit = user(3)
    assert [granted(limiter, limit) for _ in range(5)] == [True, True, True, False, False]


def test_it_says_what_is_left_and_when_there_is_more(limiter: RateLimiter) -> None:
    limit = user(2)
    (first,) = limiter.take([limit])
    assert (first.limit, first.remaining, first.wait_s) == (2, 1, 0.0)
    assert first.full_after_s == pytest.approx(30, abs=1)
    limiter.take([limit])
    (refused,) = limiter.take([limit])
    assert refused.remaining == 0
    assert refused.wait_s == pytest.approx(30, abs=1)
    assert refused.full_after_s == pytest.approx(60, abs=1)


def test_tokens_come_back(limiter: RateLimiter) -> None:
    limit = user(600)
    while granted(limiter, limit):
        pass
    time.sleep(0.25)
    assert granted(limiter, limit)


def test_names_and_kinds_have_buckets_of_their_own(limiter: RateLimiter) -> None:
    name = uuid4().hex
    assert granted(limiter, user(1, name))
    assert not granted(limiter, user(1, name))
    assert granted(limiter, user(1))
    assert granted(limiter, Limit("tenant", name, 1))


def test_who_is_refused_for_one_reason_costs_nothing_for_the_other(limiter: RateLimiter) -> None:
    """A user who floods does not use up what the whole tenant may ask."""
    tenant = Limit("tenant", uuid4().hex, 3)
    loud, calm = user(1), user(1)
    assert [granted(limiter, loud, tenant) for _ in range(10)] == [True] + [False] * 9
    assert granted(limiter, calm, tenant)
    (left,) = limiter.take([tenant])
    assert (left.is_granted, left.remaining) == (True, 0)


def test_another_limit_applies_at_once(limiter: RateLimiter) -> None:
    name = uuid4().hex
    assert granted(limiter, user(1, name))
    assert not granted(limiter, user(1, name))
    (allowance,) = limiter.take([user(100, name)])
    assert allowance.limit == 100


def test_many_at_once_get_no_more_than_there_are(limiter: RateLimiter) -> None:
    limit = user(20)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: granted(limiter, limit), range(60)))
    assert 20 <= sum(answers) <= 22


def test_without_redis_the_process_counts_alone_and_says_so_once() -> None:
    client = redis_client.connect(f"redis://127.0.0.1:{free_port()}/0")
    limiter, limit = RedisRateLimiter(RedisGuard(client)), user(2)
    with capture_logs() as logs:
        assert [granted(limiter, limit) for _ in range(3)] == [True, True, False]
    assert [line["event"] for line in logs] == ["rate_limits_counted_by_this_process_alone"]
