"""MQTT accounts over HTTP: shown once, rotated, removed; each tenant's own."""

from collections.abc import Callable
from typing import Any

import pytest

from app.domain.user import Role
from app.services.mqtt_access import MAX_CREDENTIALS
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

ACCOUNTS = "/api/v1/mqtt-credentials"
NEW: dict[str, Any] = {"name": "billing", "role": "integrator"}


def made(admin: Api, **fields: Any) -> dict[str, Any]:
    answer = admin.post(ACCOUNTS, NEW | fields)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    assert answer.headers["Location"] == f"{ACCOUNTS}/{answer.get_json()['id']}"
    return dict(answer.get_json())


def test_an_account_comes_changes_and_goes(tenant_admin: Api, world: World) -> None:
    body = made(tenant_admin)
    address = f"{ACCOUNTS}/{body['id']}"
    assert (body["username"], body["role"], body["tenant_id"]) == ("acme.billing", "integrator", "acme")
    assert world.mqtt_broker.passwords == {"acme.billing": body["password"]}
    without = {name: value for name, value in body.items() if name != "password"}
    assert tenant_admin.get(address).get_json() == without
    assert tenant_admin.get(ACCOUNTS).get_json() == {"items": [without]}
    changed = tenant_admin.post(f"{address}/rotate").get_json()
    assert changed["password"] != body["password"]
    assert changed["rotated_at"] is not None
    assert world.mqtt_broker.passwords == {"acme.billing": changed["password"]}
    assert tenant_admin.delete(address).status_code == 204
    assert world.mqtt_broker.passwords == {}
    for method, path in (("GET", address), ("POST", f"{address}/rotate"), ("DELETE", address)):
        assert_problem(tenant_admin(method, path), 404, "not_found")


def test_who_says_nothing_of_a_role_only_listens(tenant_admin: Api) -> None:
    assert tenant_admin.post(ACCOUNTS, {"name": "ears"}).get_json()["role"] == "subscriber"


def test_a_password_is_shown_once_and_a_hash_never(tenant_admin: Api, world: World) -> None:
    body = made(tenant_admin)
    shown = tenant_admin.get(ACCOUNTS).get_data(as_text=True)
    kept = repr(world.mqtt_credentials.known) + repr(world.audit.entries)
    assert body["password"] not in shown + kept
    assert "hash" not in shown + str(body)


def test_another_tenants_account_does_not_exist(
    tenant_admin: Api, as_user: Callable[..., Api], world: World
) -> None:
    body, beta = made(tenant_admin), as_user(Role.TENANT_ADMIN, "beta")
    address = f"{ACCOUNTS}/{body['id']}"
    for method, path in (("GET", address), ("POST", f"{address}/rotate"), ("DELETE", address)):
        assert_problem(beta(method, path), 404, "not_found")
    assert beta.get(ACCOUNTS).get_json() == {"items": []}
    assert made(beta)["username"] == "beta.billing"
    assert world.mqtt_broker.passwords["acme.billing"] == body["password"]


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER])
def test_only_administrators(as_user: Callable[..., Api], role: Role) -> None:
    user = as_user(role)
    assert_problem(user.get(ACCOUNTS), 403, "not_permitted")
    assert_problem(user.post(ACCOUNTS, NEW), 403, "not_permitted")


def test_a_platform_admin_names_a_tenant(platform_admin: Api) -> None:
    assert platform_admin.post(ACCOUNTS, NEW).status_code in {404, 422}
    acme = platform_admin.post(ACCOUNTS, NEW, headers={"X-Tenant-Id": "acme"})
    assert acme.get_json()["username"] == "acme.billing"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"name": ""}, "name"),
        ({"name": "a.b"}, "name"),
        ({"name": "A"}, "name"),
        ({"name": "a/#"}, "name"),
        ({"name": "a\x00"}, "name"),
        ({"name": "x" * 41}, "name"),
        ({"name": None}, "name"),
        ({"role": "root"}, "role"),
        ({"role": None}, "role"),
        ({"tenant_id": "beta"}, "tenant_id"),
        ({"password": "mine"}, "password"),
    ],
)
def test_what_is_wrong_is_named(tenant_admin: Api, world: World, change: dict[str, Any], named: str) -> None:
    assert_problem(tenant_admin.post(ACCOUNTS, NEW | change), 422, "invalid_input", named)
    assert world.mqtt_broker.passwords == {}


def test_a_name_is_taken_once(tenant_admin: Api) -> None:
    made(tenant_admin)
    assert_problem(tenant_admin.post(ACCOUNTS, NEW), 409, "conflict")


def test_there_is_a_limit(tenant_admin: Api) -> None:
    for number in range(MAX_CREDENTIALS):
        made(tenant_admin, name=f"p{number}")
    assert_problem(tenant_admin.post(ACCOUNTS, NEW), 409, "conflict")


def test_while_the_broker_is_away_nothing_changes(tenant_admin: Api, world: World) -> None:
    body = made(tenant_admin)
    address = f"{ACCOUNTS}/{body['id']}"
    world.mqtt_broker.is_away = True
    for method, path, sent in (
        ("POST", ACCOUNTS, NEW | {"name": "other"}),
        ("POST", f"{address}/rotate", None),
        ("DELETE", address, None),
    ):
        answer = tenant_admin(method, path, sent)
        assert answer.status_code == 503
        assert answer.get_json(force=True)["code"] != "internal_error"
    assert [one["name"] for one in tenant_admin.get(ACCOUNTS).get_json()["items"]] == ["billing"]


def test_a_request_that_is_sent_twice_makes_one_and_shows_the_same_password(tenant_admin: Api) -> None:
    once = {"Idempotency-Key": "k-1"}
    first, again = (tenant_admin.post(ACCOUNTS, NEW, headers=once).get_json() for _ in range(2))
    assert first == again


def test_where_the_broker_keeps_none(
    tenant_admin: Api, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.services.mqtt_access, "is_kept", False)
    assert_problem(tenant_admin.post(ACCOUNTS, NEW), 409, "conflict")
    assert tenant_admin.get(ACCOUNTS).get_json() == {"items": []}
