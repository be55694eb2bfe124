"""Last-seen times: without Redis they go straight to the database, and nobody is troubled."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
import redis

from app.domain.errors import Retryable
from app.messaging.last_seen import RedisLastSeen
from app.messaging.redis_client import RedisGuard
from tests.builders import NOON


class DeadRedis:
    def __getattr__(self, name: str) -> Any:
        raise redis.ConnectionError("gone")


class Fallback:
    """The database's side."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, Mapping[str, datetime]]] = []
        self.failure: Exception | None = None

    def __call__(self, tenant_id: str, seen: Mapping[str, datetime]) -> None:
        if self.failure is not None:
            raise self.failure
        self.kept.append((tenant_id, seen))


@pytest.fixture
def fallback() -> Fallback:
    return Fallback()


@pytest.fixture
def last_seen(fallback: Fallback) -> RedisLastSeen:
    client: Any = DeadRedis()
    return RedisLastSeen(RedisGuard(client), fallback)


def test_without_redis_the_times_go_to_the_database(last_seen: RedisLastSeen, fallback: Fallback) -> None:
    assert last_seen.touch("acme", {"CP-1": NOON}) == frozenset()
    assert fallback.kept == [("acme", {"CP-1": NOON})]


def test_without_both_nothing_is_lost_but_freshness(last_seen: RedisLastSeen, fallback: Fallback) -> None:
    fallback.failure = Retryable("MongoDB: no primary")
    assert last_seen.touch("acme", {"CP-1": NOON}) == frozenset()
    last_seen.forget("acme", "CP-1")


def test_who_asks_is_told_that_there_is_no_answer(last_seen: RedisLastSeen) -> None:
    with pytest.raises(Retryable):
        last_seen.heard_before({"acme": NOON})
    with pytest.raises(Retryable):
        last_seen.heard_since("acme", NOON)
    with pytest.raises(Retryable):
        last_seen.mark_silent("acme", "CP-1")


def test_nothing_seen_asks_nobody(last_seen: RedisLastSeen, fallback: Fallback) -> None:
    assert last_seen.touch("acme", {}) == frozenset()
    assert fallback.kept == []
