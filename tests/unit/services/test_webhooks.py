"""Webhooks: fed by the outbox, changed by people, and given up in the end."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.domain.errors import Conflict, InvalidInput, NotFound, QuotaExceeded
from app.domain.events import EventChannel
from app.domain.webhook import MAX_WEBHOOKS, Attempt, DeliveryStatus, Webhook
from app.services.webhooks import WebhookService
from tests.builders import an_event
from tests.fakes.world import World, fake_world

URL = "https://example.com/hook"


@pytest.fixture
def world() -> World:
    return fake_world()


@pytest.fixture
def service(world: World) -> WebhookService:
    return world.services.webhooks


def make(service: WebhookService, **fields: Any) -> Webhook:
    return service.create("acme", URL, fields)


def take(world: World, *names: str) -> int:
    """What the relay does with new events."""
    world.clock.advance(1)
    for name in names:
        world.outbox.append("acme", [an_event(name)], world.clock.order_key())
    entries = world.outbox.head("acme", 100)
    count = world.services.webhooks.take("acme", entries)
    world.outbox.remove("acme", [entry.id for entry in entries])
    return count


def test_each_webhook_has_a_secret_of_its_own(service: WebhookService) -> None:
    first, second = make(service), make(service)
    assert first.secret.startswith("whsec_")
    assert first.secret != second.secret


def test_there_is_a_limit(service: WebhookService) -> None:
    for _ in range(MAX_WEBHOOKS):
        make(service)
    with pytest.raises(QuotaExceeded):
        make(service)
    service.create("beta", URL, {})


def test_an_address_is_checked_when_it_is_made_and_when_it_changes(service: WebhookService) -> None:
    with pytest.raises(InvalidInput) as refused:
        service.create("acme", "http://example.com", {})
    assert set(refused.value.problems) == {"url"}
    webhook = make(service)
    with pytest.raises(InvalidInput):
        service.change("acme", webhook.id, {"url": "https://10.0.0.1/"})
    assert service.get("acme", webhook.id).url == URL


def test_events_become_deliveries_once(world: World, service: WebhookService) -> None:
    make(service)
    world.outbox.append("acme", [an_event("a"), an_event("b")], 1)
    entries = world.outbox.head("acme", 10)
    assert [service.take("acme", entries), service.take("acme", entries)] == [2, 2]
    assert [one.event_id for one in world.deliveries.all("acme")] == ["a", "b"]
    assert world.link.woken_for_webhooks


def test_a_tenant_without_webhooks_costs_one_look_a_second(
    world: World, service: WebhookService, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []

    def look(tenant_id: str) -> list[Webhook]:
        looks.append(tenant_id)
        return []

    monkeypatch.setattr(world.webhooks, "all", look)
    world.outbox.append("acme", [an_event("a")], 1)
    for _ in range(5):
        assert service.take("acme", world.outbox.head("acme", 10)) == 0
    assert looks == ["acme"]
    world.clock.advance(1)
    service.take("acme", world.outbox.head("acme", 10))
    assert looks == ["acme"] * 2


def test_only_what_it_wants(world: World, service: WebhookService) -> None:
    make(service, channels=(EventChannel.FAULT,))
    make(service, charge_point_prefix="OTHER-")
    make(service, enabled=False)
    assert take(world, "a") == 0


def test_a_disabled_webhook_is_not_fed_and_what_waits_goes_when_it_is_enabled(
    world: World, service: WebhookService
) -> None:
    webhook = make(service)
    take(world, "a")
    service.disable(webhook, "no reason")
    assert take(world, "b") == 0
    shown = service.get("acme", webhook.id)
    assert (shown.enabled, shown.disabled_reason) == (False, "no reason")
    with pytest.raises(Conflict):
        service.try_out("acme", webhook.id)
    again = service.change("acme", webhook.id, {"enabled": True})
    assert (again.disabled_reason, again.failing_since) == (None, None)
    assert [one.event_id for one in world.deliveries.due(again, world.clock.now(), 10)] == ["a"]


def test_another_tenants_are_not_there(world: World, service: WebhookService) -> None:
    webhook = make(service)
    delivery = service.try_out("acme", webhook.id)
    for call in (
        lambda: service.get("beta", webhook.id),
        lambda: service.change("beta", webhook.id, {"enabled": False}),
        lambda: service.remove("beta", webhook.id),
        lambda: service.rotate_secret("beta", webhook.id),
        lambda: service.try_out("beta", webhook.id),
        lambda: service.get_delivery("beta", webhook.id, delivery.id),
        lambda: service.redeliver("beta", webhook.id, delivery.id),
        lambda: service.get_delivery("acme", "wh-other", delivery.id),
    ):
        with pytest.raises(NotFound):
            call()
    assert service.get("acme", webhook.id) == webhook


def test_a_webhook_goes_with_its_deliveries(world: World, service: WebhookService) -> None:
    webhook = make(service)
    service.try_out("acme", webhook.id)
    service.remove("acme", webhook.id)
    assert world.deliveries.all("acme") == []


# --- sending -----------------------------------------------------------------------------------------


def attempt(world: World, status: int | None = None, error: str | None = None) -> Attempt:
    return Attempt(world.clock.now(), status, None, error)


def send(world: World, webhook: Webhook, status: int | None) -> Webhook:
    """The next one that is due."""
    sending = world.services.webhook_sending
    (first, *_) = sending.due(webhook, 10)
    return sending.settle(webhook, [(first, attempt(world, status))])


def test_what_fails_holds_back_its_charge_point_for_a_while(world: World, service: WebhookService) -> None:
    webhook = make(service)
    take(world, "a", "b")
    webhook = send(world, webhook, 500)
    assert world.services.webhook_sending.due(webhook, 10) == []
    world.clock.advance(5)
    assert [one.event_id for one in world.services.webhook_sending.due(webhook, 10)] == ["a", "b"]
    for _ in range(5):
        world.clock.advance(3600)
        webhook = send(world, webhook, 500)
    assert [one.event_id for one in world.services.webhook_sending.due(webhook, 10)] == ["b"]


def test_when_something_comes_through_again_all_is_due_in_order(
    world: World, service: WebhookService
) -> None:
    webhook = make(service)
    take(world, "a", "b")
    webhook = send(world, webhook, None)
    assert webhook.failing_since == world.clock.now()
    assert service.get("acme", webhook.id).failing_since == world.clock.now()
    (oldest,) = world.services.webhook_sending.probe(webhook)
    webhook = world.services.webhook_sending.settle(webhook, [(oldest, attempt(world, 200))])
    assert (oldest.event_id, webhook.failing_since) == ("a", None)
    assert service.get("acme", webhook.id).failing_since is None
    assert [one.event_id for one in world.services.webhook_sending.due(webhook, 10)] == ["b"]


def test_gone_disables(world: World, service: WebhookService) -> None:
    webhook = make(service)
    take(world, "a")
    assert not send(world, webhook, 410).enabled
    assert service.get("acme", webhook.id).disabled_reason == "The receiver answered 410 Gone."


def test_three_days_of_silence_disable(world: World, service: WebhookService) -> None:
    webhook = make(service)
    take(world, "a")
    webhook = send(world, webhook, None)
    world.clock.advance(3 * 86_400)
    take(world, "b")
    (oldest,) = world.services.webhook_sending.probe(webhook)
    webhook = world.services.webhook_sending.settle(webhook, [(oldest, attempt(world, error="no"))])
    assert not webhook.enabled
    assert "Nothing has come through since 2026-03-01" in (
        service.get("acme", webhook.id).disabled_reason or ""
    )


def test_a_failed_delivery_is_sent_once_more_alone_or_with_others(
    world: World, service: WebhookService
) -> None:
    webhook = make(service)
    take(world, "a", "b", "c")
    first, second, third = world.deliveries.all("acme")
    failed = [replace(one, status=DeliveryStatus.FAILED) for one in (first, second)]
    delivered = replace(third, status=DeliveryStatus.DELIVERED)
    world.deliveries.record("acme", [*failed, delivered])
    assert service.redeliver("acme", webhook.id, third.id).status is DeliveryStatus.WAITING
    assert service.redeliver_failed("acme", webhook.id, first.created_at) == 2
    assert service.redeliver_failed("acme", webhook.id, first.created_at) == 0
    assert [one.event_id for one in world.deliveries.due(webhook, world.clock.now(), 10)] == ["a", "b", "c"]


def test_the_log_is_kept_for_a_week_and_nothing_waits_for_ever(world: World, service: WebhookService) -> None:
    webhook = make(service)
    take(world, "a")
    service.disable(webhook, "no reason")
    world.clock.advance(timedelta(days=3, seconds=1).total_seconds())
    assert service.sweep("acme") == 1
    (given_up,) = world.deliveries.all("acme")
    assert (given_up.status, given_up.error) == (DeliveryStatus.FAILED, "It waited for too long.")
    assert service.sweep("acme") == 0
    world.clock.advance(timedelta(days=4).total_seconds())
    assert service.sweep("acme") == 1
    assert world.deliveries.all("acme") == []
