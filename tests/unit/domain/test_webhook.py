"""Webhooks: what they want, how they sign, and when they try again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.context import ChargePointRef
from app.domain.events import Event, EventChannel
from app.domain.webhook import (
    Attempt,
    Delivery,
    DeliveryStatus,
    Webhook,
    deliveries_of,
    pause_s,
    probe_pause_s,
    secret_of,
    signature,
    trial_delivery,
)
from tests.builders import NOON, an_event, at

SECRET, OTHER = secret_of(b"k" * 32), secret_of(b"o" * 32)
WEBHOOK = Webhook("wh-1", "acme", "https://example.com", SECRET, NOON, NOON)


def a_delivery() -> Delivery:
    (made,) = deliveries_of("0001-x", [an_event()], [WEBHOOK], NOON)
    return made


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """Its own example."""
    made = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_that_was_replaced_signs_for_another_day() -> None:
    rotated = WEBHOOK.with_secret(OTHER, NOON)
    early, late = int(at(86_399).timestamp()), int(at(86_400).timestamp())
    old, new = signature(SECRET, "m", early, b"x"), signature(OTHER, "m", early, b"x")
    assert rotated.signatures("m", early, b"x") == f"{new} {old}"
    assert rotated.signatures("m", late, b"x") == signature(OTHER, "m", late, b"x")


def test_no_secret_is_in_a_repr() -> None:
    assert SECRET not in repr(WEBHOOK.with_secret(OTHER, NOON))
    assert OTHER not in repr(WEBHOOK.with_secret(OTHER, NOON))


def test_the_filter_is_by_channel_and_beginning_of_the_charge_point() -> None:
    ref = ChargePointRef("acme", "DEPOT-1")
    fault = Event(EventChannel.FAULT, ref, {})
    assert WEBHOOK.wants(fault)
    assert replace(WEBHOOK, channels=(EventChannel.FAULT,), charge_point_prefix="DEPOT-").wants(fault)
    assert not replace(WEBHOOK, channels=(EventChannel.STATUS,)).wants(fault)
    assert not replace(WEBHOOK, charge_point_prefix="depot-").wants(fault)


def test_the_same_entry_makes_the_same_deliveries() -> None:
    """The relay may take an entry twice; later, and after a reordering of webhooks."""
    other = replace(WEBHOOK, id="wh-2")
    events = [an_event("a"), an_event("b")]
    first = [one.id for one in deliveries_of("0001-x", events, [WEBHOOK, other], NOON)]
    again = [one.id for one in deliveries_of("0001-x", events, [other, WEBHOOK], at(9))]
    assert sorted(first) == sorted(again)
    assert len(set(first)) == 4
    assert not set(first) & {one.id for one in deliveries_of("0002-x", events, [WEBHOOK, other], NOON)}
    foreign = replace(WEBHOOK, tenant_id="beta")
    assert not set(first) & {one.id for one in deliveries_of("0001-x", events, [foreign], NOON)}


def test_positions_are_in_the_order_of_events() -> None:
    events = [an_event(str(number)) for number in range(12)]
    entries = [f"{number:016x}-q" for number in (9, 10, 255, 256)]
    made = [one.position for entry in entries for one in deliveries_of(entry, events, [WEBHOOK], NOON)]
    assert made == sorted(made)


def test_an_answer_of_2xx_delivers() -> None:
    done = a_delivery().after(Attempt(at(3), 204, ""), 0.5)
    assert (done.status, done.attempts, done.completed_at) == (DeliveryStatus.DELIVERED, 1, at(3))


@pytest.mark.parametrize("status", [100, 199, 301, 400, 404, 500])
def test_any_other_answer_is_tried_again(status: int) -> None:
    failed = a_delivery().after(Attempt(at(3), status, "no"), 0.5)
    assert (failed.status, failed.next_at) == (DeliveryStatus.WAITING, at(8))
    assert (failed.response_status, failed.response_body) == (status, "no")


def test_pauses_double_up_to_six_hours_and_jitter() -> None:
    assert [pause_s(n, 0.5) for n in (1, 2, 3, 4)] == [5, 10, 20, 40]
    assert pause_s(1000, 0.5) == 6 * 3600
    assert (pause_s(1, 0), pause_s(1, 1)) == (4, 6)


def test_a_webhook_that_nothing_reaches_is_probed_every_ten_minutes() -> None:
    assert [probe_pause_s(n, 0.5) for n in (1, 2, 3)] == [5, 10, 20]
    assert probe_pause_s(1000, 0.5) == 600


def test_after_three_days_a_delivery_is_given_up() -> None:
    delivery, now, attempts = a_delivery(), NOON, 0
    while delivery.status is DeliveryStatus.WAITING:
        delivery = delivery.after(Attempt(now, error="gone"), 0.5)
        now, attempts = delivery.next_at, attempts + 1
    assert delivery.status is DeliveryStatus.FAILED
    assert 15 < attempts < 40
    assert delivery.completed_at is not None
    assert timedelta(days=2, hours=17) < delivery.completed_at - NOON <= timedelta(days=3)


def test_once_more_means_three_days_more_under_the_same_id() -> None:
    failed = replace(a_delivery(), status=DeliveryStatus.FAILED, attempts=20, completed_at=at(9))
    again = failed.again(at(10))
    assert (again.id, again.status, again.attempts) == (failed.id, DeliveryStatus.WAITING, 0)
    assert (again.next_at, again.give_up_at) == (at(10), at(10) + timedelta(days=3))


def test_a_test_is_an_event_of_no_charge_point() -> None:
    made = trial_delivery(WEBHOOK, "x", NOON)
    assert (made.channel, made.event_type, made.charge_point_id) == ("test", "test", "")
    assert '"charge_point_id":null' in made.body
