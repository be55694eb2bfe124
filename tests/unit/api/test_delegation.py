"""Nobody gives what they have not: a key that may make keys, people or accounts makes none that may more."""

from typing import Any

import pytest
from flask import Flask

from app.api import create_app
from app.domain.permissions import Permission
from app.domain.user import Role
from tests.unit.api.calls import Api, assert_problem
from tests.unit.api.everybody import Town, new_town
from tests.unit.api.furnished import SETTINGS, TENANT, furnished_world

KEYS, USERS, MQTT = "/api/v1/api-keys", "/api/v1/users", "/api/v1/mqtt-credentials"
USER = {"email": "new@acme.example", "password": "correct horse battery"}
IN_ACME = {"X-Tenant-Id": TENANT}
SMALL = frozenset(
    {
        Permission.API_KEYS_MANAGE,
        Permission.USERS_MANAGE,
        Permission.MQTT_MANAGE,
        Permission.SESSIONS_READ,
        Permission.EVENTS_READ,
    }
)


@pytest.fixture
def town() -> Town:
    app: Flask = create_app(furnished_world().services, SETTINGS)
    return new_town(app, app.test_client().get("/api/openapi.json").get_json())


@pytest.fixture(params=[Role.TENANT_ADMIN, Role.PLATFORM_ADMIN])
def small(town: Town, request: pytest.FixtureRequest) -> Api:
    """A key of a great role that is held to little, but may make others."""
    return town.machine(request.param, SMALL)


def refused(api: Api, method: str, path: str, body: dict[str, Any] | None = None) -> None:
    told = assert_problem(api(method, path, body, headers=IN_ACME), 403, "not_permitted")
    assert told["detail"].startswith("You cannot give what you may not do yourself: ")


def test_keys(town: Town, small: Api) -> None:
    for fields in (
        {"role": "tenant_admin"},
        {"role": "viewer"},
        {"role": "viewer", "scopes": ["sessions.read", "charge_points.read"]},
        {"role": "operator", "scopes": ["commands.send"]},
        {"role": "platform_admin"},
        {"role": "platform_admin", "scopes": ["tenants.manage"]},
    ):
        refused(small, "POST", KEYS, {"name": "more"} | fields)
    good = {"name": "as much", "role": "viewer", "scopes": ["sessions.read"]}
    made = small.post(KEYS, good, headers=IN_ACME)
    assert made.status_code == 201
    assert small.post(f"{KEYS}/{made.get_json()['id']}/rotate", headers=IN_ACME).status_code == 200
    bigger, _ = town.world.services.api_keys.create(TENANT, "bigger", Role.VIEWER)
    refused(small, "POST", f"{KEYS}/{bigger.id}/rotate")
    assert small.delete(f"{KEYS}/{bigger.id}", headers=IN_ACME).status_code == 204  # less is no gain


def test_people(town: Town, small: Api) -> None:
    for role in ("viewer", "operator", "tenant_admin"):
        refused(small, "POST", USERS, USER | {"role": role})
    user_id = town.names["user_id"]
    refused(small, "PATCH", f"{USERS}/{user_id}", {"role": "viewer"})
    refused(small, "PUT", f"{USERS}/{user_id}/password", {"password": "another horse battery"})
    assert small.patch(f"{USERS}/{user_id}", {"name": "Ann"}, headers=IN_ACME).status_code == 200
    assert small.post(f"{USERS}/{user_id}/unlock", headers=IN_ACME).status_code == 204


def test_accounts_at_the_broker(town: Town, small: Api) -> None:
    refused(small, "POST", MQTT, {"name": "billing", "role": "integrator"})
    made = town.person(Role.TENANT_ADMIN).post(MQTT, {"name": "billing", "role": "integrator"})
    refused(small, "POST", f"{MQTT}/{made.get_json()['id']}/rotate")
    assert small.post(MQTT, {"name": "reader", "role": "subscriber"}, headers=IN_ACME).status_code == 201
    deaf = town.machine(Role.TENANT_ADMIN, frozenset({Permission.MQTT_MANAGE}))
    refused(deaf, "POST", MQTT, {"name": "ears", "role": "subscriber"})


def test_an_idempotency_key_of_one_tenant_says_nothing_in_another(town: Town) -> None:
    """Else a platform admin would be shown the first tenant's new key as the second one's."""
    root = town.person(Role.PLATFORM_ADMIN)
    body = {"name": "billing", "role": "viewer"}
    made = []
    for tenant_id in (TENANT, "beta"):
        headers = {"X-Tenant-Id": tenant_id, "Idempotency-Key": "same"}
        first, second = (root.post(KEYS, body, headers=headers) for _ in range(2))
        assert first.get_json() == second.get_json()
        assert first.get_json()["tenant_id"] == tenant_id
        made.append(first.get_json()["id"])
    assert made[0] != made[1]
