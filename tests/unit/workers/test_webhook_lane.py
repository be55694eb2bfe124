"""A webhook's lane: order, pauses and probes, over fakes and without a socket."""

import asyncio
import ssl
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from app.domain.context import ChargePointRef
from app.domain.errors import Retryable
from app.domain.webhook import Attempt, Delivery, DeliveryStatus, Webhook
from tests.builders import an_event
from tests.fakes.world import World
from workers import webhook_lane
from workers.webhook_lane import Lane


class FakeClient:
    """Answers as `answer` says; notes what it was asked to send."""

    answer: Callable[[Delivery], int | None]

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.answer = lambda _: 204

    async def __aenter__(self) -> "FakeClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def post(self, webhook: Webhook, delivery: Delivery, now: datetime) -> Attempt:
        self.sent.append(delivery.event_id)
        await asyncio.sleep(0)
        return Attempt(now, self.answer(delivery))


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> FakeClient:
    client = FakeClient()
    monkeypatch.setattr(webhook_lane, "WebhookClient", lambda *_, **__: client)
    return client


@pytest.fixture
def webhook(world: World) -> Webhook:
    return world.services.webhooks.create("acme", "https://example.com", {})


async def at_once(work: Callable[[], Any]) -> Any:
    return work()


def lane_of(world: World, webhook: Webhook) -> Lane:
    sending, clock = world.services.webhook_sending, world.clock
    return Lane(webhook, sending, clock, at_once, ssl.create_default_context(), private_targets=False)


def feed(world: World, charge_point: str, *names: str) -> None:
    events = [an_event(name, ChargePointRef("acme", charge_point)) for name in names]
    world.outbox.append("acme", events, world.clock.order_key())
    entries = world.outbox.head("acme", 1000)
    world.services.webhooks.take("acme", entries)
    world.outbox.remove("acme", [entry.id for entry in entries])


async def settle() -> None:
    """Let the lane do all that it can without time passing."""
    for _ in range(500):
        await asyncio.sleep(0)


async def test_each_charge_points_events_go_in_order(
    world: World, webhook: Webhook, client: FakeClient
) -> None:
    for number in range(30):
        for name in ("CP-1", "CP-2", "CP-3"):
            feed(world, name, f"{name}/{number}")
    lane = lane_of(world, webhook)
    await settle()
    await lane.close()
    assert len(client.sent) == 90
    for name in ("CP-1", "CP-2", "CP-3"):
        assert [one for one in client.sent if one.startswith(name)] == [f"{name}/{n}" for n in range(30)]
    assert {one.status for one in world.deliveries.all("acme")} == {DeliveryStatus.DELIVERED}


async def test_a_failure_holds_back_its_own_charge_point_only(
    world: World, webhook: Webhook, client: FakeClient
) -> None:
    client.answer = lambda one: 500 if one.event_id == "bad" else 204
    feed(world, "CP-1", "bad", "after")
    feed(world, "CP-2", "other", "more")
    lane = lane_of(world, webhook)
    await settle()
    assert sorted(client.sent) == ["bad", "more", "other"]
    client.answer = lambda _: 204
    world.clock.advance(6)
    lane.wake(webhook)
    await settle()
    await lane.close()
    assert client.sent[3:] == ["bad", "after"]


async def test_a_receiver_that_is_away_is_probed_with_the_oldest(
    world: World, webhook: Webhook, client: FakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("workers.webhook_lane.time.monotonic", lambda: now[0])
    client.answer = lambda _: None
    for number in range(20):
        feed(world, f"CP-{number:02}", f"{number}")
    lane = lane_of(world, webhook)
    await settle()
    assert 3 <= len(client.sent) <= 10
    before = len(client.sent)
    lane.wake(world.services.webhooks.get("acme", webhook.id))
    await settle()
    assert len(client.sent) == before
    now[0] += 7
    lane.wake(world.services.webhooks.get("acme", webhook.id))
    await settle()
    assert client.sent[before:] == ["0"]
    client.answer = lambda _: 200
    now[0] += 1000
    lane.wake(world.services.webhooks.get("acme", webhook.id))
    await settle()
    await lane.close()
    assert sorted(client.sent[before + 1 :], key=int) == [str(number) for number in range(20)]
    shown = world.services.webhooks.get("acme", webhook.id)
    assert (shown.enabled, shown.failing_since) == (True, None)


async def test_who_mends_a_webhook_does_not_wait_for_the_next_probe(
    world: World, webhook: Webhook, client: FakeClient
) -> None:
    client.answer = lambda _: None
    for number in range(5):
        feed(world, f"CP-{number}", f"{number}")
    lane = lane_of(world, webhook)
    await settle()
    client.answer = lambda _: 200
    world.clock.advance(60)
    lane.wake(world.services.webhooks.change("acme", webhook.id, {"url": "https://example.org"}))
    await settle()
    await lane.close()
    assert {one.status for one in world.deliveries.all("acme")} == {DeliveryStatus.DELIVERED}


async def test_gone_ends_the_lanes_work(world: World, webhook: Webhook, client: FakeClient) -> None:
    client.answer = lambda _: 410
    feed(world, "CP-1", "a", "b")
    lane = lane_of(world, webhook)
    await settle()
    await lane.close()
    assert client.sent == ["a"]
    assert not world.services.webhooks.get("acme", webhook.id).enabled


async def test_without_the_store_it_waits(
    world: World, webhook: Webhook, client: FakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_lane, "_RETRY_S", 0)
    due, failures = world.deliveries.due, [Retryable("MongoDB: gone")] * 2

    def fail(*arguments: Any) -> list[Delivery]:
        if failures:
            raise failures.pop()
        return due(*arguments)

    monkeypatch.setattr(world.deliveries, "due", fail)
    feed(world, "CP-1", "a")
    lane = lane_of(world, webhook)
    for _ in range(20):
        await asyncio.sleep(0.001)
    await lane.close()
    assert client.sent == ["a"]
