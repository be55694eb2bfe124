"""API keys over HTTP: shown once, as much as their scopes, ended at once."""

from collections.abc import Callable
from typing import Any

import pytest

from app.domain.user import Role
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

KEYS, LIST = "/api/v1/api-keys", "/api/v1/chargepoints"
NEW: dict[str, Any] = {"name": "billing", "role": "operator"}


def made(admin: Api, **fields: Any) -> tuple[dict[str, Any], Api]:
    answer = admin.post(KEYS, NEW | fields)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    body = answer.get_json()
    return body, Api(admin.client, body["api_key"])


def test_a_key_comes_in_by_either_header(tenant_admin: Api, anybody: Api) -> None:
    body, machine = made(tenant_admin)
    assert body["api_key"].startswith("ocpp_")
    assert machine.get(LIST).status_code == 200
    assert anybody.get(LIST, headers={"X-API-Key": body["api_key"]}).status_code == 200
    me = machine.get("/api/v1/auth/me").get_json()
    assert (me["kind"], me["name"], me["tenant_id"], me["id"]) == ("api_key", "billing", "acme", body["id"])


def test_the_secret_is_shown_once(tenant_admin: Api, world: World) -> None:
    body, _ = made(tenant_admin)
    shown = tenant_admin.get(KEYS).get_data(as_text=True) + tenant_admin.get(f"{KEYS}/{body['id']}").text
    secret = body["api_key"].removeprefix(f"ocpp_{body['id']}_")
    assert secret not in shown
    assert "hash" not in shown
    assert secret not in repr(world.api_keys.keys)


def test_a_key_may_do_what_its_scopes_say(tenant_admin: Api) -> None:
    _, machine = made(tenant_admin, scopes=["sessions.read"])
    assert machine.get("/api/v1/sessions").status_code == 200
    assert_problem(machine.get(LIST), 403, "not_permitted")


def test_a_key_without_scopes_may_do_what_its_role_may(tenant_admin: Api) -> None:
    _, machine = made(tenant_admin, role="viewer")
    assert machine.get(LIST).status_code == 200
    assert_problem(machine.post(LIST, {"id": "ACME-1"}), 403, "not_permitted")


def test_nobody_makes_a_key_that_may_do_more(tenant_admin: Api) -> None:
    assert_problem(tenant_admin.post(KEYS, NEW | {"role": "platform_admin"}), 403, "not_permitted")
    _, machine = made(tenant_admin, role="tenant_admin", scopes=["api_keys.manage", "sessions.read"])
    assert machine.post(KEYS, NEW | {"scopes": ["sessions.read"]}).status_code == 201
    assert_problem(machine.post(KEYS, NEW | {"scopes": ["commands.send"]}), 403, "not_permitted")
    assert_problem(machine.post(KEYS, NEW), 403, "not_permitted")
    big, _ = made(tenant_admin)
    assert_problem(machine.post(f"{KEYS}/{big['id']}/rotate"), 403, "not_permitted")


def test_a_revoked_a_rotated_and_an_ended_key_are_refused(tenant_admin: Api, world: World) -> None:
    body, machine = made(tenant_admin)
    again = tenant_admin.post(f"{KEYS}/{body['id']}/rotate").get_json()
    assert_problem(machine.get(LIST), 401, "not_authenticated")
    machine = Api(tenant_admin.client, again["api_key"])
    assert machine.get(LIST).status_code == 200
    assert tenant_admin.delete(f"{KEYS}/{body['id']}").status_code == 204
    assert_problem(machine.get(LIST), 401, "not_authenticated")
    soon = world.clock.now().replace(year=world.clock.now().year + 1)
    _, machine = made(tenant_admin, expires_at=soon.isoformat())
    assert machine.get(LIST).status_code == 200
    world.clock.advance(370 * 86_400)
    assert_problem(machine.get(LIST), 401, "not_authenticated")


