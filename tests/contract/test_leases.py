"""Contract of leases."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.builders import NOON, at
from tests.contract.stores import Stores


def test_of_two_one_holds_it_until_its_time_is_over(stores: Stores) -> None:
    name = f"lease-{stores.unique}"
    assert stores.leases.hold(name, "a", NOON, 10) is True
    assert stores.leases.hold(name, "b", at(9), 10) is False
    assert stores.leases.hold(name, "b", at(10.5), 10) is True
    assert stores.leases.hold(name, "a", at(11), 10) is False


def test_its_holder_renews_it(stores: Stores) -> None:
    name = f"lease-{stores.unique}"
    for seconds in (0, 8, 16):
        assert stores.leases.hold(name, "a", at(seconds), 10) is True
    assert stores.leases.hold(name, "b", at(25), 10) is False


def test_only_its_holder_releases_it(stores: Stores) -> None:
    name = f"lease-{stores.unique}"
    stores.leases.hold(name, "a", NOON, 10)
    stores.leases.release(name, "b")
    assert stores.leases.hold(name, "b", at(1), 10) is False
    stores.leases.release(name, "a")
    stores.leases.release(name, "a")
    assert stores.leases.hold(name, "b", at(1), 10) is True


def test_names_do_not_disturb_each_other(stores: Stores) -> None:
    for name in (f"one-{stores.unique}", f"two-{stores.unique}"):
        assert stores.leases.hold(name, name, NOON, 10) is True


def test_an_installation_keeps_its_name(stores: Stores) -> None:
    assert stores.leases.installation_id() == stores.leases.installation_id() != ""


@pytest.mark.integration
def test_of_many_that_ask_together_one_holds_it(real: Stores) -> None:
    with ThreadPoolExecutor(8) as pool:
        held = list(
            pool.map(lambda n: real.leases.hold(f"lease-{real.unique}", f"h-{n}", NOON, 10), range(8))
        )
    assert sorted(held) == [False] * 7 + [True]
