"""The relay: from the outbox to MQTT, in order, at least once, by one process at a time."""

from collections.abc import Sequence

import pytest

from app.domain.errors import Retryable
from app.domain.events import Event
from app.domain.webhook import Delivery
from app.health import Role
from app.process import Process
from app.services.ports import OutboxEntry
from tests.builders import an_event
from tests.fakes.leases import FakeLeases
from tests.fakes.world import World
from workers import events
from workers.events import Relay
from workers.turns import TENANTS_PER_S

LEASE = "outbox-relay"


class FakePublisher:
    """Notes what it published. `fail_after` so many calls it fails once; `then` runs at each call."""

    def __init__(self) -> None:
        self.published: list[str] = []
        self.ways: set[tuple[int, bool]] = set()
        self.failures: list[Exception] = []
        self.stop_when: int | None = None
        self.relay: Relay | None = None
        self.kept_alive = 0
        self.closed = False

    def publish(self, told: Sequence[Event], *, qos: int, retain_status: bool) -> None:
        self.ways.add((qos, retain_status))
        if self.failures:
            raise self.failures.pop()
        self.published.extend(event.body["event_id"] for event in told)

    def keep_alive(self) -> None:
        self.kept_alive += 1

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> FakePublisher:
    publisher = FakePublisher()
    monkeypatch.setattr(events, "MqttPublisher", lambda *_: publisher)
    monkeypatch.setattr(events, "_PAUSE_AFTER_FAILURE_S", 0)
    return publisher


class Wakes:
    """Wakes for these tenants, then stops the relay when it has visited all that it wants to."""

    def __init__(self, relay: Relay, *tenant_ids: str | Exception | None) -> None:
        self._relay = relay
        self._left = list(tenant_ids)

    def __call__(self, _timeout_s: float) -> str | None:
        if not self._left:
            if not self._relay._to_visit:
                self._relay.stop()
            return None
        wake = self._left.pop(0)
        if isinstance(wake, Exception):
            raise wake
        return wake


@pytest.fixture
def relay(process: Process, publisher: FakePublisher) -> Relay:
    return Relay(process)


def run(relay: Relay, monkeypatch: pytest.MonkeyPatch, *wakes: str | Exception | None) -> None:
    monkeypatch.setattr(relay._link, "wait_for_wake", Wakes(relay, *wakes), raising=False)
    relay.run()


