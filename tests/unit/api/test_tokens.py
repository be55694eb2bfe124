"""Tokens and keys that open nothing, at every route: the right status, a code, no word of what is inside."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from flask import Flask

from app.api import create_app
from app.domain.permissions import ROLES_WITH
from app.domain.tenant import TenantStatus
from app.domain.user import Role
from tests.unit.api.calls import SECRET, Api, assert_problem
from tests.unit.api.everybody import OTHER, Town, new_town
from tests.unit.api.furnished import SETTINGS, TENANT, furnished_world
from tests.unit.api.routes import EXPECTED, PERSONAL
from tests.unit.api.test_hostile import TELLTALES

Headers = dict[str, str]
ROLE = Role.TENANT_ADMIN
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def app() -> Flask:
    return create_app(furnished_world().services, SETTINGS)


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = app.test_client().get("/api/openapi.json").get_json()
    return found


@pytest.fixture
def town(app: Flask, document: dict[str, Any]) -> Town:
    return new_town(app, document)


# --- what is presented ------------------------------------------------------------------------------


def good(town: Town, role: Role = ROLE, tenant_id: str = TENANT) -> str:
    return str(town.person(role, tenant_id).token)


def changed(token: str, secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    """The token, saying something else, signed anew."""
    said = jwt.decode(token, options={"verify_signature": False}) | claims
    kept = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(kept, secret, algorithm)


def part(**claims: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()


def tampered(token: str) -> str:
    """Other claims under the old signature."""
    header, _, signature = token.split(".")
    said = jwt.decode(token, options={"verify_signature": False})
    return f"{header}.{part(**said | {'role': 'platform_admin', 'tenant_id': None})}.{signature}"


def stripped(token: str, algorithm: str) -> str:
    """Without a signature, by an algorithm that needs none."""
    return f"{part(alg=algorithm, typ='JWT')}.{token.split('.')[1]}."


def refresh(town: Town) -> str:
    town.world.services.users.create("ann@acme.example", "correct horse battery", ROLE, TENANT)
    body = {"email": "ann@acme.example", "password": "correct horse battery"}
    login = town.app.test_client().post("/api/v1/auth/login", json=body)
    return str(login.get_json()["refresh_token"])


def logged_out(town: Town) -> str:
    person = town.person(ROLE)
    assert person.post("/api/v1/auth/logout").status_code == 200
    return str(person.token)


def of_somebody_removed(town: Town) -> str:
    token = good(town, Role.OPERATOR)
    (user,) = town.world.users.with_email("operator@acme.example")
    town.world.services.users.remove(TENANT, user.id)
    return token


def key(town: Town, tenant_id: str = TENANT, **fields: Any) -> tuple[str, str]:
    made, text = town.world.services.api_keys.create(tenant_id, "machine", ROLE, **fields)
    return made.id, text


def revoked_key(town: Town) -> str:
    key_id, text = key(town)
    town.world.services.api_keys.revoke(TENANT, key_id)
    return text


def rotated_key(town: Town) -> str:
    key_id, text = key(town)
    town.world.services.api_keys.rotate(TENANT, key_id)
    return text


def expired_key(town: Town) -> str:
    _, text = key(town, expires_at=town.world.clock.now() + timedelta(minutes=1))
    town.world.clock.advance(61)
    return text


def mixed_key(town: Town) -> str:
    """The id of one key and the secret of another tenant's."""
    key_id, _ = key(town)
    _, other = key(town, OTHER)
    return f"ocpp_{key_id}_{other.split('_', 2)[2]}"


def bearer(token: str) -> Headers:
    return {"Authorization": f"Bearer {token}"}


