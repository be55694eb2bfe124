"""Tenants over HTTP."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from app.domain.user import Role
from tests.builders import at
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
    for taken in ({"id": "acme"}, {"charge_point_prefix": "ACME-"}):
        answer = platform_admin.post(TENANTS, GAMMA | {"admin": ADMIN} | taken)
        assert_problem(answer, 409, "conflict")
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


# --- the platform's side -------------------------------------------------------------------------


def test_tenants_are_listed_page_by_page_and_by_status(platform_admin: Api) -> None:
    platform_admin.post(f"{TENANTS}/beta/suspend")
    first = platform_admin.get(f"{TENANTS}?limit=1").get_json()
    second = platform_admin.get(f"{TENANTS}?limit=1&cursor={first['next_cursor']}").get_json()
    assert [page["items"][0]["id"] for page in (first, second)] == ["acme", "beta"]
    assert second["next_cursor"] is None
    suspended = platform_admin.get(f"{TENANTS}?status=suspended").get_json()["items"]
    assert [tenant["id"] for tenant in suspended] == ["beta"]
    assert_problem(platform_admin.get(f"{TENANTS}?status=gone"), 422, "invalid_input", "status")


def test_a_tenant_may_have_several_prefixes(platform_admin: Api) -> None:
    body = GAMMA | {"charge_point_prefixes": ["G2-", "GAMMA-"]}
    assert platform_admin.post(TENANTS, body).get_json()["charge_point_prefixes"] == ["GAMMA-", "G2-"]


def test_name_and_prefixes_are_changed_by_the_platform(platform_admin: Api, tenant_admin: Api) -> None:
    changes = {"name": "Acme Ltd", "charge_point_prefixes": ["ACME-", "A2-"]}
    changed = platform_admin.patch(f"{TENANTS}/acme", changes).get_json()
    assert {name: changed[name] for name in changes} == changes
    assert_problem(tenant_admin.patch(f"{TENANTS}/acme", {"name": "Mine"}), 403, "not_permitted")
    taken = platform_admin.patch(f"{TENANTS}/acme", {"charge_point_prefixes": ["BETA-"]})
    assert_problem(taken, 409, "conflict")
    assert_problem(platform_admin.patch(f"{TENANTS}/acme", {}), 422, "invalid_input", "body")
    assert_problem(platform_admin.patch(f"{TENANTS}/nobody", {"name": "x"}), 404, "not_found")


def test_limits_are_the_platforms(platform_admin: Api, tenant_admin: Api, world: World) -> None:
    raised = {"max_charge_points": 99, "features": {"firmware": False}, "heartbeat_interval": 60}
    answer = tenant_admin.put(f"{TENANTS}/acme/config", raised)
    body = assert_problem(answer, 403, "platform_setting", "features", "max_charge_points")
    assert "max_charge_points" in body["detail"]
    assert world.services.tenants.get("acme").configuration.heartbeat_interval == 300
    assert platform_admin.put(f"{TENANTS}/acme/config", raised).status_code == 200
    unchanged = {"max_charge_points": 99, "heartbeat_interval": 60}
    assert tenant_admin.put(f"{TENANTS}/acme/config", unchanged).status_code == 200


def test_a_configuration_is_checked_as_a_whole(tenant_admin: Api) -> None:
    both = {"charging_defaults": {"limit": 16, "profile_template": "night"}}
    answer = tenant_admin.put(f"{TENANTS}/acme/config", both)
    assert_problem(answer, 422, "invalid_input", "charging_defaults")


def test_suspended_and_resumed(platform_admin: Api, tenant_admin: Api, as_user: Callable[..., Api]) -> None:
    assert platform_admin.post(f"{TENANTS}/acme/suspend").get_json()["status"] == "suspended"
    for path in (f"{TENANTS}/acme", "/api/v1/chargepoints"):
        assert_problem(tenant_admin.get(path), 403, "tenant_suspended")
    assert platform_admin.get(f"{TENANTS}/acme").status_code == 200
    assert platform_admin.post(f"{TENANTS}/acme/resume").get_json()["status"] == "active"
    assert_problem(tenant_admin.get(f"{TENANTS}/acme"), 401, "not_authenticated")
    assert as_user(Role.TENANT_ADMIN).get(f"{TENANTS}/acme").status_code == 200


def test_deleted_after_a_while_and_brought_back_before(
    platform_admin: Api, tenant_admin: Api, as_user: Callable[..., Api]
) -> None:
    deleted = platform_admin.delete(f"{TENANTS}/acme?grace_days=7")
    assert deleted.status_code == 202
    shown = deleted.get_json()
    assert (shown["status"], shown["delete_at"]) == ("deleting", "2026-03-08T12:00:00.000Z")
    assert_problem(tenant_admin.get("/api/v1/chargepoints"), 403, "tenant_suspended")
    assert_problem(platform_admin.post(f"{TENANTS}/acme/suspend"), 409, "conflict")
    assert platform_admin.post(f"{TENANTS}/acme/resume").get_json()["delete_at"] is None
    assert as_user(Role.TENANT_ADMIN).get("/api/v1/chargepoints").status_code == 200
    assert platform_admin.delete(f"{TENANTS}/acme").get_json()["delete_at"] == "2026-03-31T12:00:00.000Z"


@pytest.mark.parametrize("days", ["-1", "366", "soon"])
def test_a_grace_period_that_cannot_be(platform_admin: Api, world: World, days: str) -> None:
    answer = platform_admin.delete(f"{TENANTS}/acme?grace_days={days}")
    assert_problem(answer, 422, "invalid_input", "grace_days")
    assert world.services.tenants.get("acme").delete_at is None


def test_all_data_is_taken_along_as_lines(
    tenant_admin: Api, platform_admin: Api, operator: Api, world: World
) -> None:
    world.tenant_data.stored["acme"] = {"users": [{"_id": "u-1", "password_hash": "x", "created_at": at(0)}]}
    answer = tenant_admin.get(f"{TENANTS}/acme/export")
    assert (answer.status_code, answer.content_type) == (200, "application/jsonl; charset=utf-8")
    assert "acme.jsonl" in answer.headers["Content-Disposition"]
    lines = [json.loads(line) for line in answer.get_data(as_text=True).splitlines()]
    assert [line["kind"] for line in lines] == ["tenant", "users"]
    assert lines[1] == {"kind": "users", "_id": "u-1", "created_at": "2026-03-01T12:00:00+00:00"}
    assert_problem(operator.get(f"{TENANTS}/acme/export"), 403, "not_permitted")
    assert_problem(tenant_admin.get(f"{TENANTS}/beta/export"), 404, "not_found")
    platform_admin.post(f"{TENANTS}/acme/suspend")
    assert platform_admin.get(f"{TENANTS}/acme/export").status_code == 200
