"""Contract of `Outbox`."""

import pytest

from app.domain.context import ChargePointRef
from app.domain.events import Event, EventChannel
from tests.builders import an_event
from tests.contract.stores import Stores


def names(stores: Stores, limit: int = 100) -> list[list[str]]:
    """The ids of the waiting events, entry by entry."""
    return [[e.body["event_id"] for e in entry.events] for entry in stores.outbox.head(stores.id, limit)]


def test_events_come_out_whole(stores: Stores) -> None:
    ref = ChargePointRef(stores.id, "a/b")
    told = [
        Event(channel, ref, {"event_id": channel.value, "data": {"$x.y": [1, 2.5, None, True, "ü"]}})
        for channel in EventChannel
    ]
    stores.outbox.append(stores.id, told, 1)
    (entry,) = stores.outbox.head(stores.id, 1)
    assert list(entry.events) == told


def test_the_oldest_entries_come_first_whatever_the_order_they_came_in(stores: Stores) -> None:
    for key in (1_772_366_400_000_000, 1, 255, 16):
        stores.outbox.append(stores.id, [an_event(str(key))], key)
    assert names(stores) == [["1"], ["16"], ["255"], ["1772366400000000"]]
    assert names(stores, 2) == [["1"], ["16"]]
    ids = [entry.id for entry in stores.outbox.head(stores.id, 10)]
    assert ids == sorted(ids)


def test_events_that_belong_together_stay_together_in_order(stores: Stores) -> None:
    stores.outbox.append(stores.id, [an_event("a"), an_event("b"), an_event("c")], 1)
    assert names(stores) == [["a", "b", "c"]]
    assert stores.outbox.depth(stores.id) == 1


def test_two_entries_of_one_key_are_both_kept(stores: Stores) -> None:
    for name in ("a", "b"):
        stores.outbox.append(stores.id, [an_event(name)], 1)
    assert sorted(names(stores)) == [["a"], ["b"]]


def test_what_was_published_is_removed_and_nothing_else(stores: Stores) -> None:
    for key in (1, 2, 3):
        stores.outbox.append(stores.id, [an_event(str(key))], key)
    first, second, _ = stores.outbox.head(stores.id, 3)
    stores.outbox.remove(stores.id, [first.id, second.id, "gone already"])
    stores.outbox.remove(stores.id, [])
    assert names(stores) == [["3"]]
    assert stores.outbox.depth(stores.id) == 1


def test_another_tenants_outbox_is_another(stores: Stores) -> None:
    stores.outbox.append(stores.id, [an_event()], 1)
    assert stores.outbox.head("t-without-any", 10) == []
    assert stores.outbox.depth("t-without-any") == 0


@pytest.mark.integration
def test_more_than_one_document_can_hold_is_kept_in_several_in_order(real: Stores) -> None:
    """A batch of large meter values must not fail for the size of its events."""
    large = "x" * 300_000
    told = [
        Event(EventChannel.METER_VALUE, ChargePointRef(real.id, "CP-1"), {"event_id": str(n), "data": large})
        for n in range(60)
    ]
    real.outbox.append(real.id, told, 5)
    real.outbox.append(real.id, [an_event("next")], 6)
    read = [name for entry in names(real) for name in entry]
    assert read == [*(str(number) for number in range(60)), "next"]


def test_an_entry_knows_its_place_in_the_order(stores: Stores) -> None:
    stores.outbox.append(stores.id, [an_event("a")], 1_700_000_000_000_000)
    (entry,) = stores.outbox.head(stores.id, 1)
    assert entry.order_key == 1_700_000_000_000_000
