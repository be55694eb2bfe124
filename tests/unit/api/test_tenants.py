"""Tenants over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest

from app.domain.user import Role
from tests.fakes.world import World
from tests.unit.api.calls import PASSWORD, Api, assert_problem

TENANTS = "/api/v1/tenants"
GAMMA = {"id": "gamma", "name": "Gamma", "charge_point_prefix": "GAMMA-"}
ADMIN = {"email": "boss@gamma.example", "password": PASSWORD}


def test_creating_a_tenant(platform_admin: Api, anybody: Api) -> None:
    body = GAMMA | {"configuration": {"queue_enabled": False}, "admin": ADMIN}
    answer = platform_admin.post(TENANTS, body)
    assert answer.status_code == 201
    tenant = answer.get_json()
    assert {name: tenant[name] for name in ("id", "tenant_id", "name", "database_name", "status")} == {
        "id": "gamma",
        "tenant_id": "gamma",
        "name": "Gamma",
        "database_name": "ocpp_gamma",
        "status": "active",
    }
    assert (tenant["charge_point_prefix"], tenant["charge_point_prefixes"]) == ("GAMMA-", ["GAMMA-"])
    assert tenant["configuration"]["queue_enabled"] is False
    assert tenant["configuration"]["heartbeat_interval"] == 300
    assert platform_admin.get(answer.headers["Location"]).get_json() == tenant
    token = anybody.post("/api/v1/auth/login", ADMIN).get_json()["access_token"]
    assert Api(anybody.client, token).get(f"{TENANTS}/gamma").status_code == 200


def test_prefix_configuration_and_admin_may_be_left_out(platform_admin: Api) -> None:
    tenant = platform_admin.post(TENANTS, {"tenant_id": "gamma", "name": "Gamma"}).get_json()
    assert (tenant["charge_point_prefix"], tenant["charge_point_prefixes"]) == (None, [])


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"id", "name"}),
        (GAMMA | {"id": "Ga mma"}, {"id"}),
        (GAMMA | {"id": "platform"}, {"id"}),
        (GAMMA | {"id": 5, "name": None}, {"id", "name"}),
        (GAMMA | {"name": " "}, {"name"}),
        (GAMMA | {"charge_point_prefix": "a/b"}, {"charge_point_prefix"}),
        (GAMMA | {"charge_point_prefix": ["A-"]}, {"charge_point_prefix"}),
        (GAMMA | {"colour": "red"}, {"colour"}),
        (GAMMA | {"configuration": {"queue_enabled": "yes", "speed": 1}}, {"queue_enabled", "speed"}),
        (GAMMA | {"configuration": 5}, {"configuration"}),
        (GAMMA | {"admin": ADMIN | {"email": "nonsense"}}, {"admin.email"}),
        (GAMMA | {"admin": ADMIN | {"password": "short"}}, {"admin.password"}),
        (GAMMA | {"admin": {"name": "x"}}, {"admin.email", "admin.password", "admin.name"}),
    ],
)
def test_nonsense_leaves_nothing_behind(
    platform_admin: Api, world: World, body: dict[str, Any], fields: set[str]
) -> None:
    assert_problem(platform_admin.post(TENANTS, body), 422, "invalid_input", *fields)
    assert {tenant.id for tenant in world.tenants.all()} == {"acme", "beta"}


def test_what_is_taken_leaves_nothing_behind(platform_admin: Api, world: World) -> None:
    taken_email = GAMMA | {"admin": ADMIN | {"email": "Operator@acme.example"}}
    for body in (GAMMA | {"id": "acme"}, GAMMA | {"charge_point_prefix": "ACME-"}, taken_email):
        assert_problem(platform_admin.post(TENANTS, body), 409, "conflict")
    assert {tenant.id for tenant in world.tenants.all()} == {"acme", "beta"}
    assert world.users.find_by_email(ADMIN["email"]) is None


def test_configuring_a_part_answers_the_whole(tenant_admin: Api, world: World) -> None:
    answer = tenant_admin.put(f"{TENANTS}/acme/config", {"heartbeat_interval": 60})
    assert answer.status_code == 200
    assert answer.get_json()["configuration"]["heartbeat_interval"] == 60
    assert answer.get_json()["configuration"]["queue_enabled"] is True
    assert world.services.tenants.get("acme").configuration.heartbeat_interval == 60
    assert world.services.tenants.get("beta").configuration.heartbeat_interval == 300


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"queue_enabled": "yes"}, {"queue_enabled"}),
        ({"queue_enabled": 1, "heartbeat_interval": True}, {"queue_enabled", "heartbeat_interval"}),
        ({"heartbeat_interval": 0, "command_expiry_s": 10**30}, {"heartbeat_interval", "command_expiry_s"}),
        ({"unknown_charge_points": "maybe", "name": "x"}, {"unknown_charge_points", "name"}),
        ({"data_transfer_vendors": {"v": "x"}}, {"data_transfer_vendors"}),
        ([], {"body"}),
    ],
)
def test_a_wrong_configuration_changes_nothing(
    tenant_admin: Api, world: World, changes: Any, fields: set[str]
) -> None:
    before = world.services.tenants.get("acme")
    if isinstance(changes, dict):
        changes = {"boot_retry_interval": 5} | changes
    assert_problem(tenant_admin.put(f"{TENANTS}/acme/config", changes), 422, "invalid_input", *fields)
    assert world.services.tenants.get("acme") == before


def test_null_is_no_setting(tenant_admin: Api) -> None:
    answer = tenant_admin.put(f"{TENANTS}/acme/config", {"queue_enabled": None})
    assert_problem(answer, 422, "invalid_input", "queue_enabled")


def test_a_tenant_admin_sees_one_tenant(tenant_admin: Api) -> None:
    assert tenant_admin.get(f"{TENANTS}/acme").get_json()["id"] == "acme"
    for tenant_id in ("beta", "nobody"):
        assert_problem(tenant_admin.get(f"{TENANTS}/{tenant_id}"), 404, "not_found")
        answer = tenant_admin.put(f"{TENANTS}/{tenant_id}/config", {"queue_enabled": False})
        assert_problem(answer, 404, "not_found")


def test_a_platform_admin_sees_all(as_user: Callable[..., Api]) -> None:
    user = as_user(Role.PLATFORM_ADMIN)
    assert user.get(f"{TENANTS}/beta").status_code == 200
    assert user.put(f"{TENANTS}/beta/config", {"queue_enabled": False}).status_code == 200
    assert_problem(user.get(f"{TENANTS}/nobody"), 404, "not_found")
