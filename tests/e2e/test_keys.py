"""API keys and an external issuer's tokens in the running system: what opens, and what ends at once."""

import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.bootstrap import build_services
from app.domain.user import Role
from app.services import Services
from tests.e2e.conftest import PASSWORD, own_environment
from tests.e2e.system import RunningSystem
from tests.unit.api.issuers import AUDIENCE, ISSUER, Issuer, issued, running_issuer

pytestmark = pytest.mark.e2e
KEYS, LIST, SESSIONS = "/api/v1/api-keys", "/api/v1/chargepoints", "/api/v1/sessions"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


@pytest.fixture(scope="module")
def system(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str, issuer: Issuer
) -> Iterator[RunningSystem]:
    """Only what answers REST, and it believes the issuer."""
    oidc = {
        "OIDC_ISSUER": ISSUER,
        "OIDC_AUDIENCE": AUDIENCE,
        "OIDC_JWKS_URL": issuer.url,
        "OIDC_ROLE_MAP": "operator=operator,root=platform_admin",
    }
    directory = tmp_path_factory.mktemp("keys")
    with RunningSystem(directory, ("servers", "web"), **oidc, **own_environment(worker_id, 2)) as running:
        yield running


@pytest.fixture(scope="module")
def services(system: RunningSystem) -> Services:
    made = build_services(system.settings)
    made.tenants.prepare_stores()
    return made


@pytest.fixture
def tenant_id(services: Services) -> str:
    name = f"keys-{uuid.uuid4().hex[:8]}"
    services.tenants.create(name, name)
    services.users.create(f"admin@{name}.example", PASSWORD, Role.TENANT_ADMIN, name)
    return name


@pytest.fixture
def rest(system: RunningSystem) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=system.rest_url, timeout=20) as client:
        yield client


@pytest.fixture
def admin(rest: httpx.Client, tenant_id: str) -> dict[str, str]:
    """The headers of the tenant's administrator."""
    login = rest.post(
        "/api/v1/auth/login", json={"email": f"admin@{tenant_id}.example", "password": PASSWORD}
    )
    return bearer(login.json()["access_token"])


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def made(rest: httpx.Client, admin: dict[str, str], **fields: Any) -> dict[str, Any]:
    answer = rest.post(KEYS, headers=admin, json={"name": "billing", "role": "operator"} | fields)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_keys_life(
    system: RunningSystem, rest: httpx.Client, admin: dict[str, str], tenant_id: str
) -> None:
    key = made(rest, admin, scopes=["sessions.read"])
    by_key = bearer(key["api_key"])
    assert rest.get(SESSIONS, headers=by_key).status_code == 200
    assert rest.get(SESSIONS, headers={"X-API-Key": key["api_key"]}).status_code == 200
    assert refusal(rest.get(LIST, headers=by_key)) == (403, "not_permitted")
    assert refusal(rest.post(KEYS, headers=by_key, json={})) == (403, "not_permitted")
    assert rest.get("/api/v1/auth/me", headers=by_key).json()["tenant_id"] == tenant_id
    (shown,) = rest.get(KEYS, headers=admin).json()["items"]
    assert shown["last_used_at"]
    assert "api_key" not in shown

    other = rest.post(f"{KEYS}/{key['id']}/rotate", headers=admin).json()["api_key"]
    assert refusal(rest.get(SESSIONS, headers=by_key)) == (401, "not_authenticated")
    assert rest.get(SESSIONS, headers=bearer(other)).status_code == 200
    assert rest.delete(f"{KEYS}/{key['id']}", headers=admin).status_code == 204
    assert refusal(rest.get(SESSIONS, headers=bearer(other))) == (401, "not_authenticated")

    for text in (key["api_key"], other):
        assert text.rpartition("_")[2] not in system.log("web")


def test_a_key_ends_when_it_was_said_to(rest: httpx.Client, admin: dict[str, str]) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=3)
    key = bearer(made(rest, admin, expires_at=soon.isoformat())["api_key"])
    assert rest.get(LIST, headers=key).status_code == 200
    ends_at = time.monotonic() + 10
    while (answer := rest.get(LIST, headers=key)).status_code == 200:
        assert time.monotonic() < ends_at
        time.sleep(0.1)
    assert refusal(answer) == (401, "not_authenticated")
    assert datetime.now(UTC) >= soon


def test_keys_stop_with_their_tenant(
    rest: httpx.Client, admin: dict[str, str], tenant_id: str, services: Services
) -> None:
    key = bearer(made(rest, admin)["api_key"])
    _, text = services.api_keys.create(None, "operations", Role.PLATFORM_ADMIN)
    platform = bearer(text)
    assert rest.get(LIST, headers=platform | {"X-Tenant-Id": tenant_id}).status_code == 200
    assert rest.post(f"/api/v1/tenants/{tenant_id}/suspend", headers=platform).status_code == 200
    assert refusal(rest.get(LIST, headers=key)) == (403, "tenant_suspended")
    assert rest.post(f"/api/v1/tenants/{tenant_id}/resume", headers=platform).status_code == 200
    assert rest.get(LIST, headers=key).status_code == 200


def test_several_headers_are_none(rest: httpx.Client, admin: dict[str, str]) -> None:
    """However the server in front puts them together."""
    key, token = made(rest, admin)["api_key"], admin["Authorization"]
    for headers in (
        [("Authorization", token), ("Authorization", token)],
        [("Authorization", token), ("Authorization", f"Bearer {key}")],
        [("X-API-Key", key), ("X-API-Key", key)],
        [("X-API-Key", key), ("Authorization", token)],
        [("X_API_Key", key)],
        [("Authorization", f"Bearer {key}" + "x" * 20_000)],
    ):
        assert rest.get(LIST, headers=headers).status_code in (400, 401, 431), headers


def test_an_external_token_comes_in(rest: httpx.Client, tenant_id: str, issuer: Issuer) -> None:
    for key in ("rsa-1", "ec-1"):
        token = bearer(issued(key, tenant_id=tenant_id))
        me = rest.get("/api/v1/auth/me", headers=token).json()
        assert (me["tenant_id"], me["role"], me["kind"]) == (tenant_id, "operator", "external")
        assert rest.get(LIST, headers=token).status_code == 200
        assert refusal(rest.get(KEYS, headers=token)) == (403, "not_permitted")
    asked = issuer.asked
    root = bearer(issued(roles=["root"], tenant_id=None))
    assert rest.get(LIST, headers=root | {"X-Tenant-Id": tenant_id}).status_code == 200
    assert issuer.asked == asked


def test_an_external_token_that_is_not_good(
    rest: httpx.Client, tenant_id: str, admin: dict[str, str]
) -> None:
    past = datetime.now(UTC) - timedelta(minutes=5)
    for token, code in (
        (issued("rsa-2", header={"kid": "rsa-1"}, tenant_id=tenant_id), "token_invalid"),
        (issued(aud="another", tenant_id=tenant_id), "token_invalid"),
        (issued(exp=past, tenant_id=tenant_id), "token_expired"),
        (issued(tenant_id="nobody"), "not_authenticated"),
        (issued(roles=["guest"], tenant_id=tenant_id), "not_authenticated"),
    ):
        assert refusal(rest.get(LIST, headers=bearer(token))) == (401, code)
    assert rest.get(LIST, headers=admin).status_code == 200
