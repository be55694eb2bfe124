"""However many tenants there are, a sweep visits so many a second, and each of them in its turn."""

import pytest

from tests.builders import a_tenant
from workers.turns import TENANTS_PER_S, tenants_of_turn

THOUSAND = [a_tenant(f"tenant-{number}") for number in range(1000)]


def test_a_few_tenants_are_visited_each_time() -> None:
    few = THOUSAND[: TENANTS_PER_S * 5]
    assert list(tenants_of_turn(few, 5.0, turn=0)) == few == list(tenants_of_turn(few, 5.0, turn=17))


@pytest.mark.parametrize("every_s", [0.5, 5.0, 15.0])
def test_of_many_no_more_are_visited_than_in_so_many_seconds(every_s: float) -> None:
    for turn in range(100):
        assert 0 < len(tenants_of_turn(THOUSAND, every_s, turn)) <= TENANTS_PER_S * every_s


def test_each_has_its_turn_once_in_a_round() -> None:
    first_turn = 123
    visited = [
        tenant.id for turn in range(10) for tenant in tenants_of_turn(THOUSAND, 5.0, first_turn + turn)
    ]
    assert sorted(visited) == sorted(tenant.id for tenant in THOUSAND)


def test_without_tenants_nobody_is_visited() -> None:
    assert list(tenants_of_turn([], 5.0, turn=3)) == []
