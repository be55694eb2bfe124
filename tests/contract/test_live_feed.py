"""The live feed and tickets on a real Redis."""

from collections.abc import Iterator

import pytest
import redis

from app.domain.context import ChargePointRef
from app.domain.errors import Retryable
from app.domain.events import Event
from app.messaging import redis_client
from app.messaging.live_feed import RedisLiveFeed, RedisTickets
from app.messaging.redis_client import RedisGuard
from tests.builders import an_event
from tests.contract.conftest import Servers
from tests.contract.stores import Stores

pytestmark = pytest.mark.integration


@pytest.fixture
def guard(servers: Servers) -> Iterator[RedisGuard]:
    client = redis_client.connect(servers.redis_url)
    yield RedisGuard(client)
    client.close()


@pytest.fixture
def feed(guard: RedisGuard) -> RedisLiveFeed:
    return RedisLiveFeed(guard)


def some(stores: Stores, *names: str) -> list[Event]:
    return [an_event(name, ChargePointRef(stores.id, "CP/1")) for name in names]


def heard(feed: RedisLiveFeed, stores: Stores, after: str) -> list[str]:
    return [live.event.body["event_id"] for live in feed.read(stores.id, after, 0.01)]


def test_nothing_is_kept_while_nobody_looks(feed: RedisLiveFeed, real: Stores, guard: RedisGuard) -> None:
    feed.publish(real.id, some(real, "a"))
    assert not guard.client.exists(f"ocpp:live:{real.id}")
    position = feed.open(real.id)
    assert heard(feed, real, position) == []


def test_a_reader_gets_what_comes_and_goes_on_anywhere(feed: RedisLiveFeed, real: Stores) -> None:
    position = feed.open(real.id)
    feed.publish(real.id, some(real, "a", "b", "c"))
    feed.publish(real.id, some(real, "d"))
    found = feed.read(real.id, position, 0.01)
    assert [live.event for live in found] == some(real, "a", "b", "c", "d")
    assert heard(feed, real, found[0].position) == ["b", "c"]
    assert heard(feed, real, found[2].position) == ["d"]
    assert heard(feed, real, found[3].position) == []
    assert feed.reaches_back_to(real.id, position)
    assert feed.reaches_back_to(real.id, found[1].position)


def test_a_place_that_is_gone_or_none(feed: RedisLiveFeed, real: Stores) -> None:
    assert not feed.reaches_back_to(real.id, "1-0.1")
    feed.open(real.id)
    for position in ("1-0.1", "", "x", "-1-0.1", "1-0", f"{'9' * 19}-0.1"):
        assert not feed.reaches_back_to(real.id, position), position


def test_only_so_much_is_kept_and_not_for_long(feed: RedisLiveFeed, real: Stores, guard: RedisGuard) -> None:
    position = feed.open(real.id)
    for _ in range(30):
        feed.publish(real.id, some(real, *map(str, range(200 * 100))))
    assert guard.client.xlen(f"ocpp:live:{real.id}") <= 700
    assert not feed.reaches_back_to(real.id, position)
    ttl = guard.client.ttl(f"ocpp:live:{real.id}")
    assert isinstance(ttl, int)
    assert 0 < ttl <= 300
    feed.remove_all(real.id)
    assert not guard.client.exists(f"ocpp:live:{real.id}")


def test_tenants_do_not_hear_each_other(feed: RedisLiveFeed, real: Stores) -> None:
    mine, theirs = feed.open(real.id), feed.open(f"{real.id}-other")
    feed.publish(real.id, some(real, "a"))
    assert feed.read(f"{real.id}-other", theirs, 0.01) == []
    assert heard(feed, real, mine) == ["a"]
    feed.remove_all(f"{real.id}-other")


def test_a_ticket_is_taken_once(guard: RedisGuard, real: Stores) -> None:
    tickets = RedisTickets(guard)
    tickets.put(f"{real.id}-t", "value", 30)
    assert [tickets.take(f"{real.id}-t"), tickets.take(f"{real.id}-t")] == ["value", None]


def test_publishing_without_redis_is_only_lost_and_reading_says_so() -> None:
    client = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.2)
    feed = RedisLiveFeed(RedisGuard(client))
    feed.publish("acme", [an_event("a")])
    for call in (
        lambda: feed.open("acme"),
        lambda: feed.keep("acme"),
        lambda: feed.reaches_back_to("acme", "1-0.1"),
        lambda: feed.read("acme", "1-0.1", 0.01),
    ):
        with pytest.raises(Retryable):
            call()
