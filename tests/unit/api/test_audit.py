"""Every call that would change something is on record: who, what, on what, from where, how it ended."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.audit import ActorKind, AuditEntry, AuditResult
from app.domain.user import Role
from tests.fakes.world import World
from tests.unit.api.calls import PASSWORD, Api, assert_problem

LIST = "/api/v1/chargepoints"
AUDIT = "/api/v1/audit"
LOGIN = "/api/v1/auth/login"


def recorded(world: World, tenant_id: str | None = "acme", action: str | None = None) -> list[AuditEntry]:
    """Without logins, unless they are asked for."""
    return [
        entry
        for entry in world.audit.of(tenant_id)
        if (entry.action == action if action is not None else not entry.action.startswith("auth."))
    ]


def test_a_change_is_on_record(world: World, operator: Api) -> None:
    answer = operator.post(LIST, {"id": "CP-1"}, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    (entry,) = recorded(world)
    assert (entry.actor_kind, entry.actor_name) == (ActorKind.USER, "operator@acme.example")
    assert (entry.tenant_id, entry.action) == ("acme", "charge_points.create")
    assert (entry.method, entry.route) == ("POST", "/api/v1/chargepoints")
    assert (entry.result, entry.status, entry.code) == (AuditResult.DONE, 201, None)
    assert entry.target == {"id": "CP-1"}
    assert entry.source_ip == "192.0.2.7"
    assert entry.request_id == answer.headers["X-Request-ID"]
    assert entry.at == world.clock.now()


def test_reading_is_not(world: World, operator: Api) -> None:
    operator.get(LIST)
    assert recorded(world) == []


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (LIST, {"id": "CP-1"}, 409, "conflict"),
        (LIST, {"id": "CP 1", "x": 1}, 422, "invalid_input"),
        (f"{LIST}/CP-9/disconnect", None, 404, "not_found"),
    ],
)
def test_what_is_refused_is_on_record_too(
    world: World, operator: Api, path: str, body: Any, status: int, code: str
) -> None:
    world.add_charge_point("acme", "CP-1")
    assert operator.post(path, body).status_code == status
    (entry,) = recorded(world)
    assert (entry.result, entry.status, entry.code) == (AuditResult.REFUSED, status, code)
    assert (entry.before, entry.after) == (None, None)


def test_so_is_what_somebody_may_not_do(world: World, as_user: Callable[..., Api]) -> None:
    assert as_user(Role.VIEWER).post(LIST, {"id": "CP-1"}).status_code == 403
    (entry,) = recorded(world)
    assert (entry.actor_name, entry.status, entry.code) == ("viewer@acme.example", 403, "not_permitted")


def test_of_a_flood_a_few_are_on_record(world: World, operator: Api) -> None:
    world.services.tenants.configure("acme", {"api_user_rate_limit": 1})
    world.services.tenants.directory.refresh()
    for _ in range(50):
        operator.post(LIST, {"id": "CP-1"})
    limited = [entry for entry in recorded(world) if entry.status == 429]
    assert 0 < len(limited) <= 10


def test_a_configuration_is_on_record_before_and_after(world: World, tenant_admin: Api) -> None:
    config = {"heartbeat_interval": 120, "brand": {"name": "Acme"}}
    assert tenant_admin.put("/api/v1/tenants/acme/config", config).status_code == 200
    (entry,) = recorded(world)
    assert entry.action == "tenants.configure"
    assert entry.before is not None
    assert entry.after is not None
    assert entry.before["configuration"] == {"heartbeat_interval": 300, "brand": {"name": ""}}
    assert entry.after["configuration"] == {"heartbeat_interval": 120, "brand": {"name": "Acme"}}


def test_so_are_a_charge_points_settings_and_an_id_tag(world: World, operator: Api) -> None:
    world.add_charge_point("acme", "CP-1")
    operator.patch(f"{LIST}/CP-1", {"settings": {"strict": True}})
    operator.post("/api/v1/id-tags", {"id_tag": "TAG-1"})
    operator.delete("/api/v1/id-tags/TAG-1")
    changed, made, gone = recorded(world)
    assert changed.before is not None
    assert changed.after is not None
    assert changed.before["settings"] == {"strict": False}
    assert changed.after["settings"] == {"strict": True}
    assert made.before is None
    assert made.after is not None
    assert made.after["id_tag"] == "TAG-1"
    assert gone.before is not None
    assert gone.before["id_tag"] == "TAG-1"
    assert gone.after is None


def test_a_platform_admins_work_on_a_tenant_is_in_both_logs(world: World, platform_admin: Api) -> None:
    platform_admin.put("/api/v1/tenants/acme/config", {"max_charge_points": 5})
    (of_tenant,), (of_platform,) = recorded(world), recorded(world, None)
    assert of_tenant.actor_name == of_platform.actor_name == "platform_admin@platform.example"
    assert of_platform.target["tenant_id"] == "acme"
    assert recorded(world, "beta") == []


def test_what_a_platform_admin_does_within_a_tenant_is_in_that_tenants(
    world: World, platform_admin: Api
) -> None:
    platform_admin.post(f"{LIST}?tenant_id=acme", {"id": "CP-1"})
    assert len(recorded(world)) == 1
    assert recorded(world, None) == []


def test_another_tenants_log_never_hears_of_an_attempt(world: World, tenant_admin: Api) -> None:
    assert tenant_admin.put("/api/v1/tenants/beta/config", {"heartbeat_interval": 9}).status_code == 404
    assert recorded(world, "beta") == []
    (entry,) = recorded(world)
    assert entry.status == 404


def test_nobodys_calls_are_not_on_record(world: World, anybody: Api) -> None:
    assert anybody.post(LIST, {"id": "CP-1"}).status_code == 401
    assert world.audit.entries == []


# --- logins -------------------------------------------------------------------------------------------


def test_a_login_is_on_record(world: World, operator: Api) -> None:
    (entry,) = recorded(world, action="auth.login")
    assert (entry.actor_kind, entry.actor_name) == (ActorKind.USER, "operator@acme.example")
    assert entry.result is AuditResult.DONE


def test_a_login_that_fails_is_on_record_of_the_users_tenant(world: World, client: FlaskClient) -> None:
    client.post(LOGIN, json={"email": "operator@acme.example", "password": "wrong wrong wrong"})
    (entry,) = recorded(world, action="auth.login")
    assert (entry.actor_kind, entry.actor_name) == (ActorKind.ANONYMOUS, "operator@acme.example")
    assert (entry.result, entry.status) == (AuditResult.REFUSED, 401)


def test_one_of_nobody_is_on_record_of_the_platform(world: World, client: FlaskClient) -> None:
    client.post(LOGIN, json={"email": "nobody@nowhere.example", "password": "wrong wrong wrong"})
    (entry,) = recorded(world, None, "auth.login")
    assert entry.actor_name == "nobody@nowhere.example"


# --- secrets ------------------------------------------------------------------------------------------


def test_no_secret_is_ever_in_it(
    world: World, tenant_admin: Api, platform_admin: Api, client: FlaskClient
) -> None:
    secrets = {
        "a password of the tests",
        "0123456789ABCDEF0123456789ABCDEF01234567",
        "hook-secret-of-the-tests",
    }
    password, key, hook = (
        sorted(secrets, key=len)[1],
        sorted(secrets, key=len)[2],
        sorted(secrets, key=len)[0],
    )
    secrets = {PASSWORD, password, key, hook}
    world.add_charge_point("acme", "CP-1")
    client.post(LOGIN, json={"email": "operator@acme.example", "password": password})
    client.post(LOGIN, json={"email": "operator@acme.example", "password": password, "x": password})
    bodies: list[tuple[str, str, Any]] = [
        ("POST", "/api/v1/users", {"email": "new@acme.example", "password": password, "role": "viewer"}),
        ("POST", "/api/v1/users", {"email": "", "password": password, "role": "viewer"}),
        ("POST", f"{LIST}/CP-1/security/key", {"mode": "set", "key": key}),
        ("POST", f"{LIST}/CP-1/commands", _key_command(key)),
        ("PATCH", f"{LIST}/CP-1/configuration", {"keys": {"AuthorizationKey": key}}),
        ("PUT", "/api/v1/tenants/acme/config", {"boot_configuration": {"AuthorizationKey": key}}),
        ("POST", "/api/v1/api-keys", {"name": "billing", "role": "viewer"}),
        ("POST", "/api/v1/webhooks", {"url": "https://user:pw-of-tests@hooks.example/x", "secret": hook}),
        ("POST", "/api/v1/webhooks", {"url": "https://hooks.example/x", "secret": hook}),
        ("PUT", "/api/v1/auth/password", {"current_password": PASSWORD, "new_password": password}),
    ]
    for method, path, body in bodies:
        answer = tenant_admin(method, path, body).get_json(silent=True) or {}
        secrets |= {
            answer[name] for name in ("secret", "key", "api_key") if isinstance(answer.get(name), str)
        }
    admin = {"email": "first@gamma.example", "password": password}
    platform_admin.post("/api/v1/tenants", {"id": "gamma", "name": "Gamma", "admin": admin})
    assert len(world.audit.entries) > len(bodies)
    for _, entry in world.audit.entries:
        for secret in secrets | {"pw-of-tests"}:
            assert secret not in repr(entry), entry.action


def _key_command(key: str) -> dict[str, Any]:
    parameters = {"key": "AuthorizationKey", "value": key}
    return {"command_type": "change_configuration", "parameters": parameters}


# --- when the store is away ---------------------------------------------------------------------------


def test_an_entry_that_cannot_be_stored_costs_no_answer_and_is_told(
    world: World, operator: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    world.audit.is_away = True
    assert operator.post(LIST, {"id": "CP-1"}).status_code == 201
    told = capsys.readouterr()
    assert "audit_entry_not_stored" in told.out + told.err
    assert "charge_points.create" in told.out + told.err
    assert "ocpp_audit_entries_not_stored_total 1.0" in operator.get("/metrics").text


def test_an_audit_log_that_breaks_costs_no_answer(
    world: World, operator: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(world.audit, "append", fail)
    assert operator.post(LIST, {"id": "CP-1"}).status_code == 201


# --- reading ------------------------------------------------------------------------------------------


def test_a_tenants_admin_reads_its_own(world: World, operator: Api, as_user: Callable[..., Api]) -> None:
    operator.post(LIST, {"id": "CP-1"})
    items = as_user(Role.TENANT_ADMIN).get(f"{AUDIT}?action=charge_points.create").get_json()["items"]
    (item,) = items
    assert (item["actor_name"], item["target"]) == ("operator@acme.example", {"id": "CP-1"})
    assert as_user(Role.TENANT_ADMIN, "beta").get(f"{AUDIT}?target=CP-1").get_json()["items"] == []
    assert as_user(Role.TENANT_ADMIN, "beta").get(f"{AUDIT}?tenant_id=acme").status_code == 404


def test_the_platforms_own_is_for_its_admins(world: World, platform_admin: Api, tenant_admin: Api) -> None:
    platform_admin.post("/api/v1/tenants", {"id": "gamma", "name": "Gamma"})
    shown = platform_admin.get(f"{AUDIT}?tenant_id=platform&action=tenants.create").get_json()["items"]
    assert [item["target"]["id"] for item in shown] == ["gamma"]
    assert tenant_admin.get(f"{AUDIT}?tenant_id=platform").status_code == 404
    assert_problem(platform_admin.get(AUDIT), 422, "invalid_input", "X-Tenant-Id")
    assert platform_admin.get(f"{AUDIT}?tenant_id=acme").status_code == 200


def test_it_is_filtered_and_paged(world: World, operator: Api, tenant_admin: Api) -> None:
    for number in range(5):
        operator.post(LIST, {"id": f"CP-{number}"})
    operator.post(LIST, {"id": "CP-0"})
    first = tenant_admin.get(f"{AUDIT}?action=charge_points.create&result=done&limit=3").get_json()
    assert [item["target"]["id"] for item in first["items"]] == ["CP-4", "CP-3", "CP-2"]
    rest = f"{AUDIT}?action=charge_points.create&result=done&limit=3&cursor={first['next_cursor']}"
    assert len(tenant_admin.get(rest).get_json()["items"]) == 2
    refused = tenant_admin.get(f"{AUDIT}?result=refused&actor=operator@acme.example").get_json()["items"]
    assert [item["code"] for item in refused] == ["conflict"]
    assert tenant_admin.get(f"{AUDIT}?from=2100-01-01T00:00:00Z").get_json()["items"] == []
    assert_problem(tenant_admin.get(f"{AUDIT}?from=x"), 422, "invalid_input", "from")


def test_it_is_exported(world: World, operator: Api, tenant_admin: Api) -> None:
    for number in range(3):
        operator.post(LIST, {"id": f"CP-{number}"})
    lines = tenant_admin.get("/api/v1/audit.jsonl?action=charge_points.create").text.splitlines()
    assert len(lines) == 3
    assert '"CP-2"' in lines[0]
    table = tenant_admin.get("/api/v1/audit.csv?action=charge_points.create").text.splitlines()
    assert len(table) == 4
    assert table[0].startswith("id,at,actor_kind")


def test_nothing_can_change_it(tenant_admin: Api, platform_admin: Api) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for api in (tenant_admin, platform_admin):
            assert api(method, AUDIT).status_code == 405
            assert api(method, f"{AUDIT}/1").status_code == 404