def test_everything_that_waits_is_published_in_order_and_removed(
    relay: Relay, world: World, publisher: FakePublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.outbox.append("acme", [an_event("c")], 3)
    world.outbox.append("acme", [an_event("a"), an_event("b")], 1)
    world.outbox.append("beta", [an_event("d")], 2)
    run(relay, monkeypatch)
    assert publisher.published == ["a", "b", "c", "d"]
    assert relay._pulse.role is Role.ACTIVE
    assert world.outbox.depth("acme") == world.outbox.depth("beta") == 0
    assert publisher.closed


def test_a_relay_with_nothing_to_do_stays_known_to_the_broker(
    relay: Relay, publisher: FakePublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(relay, monkeypatch)
    assert publisher.kept_alive > 0


def test_more_than_one_reading_is_read_to_the_end(
    relay: Relay, world: World, publisher: FakePublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(250):
        world.outbox.append("acme", [an_event(str(number))], number)
    run(relay, monkeypatch)
    assert publisher.published == [str(number) for number in range(250)]


def test_a_wake_brings_out_what_came_meanwhile(
    relay: Relay, world: World, publisher: FakePublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    drained: list[str] = []
    drain = relay._drain

    def watch(tenant_id: str) -> None:
        drained.append(tenant_id)
        drain(tenant_id)

    monkeypatch.setattr(relay, "_drain", watch)
    run(relay, monkeypatch, "beta", None, "acme")
    assert drained == ["beta", "acme", "acme"]


def test_what_the_broker_did_not_acknowledge_stays_and_is_sent_again(
    relay: Relay, world: World, publisher: FakePublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.outbox.append("acme", [an_event("a")], 1)
    world.outbox.append("acme", [an_event("b")], 2)
    publisher.failures = [Retryable("MQTT: gone"), Retryable("MQTT: gone")]
    run(relay, monkeypatch)
    assert publisher.published == ["a", "b"]
    assert world.outbox.depth("acme") == 0


@pytest.mark.parametrize("wakes", [(), ("acme", "beta")])
def test_an_outbox_that_nobody_can_read_stops_no_other_tenant(
    relay: Relay,
    world: World,
    publisher: FakePublisher,
    monkeypatch: pytest.MonkeyPatch,
    wakes: tuple[str, ...],
) -> None:
    world.outbox.append("beta", [an_event("b")], 1)
    head = world.outbox.head

    def break_on_one(tenant_id: str, limit: int) -> list[OutboxEntry]:
        if tenant_id == "acme":
            raise KeyError("events")
        return head(tenant_id, limit)

    monkeypatch.setattr(world.outbox, "head", break_on_one)
    run(relay, monkeypatch, *wakes)
    assert publisher.published == ["b"]


def test_a_crash_between_publishing_and_removing_repeats_and_loses_nothing(
    relay: Relay, world: World, publisher: FakePublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.outbox.append("acme", [an_event("a")], 1)
    remove, failures = world.outbox.remove, [Retryable("MongoDB: gone")]

    def fail_once(tenant_id: str, entry_ids: Sequence[str]) -> None:
        if failures:
            raise failures.pop()
        remove(tenant_id, entry_ids)

    monkeypatch.setattr(world.outbox, "remove", fail_once)
    run(relay, monkeypatch)
    assert publisher.published == ["a", "a"]
    assert world.outbox.depth("acme") == 0


def test_without_redis_the_outboxes_are_looked_at_in_turn(
    relay: Relay, world: World, publisher: FakePublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(relay, monkeypatch, Retryable("Redis: gone"))
    world.outbox.append("acme", [an_event("a")], 1)
    relay._stop.clear()
    run(relay, monkeypatch, Retryable("Redis: gone"))
    assert publisher.published == ["a"]


def test_at_its_end_the_next_one_is_let_in_at_once(
    relay: Relay, leases: FakeLeases, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(relay, monkeypatch)
    assert leases.holder(LEASE) is None


def test_a_relay_that_stands_by_publishes_nothing(
    relay: Relay, world: World, leases: FakeLeases, publisher: FakePublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    leases.hold(LEASE, "another process", world.clock.now(), 15)
    world.outbox.append("acme", [an_event("a")], 1)
    asked = []

    def waits(seconds: float) -> bool:
        asked.append(seconds)
        relay.stop()
        return True

    monkeypatch.setattr(relay._stop, "wait", waits)
    run(relay, monkeypatch)
    assert (publisher.published, len(asked)) == ([], 1)
    assert leases.holder(LEASE) == "another process"
    assert relay._pulse.role is Role.STANDBY


def test_a_dead_relays_place_is_taken_when_its_lease_is_over(
    relay: Relay, world: World, leases: FakeLeases, publisher: FakePublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    leases.hold(LEASE, "another process", world.clock.now(), 15)
    world.clock.advance(15.1)
    world.outbox.append("acme", [an_event("a")], 1)
    run(relay, monkeypatch)
    assert publisher.published == ["a"]


def test_a_tenant_chooses_how_its_events_are_published(
    relay: Relay, world: World, publisher: FakePublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.services.tenants.configure("acme", {"mqtt_qos": 0, "mqtt_retain_status": False})
    world.services.tenants.directory.refresh()
    for tenant_id in ("acme", "beta"):
        world.outbox.append(tenant_id, [an_event(tenant_id)], 1)
    run(relay, monkeypatch, None)
    assert publisher.ways == {(0, False), (1, True)}


def test_events_of_a_tenant_that_is_too_new_to_be_known_wait(
    relay: Relay, world: World, publisher: FakePublisher
) -> None:
    world.services.tenants.create("new", "New")
    world.outbox.append("new", [an_event("early")], 1)
    relay._drain("new")
    assert publisher.published == []
    assert world.outbox.depth("new") == 1
    world.services.tenants.directory.refresh()
    relay._drain("new")
    assert publisher.published == ["early"]


def test_webhooks_and_those_who_look_get_events_that_mqtt_has(
    relay: Relay, world: World, publisher: FakePublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.services.webhooks.create("acme", "https://example.com", {})
    position = world.live_feed.open("acme")
    world.outbox.append("acme", [an_event("a")], 1)
    publisher.failures = [Retryable("MQTT: gone")]
    run(relay, monkeypatch)
    assert [one.event_id for one in world.deliveries.all("acme")] == ["a"]
    assert [live.event for live in world.live_feed.read("acme", position, 0)] == [an_event("a")]


@pytest.mark.parametrize("failure", [Retryable("away"), ZeroDivisionError()])
def test_live_events_that_fail_hold_up_nothing(
    relay: Relay,
    world: World,
    publisher: FakePublisher,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
) -> None:
    def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr(relay._services.live_feed, "publish", fail)
    world.outbox.append("acme", [an_event("a")], 1)
    run(relay, monkeypatch)
    assert publisher.published == ["a"]
    assert world.outbox.depth("acme") == 0


def test_an_event_is_forgotten_only_when_its_deliveries_are_stored(
    relay: Relay, world: World, publisher: FakePublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.services.webhooks.create("acme", "https://example.com", {})
    world.outbox.append("acme", [an_event("a")], 1)
    add, failures = world.deliveries.add, [Retryable("MongoDB: gone")]

    def fail_once(tenant_id: str, made: Sequence[Delivery]) -> None:
        if failures:
            raise failures.pop()
        add(tenant_id, made)

    monkeypatch.setattr(world.deliveries, "add", fail_once)
    run(relay, monkeypatch)
    assert publisher.published == ["a", "a"]
    assert [one.event_id for one in world.deliveries.all("acme")] == ["a"]
    assert world.outbox.depth("acme") == 0


def test_a_backlog_keeps_nobody_else_waiting(
    relay: Relay, world: World, publisher: FakePublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a broker's outage one tenant has thousands of events; another one's is out after the first."""
    for number in range(500):
        world.outbox.append("acme", [an_event(str(number))], number)
    world.outbox.append("beta", [an_event("b")], 1)
    run(relay, monkeypatch, "acme", "acme", "beta")
    assert publisher.published.index("b") == events._ENTRIES_AT_ONCE
    assert len(publisher.published) == 501


def test_of_very_many_tenants_some_are_visited_at_each_look(
    relay: Relay, world: World, publisher: FakePublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are there in case a wake was lost; at the start, wakes of before may be."""
    monkeypatch.setattr(events, "_LOOK_EVERY_S", 1 / TENANTS_PER_S)
    relay._look_around()
    assert set(relay._to_visit) == {"acme", "beta"}
    for _ in range(2):
        relay._to_visit.clear()
        relay._look_at = 0.0
        relay._look_around()
        assert len(relay._to_visit) == 1
