"""What charge points are forgiven, over HTTP."""

from collections.abc import Callable

from app.domain.tenant import Tenant
from app.domain.user import Role
from app.services.batch import Batch
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

ADDRESS = "/api/v1/chargepoints/CP-1/deviations"


def deviate(world: World, tenant: Tenant) -> None:
    batch = Batch(tenant)
    batch.deviated("CP-1", ["wrong_type", "wrong_type"])
    world.deviations.add(batch)


def test_the_counts_are_shown_and_can_begin_anew(world: World, as_user: Callable[..., Api]) -> None:
    world.add_charge_point("acme", "CP-1")
    deviate(world, world.services.tenants.get("acme"))
    operator = as_user(Role.OPERATOR)
    assert operator.get(ADDRESS).get_json()["counts"] == {"wrong_type": 2}
    assert operator("DELETE", ADDRESS).status_code == 204
    assert operator.get(ADDRESS).get_json() == {"counts": {}, "since": None, "last_at": None}


def test_an_unknown_charge_point_has_none(as_user: Callable[..., Api]) -> None:
    assert_problem(as_user(Role.OPERATOR).get(ADDRESS), 404, "not_found")
