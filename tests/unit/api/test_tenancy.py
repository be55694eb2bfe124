"""Whose data a request sees."""

from app.domain.charge_point import Registration
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

LIST = "/api/v1/chargepoints"


def test_a_platform_admin_names_the_tenant(platform_admin: Api, world: World) -> None:
    world.add_charge_point("beta", "CP-1", Registration.ACCEPTED)
    assert_problem(platform_admin.get(LIST), 422, "invalid_input", "X-Tenant-Id")
    for answer in (
        platform_admin.get(LIST, headers={"X-Tenant-Id": "beta"}),
        platform_admin.get(f"{LIST}?tenant_id=beta&limit=10"),
    ):
        assert [item["id"] for item in answer.get_json()["items"]] == ["CP-1"]
    assert_problem(platform_admin.get(LIST, headers={"X-Tenant-Id": "nobody"}), 404, "not_found")


def test_everybody_else_is_at_home_only(operator: Api, world: World) -> None:
    world.add_charge_point("beta", "CP-1")
    assert operator.get(LIST, headers={"X-Tenant-Id": "acme"}).get_json()["items"] == []
    for name in ("beta", "nobody"):
        assert_problem(operator.get(LIST, headers={"X-Tenant-Id": name}), 404, "not_found")
        assert_problem(operator.get(f"{LIST}?tenant_id={name}"), 404, "not_found")


def test_another_tenants_things_do_not_exist(operator: Api, platform_admin: Api, world: World) -> None:
    world.add_charge_point("beta", "CP-1")
    sent = platform_admin.post(
        f"{LIST}/CP-1/commands",
        {"command_type": "reset", "parameters": {"type": "Soft"}},
        headers={"X-Tenant-Id": "beta"},
    ).get_json()
    assert_problem(operator.get(f"{LIST}/CP-1"), 404, "not_found")
    assert_problem(operator.get(f"/api/v1/commands/{sent['id']}"), 404, "not_found")
    body = {"command_type": "reset", "parameters": {"type": "Soft"}}
    assert_problem(operator.post(f"{LIST}/CP-1/commands", body), 404, "not_found")
    assert operator.get("/api/v1/commands").get_json()["items"] == []


def test_the_same_names_in_two_tenants_are_two_things(
    operator: Api, platform_admin: Api, world: World
) -> None:
    world.add_charge_point("acme", "CP-1", Registration.ACCEPTED)
    world.add_charge_point("beta", "CP-1", Registration.PENDING)
    assert operator.get(f"{LIST}/CP-1").get_json()["registration"] == "Accepted"
    other = platform_admin.get(f"{LIST}/CP-1", headers={"X-Tenant-Id": "beta"}).get_json()
    assert (other["registration"], other["tenant_id"]) == ("Pending", "beta")