Present = Callable[[Town], Headers]
INVALID: dict[str, Present] = {
    "of another server": lambda town: bearer(changed(good(town), "x" * 40)),
    "with other claims under its signature": lambda town: bearer(tampered(good(town))),
    "not signed": lambda town: bearer(stripped(good(town), "none")),
    "not signed, in other letters": lambda town: bearer(stripped(good(town), "nOnE")),
    "signed by no algorithm": lambda town: bearer(f"{part(typ='JWT')}.{good(town).split('.', 1)[1]}"),
    "signed by a longer hash": lambda town: bearer(changed(good(town), algorithm="HS512")),
    "without its signature": lambda town: bearer(good(town).rpartition(".")[0]),
    "with half of its signature": lambda town: bearer(good(town)[:-20]),
    "of another issuer": lambda town: bearer(changed(good(town), iss="https://id.example")),
    "of no issuer": lambda town: bearer(changed(good(town), iss=None)),
    "for somebody else": lambda town: bearer(changed(good(town), aud="billing")),
    "for nobody": lambda town: bearer(changed(good(town), aud=None)),
    "not good yet": lambda town: bearer(changed(good(town), nbf=NOW + timedelta(hours=1))),
    "a refresh token": lambda town: bearer(refresh(town)),
    "of a kind that nobody gives": lambda town: bearer(changed(good(town), type="admin")),
    "of nobody": lambda town: bearer(changed(good(town), sub=None)),
    "deep": lambda town: bearer(f"{base64.urlsafe_b64encode(b'[' * 5_001).decode()}.e30.x"),
    "nonsense": lambda town: bearer("a.b.c"),
    "not of this alphabet": lambda town: bearer("é.é.é"),
    "two in one header": lambda town: bearer(f"{good(town)}, Bearer {good(town)}"),
    "another header behind it": lambda town: bearer(f"{good(town)}\r\nX-Tenant-Id: {OTHER}"),
}
REFUSED: dict[str, Present] = {
    "of a login that has ended": lambda town: bearer(logged_out(town)),
    "of somebody who is no more": lambda town: bearer(of_somebody_removed(town)),
    "of a login that nobody knows": lambda town: bearer(changed(good(town), sid="0" * 24)),
    "of no login": lambda town: bearer(changed(good(town), sid=None)),
    "with a role that nobody has": lambda town: bearer(changed(good(town), role="god")),
    "without a role": lambda town: bearer(changed(good(town), role=None)),
    "with a list of roles": lambda town: bearer(changed(good(town), role=["viewer"])),
    "without a tenant": lambda town: bearer(changed(good(town), tenant_id=None)),
    "very long": lambda town: bearer("x" * 9_000),
    "a revoked key": lambda town: bearer(revoked_key(town)),
    "a rotated key": lambda town: bearer(rotated_key(town)),
    "an expired key": lambda town: bearer(expired_key(town)),
    "a key with another one's secret": lambda town: bearer(mixed_key(town)),
    "a key without its end": lambda town: bearer(key(town)[1][:-1]),
    "a key and more": lambda town: bearer(key(town)[1] + "A"),
    "a key in capitals": lambda town: {"X-API-Key": key(town)[1].upper()},
    "only what a key begins with": lambda _: bearer("ocpp_"),
    "a very long key": lambda _: {"X-API-Key": "ocpp_" + "x" * 100_000},
    "a key of letters from elsewhere": lambda _: {"X-API-Key": "ocpp_é"},
    "an empty key": lambda _: {"X-API-Key": ""},
    "a query for a key": lambda _: {"X-API-Key": '{"$ne": null}'},
    "a token as a key": lambda town: {"X-API-Key": good(town)},
    "a key and another header behind it": lambda town: {"X-API-Key": f"{key(town)[1]}\nX-Tenant-Id: {OTHER}"},
    "a key and a token": lambda town: bearer(good(town)) | {"X-API-Key": key(town)[1]},
    "two keys": lambda town: {"X-API-Key": f"{key(town)[1]},{key(town)[1]}"},
}
MISSING: dict[str, Present] = {
    "nothing": lambda _: {},
    "an empty header": lambda _: {"Authorization": ""},
    "no token": lambda _: {"Authorization": "Bearer"},
    "a password": lambda _: {"Authorization": "Basic YWRtaW46YWRtaW4="},
    "a token by no name": lambda town: {"Authorization": good(town)},
    "a token by another name": lambda town: {"Authorization": f"Token {good(town)}"},
    "a token in a cookie": lambda town: {"Cookie": f"access_token_cookie={good(town)}"},
    "a key beside no token": lambda town: {"Authorization": "Bearer", "X-API-Key": key(town)[1]},
}
EXPIRED: dict[str, Present] = {
    "since a second": lambda town: bearer(changed(good(town), exp=NOW - timedelta(seconds=1))),
    "since ever": lambda town: bearer(changed(good(town), exp=1)),
}
ALL = [
    *((kind, present, "token_invalid") for kind, present in INVALID.items()),
    *((kind, present, "not_authenticated") for kind, present in REFUSED.items()),
    *((kind, present, "token_missing") for kind, present in MISSING.items()),
    *((kind, present, "token_expired") for kind, present in EXPIRED.items()),
]


# --- at every route ---------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize(("present", "code"), [one[1:] for one in ALL], ids=[one[0] for one in ALL])
def test_it_opens_nothing(town: Town, present: Present, code: str) -> None:
    """Headers go in as a server hands them over, whatever a client would refuse to send."""
    presented = present(town)
    environment = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in presented.items()}
    secrets = [word for value in presented.values() for word in value.split() if len(word) > 20]
    for method, rule in [*EXPECTED, *PERSONAL]:
        answer = town.app.test_client().open(
            town.path(rule), method=method, environ_overrides=environment, headers={"X-Tenant-Id": TENANT}
        )
        assert_problem(answer, 401, code)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert not TELLTALES.search(answer.data), (method, rule, answer.data)
        assert not any(secret in answer.get_data(as_text=True) for secret in secrets), (method, rule)


def test_a_token_of_a_tenant_that_is_gone(town: Town) -> None:
    stranger = Api(town.app.test_client(), changed(good(town), tenant_id="gone"))
    for (method, rule), permission in EXPECTED.items():
        if ROLE not in ROLES_WITH[permission] or "<tenant_id>" in rule:
            continue
        assert_problem(stranger(method, town.path(rule)), 401, "not_authenticated")
    assert_problem(stranger.get(f"/api/v1/tenants/{TENANT}"), 404, "not_found")


@pytest.mark.parametrize("status", [TenantStatus.SUSPENDED, TenantStatus.DELETING])
def test_a_suspended_tenants_tokens_and_keys_open_nothing(town: Town, status: TenantStatus) -> None:
    tenants = town.world.services.tenants
    everybody = (town.person(ROLE), town.machine(ROLE))
    town.world.tenants.replace(replace(tenants.get(TENANT), status=status))
    for who in everybody:
        for (method, rule), permission in EXPECTED.items():
            if ROLE in ROLES_WITH[permission]:
                answer = who(method, town.path(rule), town.example((method, rule)))
                assert_problem(answer, 403, "tenant_suspended")


def test_where_no_token_is_needed_a_bad_one_does_no_harm(town: Town) -> None:
    for path in ("/health/live", f"/api/v1/brand?tenant={TENANT}", "/api/openapi.json"):
        for token in ("x" * 9_000, "ocpp_x", "a.b.c"):
            assert Api(town.app.test_client(), token).get(path).status_code == 200


def test_a_token_in_the_address_is_none(town: Town) -> None:
    for name in ("jwt", "token", "access_token", "api_key", "X-API-Key"):
        answer = town.app.test_client().get(f"/api/v1/chargepoints?{name}={good(town)}")
        assert_problem(answer, 401, "token_missing")
