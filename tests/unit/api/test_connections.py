"""Connections over HTTP: who was refused, and ending one on purpose."""

from collections.abc import Callable

from app.domain.user import Role
from app.services.refusals import RefusalReason, RefusedIdentity
from tests.builders import REF, at
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

LIST = "/api/v1/refused-identities"


def refuse(world: World, *identities: str, tenant_id: str = "acme") -> None:
    world.refused_identities.record(
        tenant_id,
        [
            RefusedIdentity(name, RefusalReason.UNKNOWN, "Not known.", "192.0.2.1", at(number), at(number))
            for number, name in enumerate(identities)
        ],
    )


def test_who_was_refused_is_listed_newest_first(world: World, as_user: Callable[..., Api]) -> None:
    refuse(world, "OLD", "NEW")
    refuse(world, "ELSEWHERE", tenant_id="beta")
    items = as_user(Role.VIEWER).get(LIST).get_json()["items"]
    assert [item["identity"] for item in items] == ["NEW", "OLD"]
    assert items[0] | {"first_at": "", "last_at": ""} == {
        "identity": "NEW",
        "reason": "unknown",
        "detail": "Not known.",
        "peer": "192.0.2.1",
        "first_at": "",
        "last_at": "",
        "count": 1,
    }


def test_the_list_can_be_narrowed_to_a_reason(world: World, as_user: Callable[..., Api]) -> None:
    refuse(world, "X")
    viewer = as_user(Role.VIEWER)
    assert viewer.get(f"{LIST}?reason=wrong_credentials").get_json()["items"] == []
    assert_problem(viewer.get(f"{LIST}?reason=bad_mood"), 422, "invalid_input", "reason")


def test_an_identity_can_be_taken_off_the_list_whatever_it_looks_like(
    world: World, as_user: Callable[..., Api]
) -> None:
    refuse(world, "A/B C")
    operator = as_user(Role.OPERATOR)
    assert operator("DELETE", f"{LIST}/A%2FB%20C").status_code == 204
    assert_problem(operator("DELETE", f"{LIST}/A%2FB%20C"), 404, "not_found")


def test_a_connection_is_closed_by_the_gateway_that_holds_it(
    world: World, as_user: Callable[..., Api]
) -> None:
    world.add_charge_point("acme", "CP-1")
    operator = as_user(Role.OPERATOR)
    address = "/api/v1/chargepoints/CP-1/disconnect"
    assert_problem(operator("POST", address), 409, "conflict")
    world.services.charge_points.open_connection(REF, "gw-1", "c-1")
    answer = operator("POST", address)
    assert (answer.status_code, answer.get_json()["id"]) == (202, "CP-1")
    assert world.link.closed == [("gw-1", REF, 2)]
