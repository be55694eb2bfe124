"""Contract of `LastSeen`."""

from datetime import datetime

from tests.builders import NOON, at
from tests.contract.stores import Stores


def heard_before(stores: Stores, seconds: float) -> dict[str, datetime]:
    return stores.last_seen.heard_before({stores.id: at(seconds)}).get(stores.id, {})


def test_the_newest_time_is_kept(stores: Stores) -> None:
    for seconds in (5, 9.25, 7):
        assert stores.last_seen.touch(stores.id, {"CP-1": at(seconds)}) == frozenset()
    assert stores.last_seen.heard_since(stores.id, NOON) == {"CP-1": at(9.25)}


def test_before_is_strict_and_since_is_not(stores: Stores) -> None:
    stores.last_seen.touch(stores.id, {"CP-1": at(1), "CP-2": at(2), "CP-3": at(3)})
    assert set(heard_before(stores, 2)) == {"CP-1"}
    assert set(stores.last_seen.heard_since(stores.id, at(2))) == {"CP-2", "CP-3"}


def test_the_silent_are_on_no_list_until_they_speak(stores: Stores) -> None:
    stores.last_seen.touch(stores.id, {"CP-1": at(1), "CP-2": at(1)})
    stores.last_seen.mark_silent(stores.id, "CP-1")
    assert set(heard_before(stores, 99)) == {"CP-2"}
    assert stores.last_seen.touch(stores.id, {"CP-1": at(2), "CP-2": at(2)}) == {"CP-1"}
    assert stores.last_seen.touch(stores.id, {"CP-1": at(3)}) == frozenset()
    assert stores.last_seen.heard_since(stores.id, NOON) == {"CP-1": at(3), "CP-2": at(2)}


def test_the_forgotten_are_neither_heard_nor_silent(stores: Stores) -> None:
    stores.last_seen.touch(stores.id, {"CP-1": at(1), "CP-2": at(1)})
    stores.last_seen.mark_silent(stores.id, "CP-2")
    for name in ("CP-1", "CP-2", "nobody"):
        stores.last_seen.forget(stores.id, name)
    assert stores.last_seen.heard_since(stores.id, NOON) == {}
    assert stores.last_seen.touch(stores.id, {"CP-2": at(2)}) == frozenset()


def test_nobody_heard_is_nobody(stores: Stores) -> None:
    assert stores.last_seen.touch(stores.id, {}) == frozenset()
    assert heard_before(stores, 99) == {}


def test_tenants_are_apart(stores: Stores) -> None:
    stores.last_seen.touch(stores.id, {"CP-1": at(1)})
    stores.last_seen.mark_silent(stores.id, "CP-2")
    other = f"{stores.id}-other"
    assert stores.last_seen.heard_since(other, NOON) == {}
    assert stores.last_seen.touch(other, {"CP-2": at(1)}) == frozenset()


def test_all_of_a_tenant_goes(stores: Stores) -> None:
    stores.last_seen.touch(stores.id, {"CP-1": at(1), "CP-2": at(1)})
    stores.last_seen.mark_silent(stores.id, "CP-2")
    stores.last_seen.remove_all(stores.id)
    assert stores.last_seen.heard_since(stores.id, NOON) == {}
    assert stores.last_seen.touch(stores.id, {"CP-2": at(2)}) == frozenset()
