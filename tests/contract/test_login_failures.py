"""Contract of `FailureRepository`."""

from concurrent.futures import ThreadPoolExecutor

from app.services.lockout import Failures
from tests.builders import at
from tests.contract.stores import Stores

LONG_AGO = at(-1440)


def test_failures_are_counted_by_key(stores: Stores) -> None:
    here, anywhere, other = (f"{stores.unique}-{name}" for name in ("here", "anywhere", "other"))
    stores.login_failures.add([here, anywhere], anywhere, at(0), LONG_AGO)
    stores.login_failures.add([other, anywhere], anywhere, at(1), LONG_AGO)
    assert stores.login_failures.find([here, anywhere, other, f"{stores.unique}-nobody"]) == {
        here: Failures(1, at(0)),
        anywhere: Failures(2, at(1)),
        other: Failures(1, at(1)),
    }
    assert stores.login_failures.find([]) == {}


def test_none_is_lost_when_many_fail_at_once(stores: Stores) -> None:
    key = f"{stores.unique}-a"
    stores.login_failures.add([key], key, at(0), LONG_AGO)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: stores.login_failures.add([key], key, at(n), LONG_AGO), range(1, 16)))
    counted = stores.login_failures.find([key])[key]
    assert counted.count == 16
    assert counted.last_at == at(15)


def test_old_failures_count_no_more(stores: Stores) -> None:
    key = f"{stores.unique}-a"
    for minute in range(3):
        stores.login_failures.add([key], key, at(minute), LONG_AGO)
    stores.login_failures.add([key], key, at(3000), at(3000 - 1440))
    assert stores.login_failures.find([key]) == {key: Failures(1, at(3000))}


def test_what_is_forgiven_is_gone_and_nothing_else(stores: Stores) -> None:
    here, there = f"{stores.unique}-here", f"{stores.unique}-there"
    stores.login_failures.add([here, there], there, at(0), LONG_AGO)
    stores.login_failures.forget([here, f"{stores.unique}-nobody"])
    assert set(stores.login_failures.find([here, there])) == {there}


def test_all_of_one_person_are_forgiven_at_once(stores: Stores) -> None:
    ann, bob = f"{stores.unique}-ann", f"{stores.unique}-bob"
    stores.login_failures.add([ann, f"{ann}-home"], ann, at(0), LONG_AGO)
    stores.login_failures.add([ann, f"{ann}-office"], ann, at(0), LONG_AGO)
    stores.login_failures.add([bob, f"{bob}-home"], bob, at(0), LONG_AGO)
    stores.login_failures.forget_all(ann)
    left = stores.login_failures.find([ann, f"{ann}-home", f"{ann}-office", bob, f"{bob}-home"])
    assert set(left) == {bob, f"{bob}-home"}


def test_the_old_ones_are_pruned(stores: Stores) -> None:
    old, new = f"{stores.unique}-old", f"{stores.unique}-new"
    stores.login_failures.add([old], old, at(0), LONG_AGO)
    stores.login_failures.add([new], new, at(10), LONG_AGO)
    assert stores.login_failures.prune(at(5)) >= 1
    assert set(stores.login_failures.find([old, new])) == {new}
