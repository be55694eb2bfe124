"""Contract of `WebhookRepository` and `DeliveryRepository`."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from app.domain.context import ChargePointRef
from app.domain.events import EventChannel
from app.domain.webhook import (
    ORDERED_ATTEMPTS,
    Delivery,
    DeliveryStatus,
    Webhook,
    deliveries_of,
    secret_of,
)
from app.services.ports import PageRequest
from tests.builders import NOON, an_event, at
from tests.contract.stores import Stores


def a_webhook(stores: Stores, name: str = "wh-1", **fields: Any) -> Webhook:
    return Webhook(name, stores.id, "https://example.com", secret_of(b"x" * 32), NOON, NOON, **fields)


def some(
    stores: Stores, entry: str, *names: str, charge_point: str = "CP-1", now: datetime = NOON
) -> list[Delivery]:
    events = [an_event(name, ChargePointRef(stores.id, charge_point)) for name in names]
    return list(deliveries_of(entry, events, [a_webhook(stores)], now))


def names(found: list[Delivery]) -> list[str]:
    return [delivery.event_id for delivery in found]


def test_a_webhook_is_kept_as_it_is(stores: Stores) -> None:
    full = a_webhook(
        stores,
        channels=(EventChannel.FAULT, EventChannel.STATUS),
        charge_point_prefix="DEPOT-",
        description="for people",
        enabled=False,
        disabled_reason="gone",
        failing_since=at(1),
        old_secret=secret_of(b"y" * 32),
        old_secret_until=at(2),
    )
    stores.webhooks.insert(full)
    stores.webhooks.insert(bare := a_webhook(stores, "wh-2"))
    assert stores.webhooks.find(stores.id, "wh-1") == full
    assert stores.webhooks.all(stores.id) == [full, bare]
    assert stores.webhooks.list_page(stores.id, PageRequest(1)).items == (full,)
    assert stores.webhooks.find(stores.id, "wh-3") is None
    assert stores.webhooks.all("t-without-any") == []


def test_changes_from_two_sides_do_not_undo_each_other(stores: Stores) -> None:
    stores.webhooks.insert(a_webhook(stores))
    stores.webhooks.change(stores.id, "wh-1", {"failing_since": at(1)})
    changed = stores.webhooks.change(stores.id, "wh-1", {"channels": (EventChannel.FAULT,)})
    assert changed == a_webhook(stores, failing_since=at(1), channels=(EventChannel.FAULT,))
    assert stores.webhooks.change(stores.id, "wh-2", {"enabled": False}) is None
    assert stores.webhooks.find(stores.id, "wh-2") is None


def test_a_delivery_is_kept_as_it_is_and_added_once(stores: Stores) -> None:
    first, second = some(stores, "0001-a", "a", "b")
    stores.deliveries.add(stores.id, [first])
    done = replace(
        first,
        status=DeliveryStatus.DELIVERED,
        attempts=2,
        last_attempt_at=at(1),
        completed_at=at(1),
        response_status=200,
        response_body="ok",
        error="no",
    )
    stores.deliveries.record(stores.id, [done])
    stores.deliveries.add(stores.id, [first, second])
    assert stores.deliveries.find(stores.id, first.id) == done
    assert stores.deliveries.find(stores.id, second.id) == second
    assert stores.deliveries.find("t-without-any", first.id) is None


def test_what_was_removed_stays_away(stores: Stores) -> None:
    stores.webhooks.insert(a_webhook(stores))
    (waiting,) = some(stores, "0001-a", "a")
    stores.deliveries.add(stores.id, [waiting])
    stores.webhooks.remove(stores.id, "wh-1")
    stores.deliveries.record(stores.id, [waiting])
    assert stores.deliveries.find(stores.id, waiting.id) is None
    assert stores.webhooks.all(stores.id) == []


def test_what_is_due_comes_in_the_order_of_events(stores: Stores) -> None:
    webhook = a_webhook(stores)
    later, first = some(stores, "0002-b", "c", "d"), some(stores, "0001-a", "a", "b")
    stores.deliveries.add(stores.id, [*later, *first])
    assert names(stores.deliveries.due(webhook, NOON, 10)) == ["a", "b", "c", "d"]
    assert names(stores.deliveries.due(webhook, NOON, 3)) == ["a", "b", "c"]
    assert stores.deliveries.due(webhook, at(-1), 10) == []
    assert stores.deliveries.due(replace(webhook, id="wh-2"), NOON, 10) == []
    assert stores.deliveries.oldest(replace(webhook, id="wh-2")) is None


def test_what_failed_holds_back_its_charge_point_until_it_is_hopeless(stores: Stores) -> None:
    webhook = a_webhook(stores)
    first, second = some(stores, "0001-a", "a", "b")
    (other,) = some(stores, "0002-b", "other", charge_point="CP-2")
    stores.deliveries.add(stores.id, [first, second, other])
    stores.deliveries.record(stores.id, [replace(first, attempts=1, next_at=at(9))])
    assert names(stores.deliveries.due(webhook, NOON, 10)) == ["other"]
    assert names(stores.deliveries.due(webhook, at(9), 10)) == ["a", "b", "other"]
    stores.deliveries.record(stores.id, [replace(first, attempts=ORDERED_ATTEMPTS, next_at=at(9))])
    assert names(stores.deliveries.due(webhook, NOON, 10)) == ["b", "other"]
    oldest = stores.deliveries.oldest(webhook)
    assert oldest is not None
    assert oldest.event_id == "a"
    stores.deliveries.hasten(webhook, NOON)
    assert names(stores.deliveries.due(webhook, NOON, 10)) == ["a", "b", "other"]


def test_what_failed_since_then_waits_again(stores: Stores) -> None:
    webhook = a_webhook(stores)
    old, (new, delivered) = some(stores, "0001-a", "old"), some(stores, "0002-b", "new", "done", now=at(5))
    failed: dict[str, Any] = {"status": DeliveryStatus.FAILED, "attempts": 20, "completed_at": at(6)}
    stores.deliveries.add(
        stores.id,
        [
            replace(old[0], **failed),
            replace(new, **failed),
            replace(delivered, status=DeliveryStatus.DELIVERED),
        ],
    )
    assert stores.deliveries.redeliver_failed(replace(webhook, id="wh-2"), at(5), at(10)) == 0
    assert stores.deliveries.redeliver_failed(webhook, at(5), at(10)) == 1
    assert stores.deliveries.find(stores.id, new.id) == new.again(at(10))
    assert names(stores.deliveries.due(webhook, at(10), 10)) == ["new"]


def test_the_log_is_filtered_and_paged(stores: Stores) -> None:
    for number in range(5):
        stores.deliveries.add(
            stores.id,
            some(stores, f"000{number}-a", str(number), charge_point=f"CP-{number % 2}", now=at(number)),
        )
    first = stores.deliveries.list_page(stores.id, PageRequest(2, None, {"webhook_id": "wh-1"}))
    assert names(list(first.items)) == ["4", "3"]
    rest = stores.deliveries.list_page(stores.id, PageRequest(9, first.next_cursor, {"webhook_id": "wh-1"}))
    assert names(list(rest.items)) == ["2", "1", "0"]
    only = PageRequest(9, None, {"webhook_id": "wh-1", "charge_point_id": "CP-1", "status": "waiting"})
    assert names(list(stores.deliveries.list_page(stores.id, only).items)) == ["3", "1"]


def test_what_waited_for_too_long_fails_and_what_is_old_is_forgotten(stores: Stores) -> None:
    (overdue,) = some(stores, "0001-a", "overdue")
    (waiting,) = some(stores, "0002-a", "waiting", now=at(9))
    stores.deliveries.add(stores.id, [overdue, waiting])
    late = overdue.give_up_at + timedelta(seconds=1)
    assert stores.deliveries.prune(stores.id, at(10)) == 0
    assert stores.deliveries.give_up(stores.id, late) == 1
    found = stores.deliveries.find(stores.id, overdue.id)
    assert found is not None
    assert (found.status, found.completed_at) == (DeliveryStatus.FAILED, late)
    assert names(stores.deliveries.due(a_webhook(stores), late, 10)) == ["waiting"]
    assert stores.deliveries.prune(stores.id, at(10)) == 1
    assert stores.deliveries.find(stores.id, overdue.id) is None
    assert stores.deliveries.find(stores.id, waiting.id) == waiting
