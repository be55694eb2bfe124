"""The sender: lanes for the webhooks of tenants that are served, while it holds the lease."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.domain.errors import Retryable
from app.domain.tenant import TenantStatus
from app.domain.webhook import Webhook
from app.process import Process
from tests.fakes.leases import FakeLeases
from tests.fakes.world import World
from workers import webhooks as program
from workers.sweeps import prune_deliveries
from workers.webhooks import Sender

LEASE = "webhook-sender"


class FakeLane:
    """Notes how it was woken and closed."""

    made: list["FakeLane"]

    def __init__(self, webhook: Webhook, *_: Any, **__: Any) -> None:
        self.webhook = webhook
        self.woken = 0
        self.closed = False
        FakeLane.made.append(self)

    def wake(self, webhook: Webhook) -> None:
        self.webhook = webhook
        self.woken += 1

    async def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def lanes(monkeypatch: pytest.MonkeyPatch) -> list[FakeLane]:
    FakeLane.made = []
    monkeypatch.setattr(program, "Lane", FakeLane)
    monkeypatch.setattr(program, "_RETRY_S", 0.001)
    return FakeLane.made


@pytest.fixture
def sender(process: Process) -> Sender:
    return Sender(process)


def run(sender: Sender, monkeypatch: pytest.MonkeyPatch, *steps: Callable[[], str | None]) -> None:
    """Each step is one wait for a wake: what happens meanwhile, and which tenant it is that has news."""
    left = list(steps)

    def wait(_timeout_s: float) -> str | None:
        if left:
            return left.pop(0)()
        sender.stop()
        return None

    monkeypatch.setattr(sender._link, "wait_for_webhooks", wait, raising=False)
    asyncio.run(sender.run())


def make(world: World, tenant_id: str = "acme") -> Webhook:
    return world.services.webhooks.create(tenant_id, "https://example.com", {})


def test_each_webhook_that_is_enabled_has_a_lane(
    sender: Sender, world: World, lanes: list[FakeLane], monkeypatch: pytest.MonkeyPatch
) -> None:
    webhooks = [make(world), make(world), make(world, "beta")]
    world.services.webhooks.disable(make(world), "no")
    run(sender, monkeypatch)
    assert {lane.webhook.id for lane in lanes} == {webhook.id for webhook in webhooks}
    assert all(lane.woken == 1 and lane.closed for lane in lanes)


def test_a_wake_brings_new_webhooks_and_ends_others(
    sender: Sender, world: World, lanes: list[FakeLane], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = make(world)
    seen: list[Any] = []

    def change() -> str:
        make(world)
        world.services.webhooks.disable(old, "no")
        return "acme"

    def look() -> None:
        seen.append([(lane.webhook.id == old.id, lane.woken, lane.closed) for lane in lanes])

    run(sender, monkeypatch, change, look, look)
    assert seen[-1] == [(True, 1, True), (False, 1, False)]


def test_webhooks_that_nobody_can_read_stop_no_other_tenant(
    sender: Sender, world: World, lanes: list[FakeLane], monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = make(world, "beta")
    enabled = world.services.webhooks.enabled

    def break_on_one(tenant_id: str) -> list[Webhook]:
        if tenant_id == "acme":
            raise KeyError("url")
        return enabled(tenant_id)

    monkeypatch.setattr(world.services.webhooks, "enabled", break_on_one)
    run(sender, monkeypatch, lambda: "acme")
    assert [lane.webhook.id for lane in lanes] == [theirs.id]


def test_a_suspended_tenant_is_not_served(
    sender: Sender, world: World, lanes: list[FakeLane], monkeypatch: pytest.MonkeyPatch
) -> None:
    make(world)
    tenant = world.services.tenants.get("acme")
    world.tenants.replace(replace(tenant, status=TenantStatus.SUSPENDED))
    world.services.tenants.directory.refresh()
    run(sender, monkeypatch, lambda: "acme")
    assert lanes == []


def test_who_stands_by_sends_nothing(
    sender: Sender, world: World, lanes: list[FakeLane], leases: FakeLeases, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(world)
    leases.hold(LEASE, "another process", world.clock.now(), 15)
    asked = []
    hold = leases.hold

    def count(*arguments: Any) -> bool:
        asked.append(arguments)
        if len(asked) > 2:
            sender.stop()
        return hold(*arguments)

    monkeypatch.setattr(leases, "hold", count)
    run(sender, monkeypatch)
    assert lanes == []
    assert leases.holder(LEASE) == "another process"


def test_without_redis_it_looks_by_itself_and_the_lease_is_given_back(
    sender: Sender, world: World, lanes: list[FakeLane], leases: FakeLeases, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose() -> str:
        make(world)
        raise Retryable("Redis: gone")

    run(sender, monkeypatch, lose)
    assert len(lanes) == 1
    assert leases.holder(LEASE) is None


def test_old_deliveries_are_swept(process: Process, world: World) -> None:
    webhook = make(world)
    world.services.webhooks.try_out("acme", webhook.id)
    world.clock.advance(8 * 86_400)
    prune_deliveries(process, process.services.tenants.directory.all())
    assert world.deliveries.all("acme") == []