def test_another_tenants_keys_do_not_exist(tenant_admin: Api, as_user: Callable[..., Api]) -> None:
    body, machine = made(tenant_admin)
    beta = as_user(Role.TENANT_ADMIN, "beta")
    assert_problem(beta.get(f"{KEYS}/{body['id']}"), 404, "not_found")
    assert_problem(beta.post(f"{KEYS}/{body['id']}/rotate"), 404, "not_found")
    assert_problem(beta.delete(f"{KEYS}/{body['id']}"), 404, "not_found")
    assert beta.get(KEYS).get_json()["items"] == []
    assert_problem(machine.get(LIST, headers={"X-Tenant-Id": "beta"}), 404, "not_found")


def test_a_suspended_tenants_keys_stay_outside(tenant_admin: Api, platform_admin: Api) -> None:
    _, machine = made(tenant_admin)
    assert platform_admin.post("/api/v1/tenants/acme/suspend").status_code == 200
    assert_problem(machine.get(LIST), 403, "tenant_suspended")


def test_the_platform_has_keys_of_its_own(platform_admin: Api) -> None:
    _, machine = made(platform_admin, role="platform_admin")
    assert machine.get("/api/v1/tenants").status_code == 200
    assert machine.get(LIST, headers={"X-Tenant-Id": "acme"}).status_code == 200
    assert_problem(platform_admin.post(KEYS, NEW), 422, "invalid_input", "role")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": " "}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes.0"),
        ({"role": "god"}, "role"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2999-01-01T00:00:00Z"}, "expires_at"),
        ({"secret": "mine"}, "secret"),
    ],
)
def test_a_wrong_key(tenant_admin: Api, fields: dict[str, Any], wrong: str) -> None:
    assert_problem(tenant_admin.post(KEYS, NEW | fields), 422, "invalid_input", wrong)


def test_a_scope_beyond_the_role_is_named(tenant_admin: Api) -> None:
    beyond = NEW | {"role": "viewer", "scopes": ["commands.send"]}
    assert_problem(tenant_admin.post(KEYS, beyond), 422, "invalid_input", "scopes")


def test_a_person_is_needed_for_a_password(tenant_admin: Api) -> None:
    _, machine = made(tenant_admin)
    assert_problem(machine.get("/api/v1/auth/sessions"), 403, "not_permitted")


@pytest.mark.parametrize(
    "key",
    [
        "ocpp_",
        "ocpp_0123456789abcdef_" + "x" * 43,
        "ocpp_0123456789abcdef_" + "x" * 42,
        "ocpp_" + "x" * 5_000,
        "x" * 9_000,
    ],
)
def test_what_is_no_key_is_refused(anybody: Api, key: str) -> None:
    assert_problem(anybody.get(LIST, headers={"X-API-Key": key}), 401, "not_authenticated")


def test_a_key_and_a_token_together_are_one_too_many(tenant_admin: Api) -> None:
    body, _ = made(tenant_admin)
    both = tenant_admin.get(LIST, headers={"X-API-Key": body["api_key"]})
    assert_problem(both, 401, "not_authenticated")


def test_when_it_was_used_is_noted_once_a_minute(tenant_admin: Api, world: World) -> None:
    body, machine = made(tenant_admin)
    machine.get(LIST)
    first = world.api_keys.keys[body["id"]].last_used_at
    world.clock.advance(30)
    machine.get(LIST)
    assert world.api_keys.keys[body["id"]].last_used_at == first
    world.clock.advance(31)
    machine.get(LIST)
    assert world.api_keys.keys[body["id"]].last_used_at == world.clock.now()


def test_a_key_that_is_sent_where_its_id_belongs_stands_in_no_log(
    tenant_admin: Api, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    body, _ = made(tenant_admin)
    secret = body["api_key"].split("_", 2)[2]
    assert_problem(tenant_admin.delete(f"{KEYS}/{body['api_key']}"), 404, "not_found")
    log = capsys.readouterr().out
    assert body["id"] in log
    assert secret not in log
    assert secret not in repr(world.audit.__dict__)
