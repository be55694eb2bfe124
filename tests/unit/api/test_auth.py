"""Logging in, refreshing, and what is no token."""

import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from flask.testing import FlaskClient

from app.api import create_app
from app.domain.tenant import TenantStatus
from app.domain.user import Role
from app.settings import Settings
from tests.fakes.world import World
from tests.unit.api.calls import PASSWORD, SECRET, Api, assert_problem

NEWER = "a-newer-secret-that-is-long-enough-too"
LOGIN, REFRESH, LIST = "/api/v1/auth/login", "/api/v1/auth/refresh", "/api/v1/chargepoints"
OPERATOR = {"email": "operator@acme.example", "password": PASSWORD}


def forged(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    now = datetime.now(UTC)
    good = {
        "sub": "user-1",
        "role": "operator",
        "tenant_id": "acme",
        "email": "operator@acme.example",
        "sid": "live",
        "iss": "ocpp-server",
        "aud": "ocpp-server",
        "nbf": now,
        "type": "access",
        "fresh": False,
        "jti": "1",
        "iat": now,
        "exp": now + timedelta(minutes=5),
    }
    return jwt.encode(good | claims, secret, algorithm)


@pytest.fixture(autouse=True)
def live(world: World) -> None:
    """The login session of forged tokens."""
    world.live_sessions.known["live"] = True


def test_login_gives_both_tokens(anybody: Api) -> None:
    body = anybody.post(LOGIN, OPERATOR).get_json()
    assert set(body) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 900
    claims = jwt.decode(body["access_token"], SECRET, ["HS256"], audience="ocpp-server", issuer="ocpp-server")
    assert (claims["tenant_id"], claims["role"]) == ("acme", "operator")
    assert Api(anybody.client, body["access_token"]).get(LIST).status_code == 200


def test_the_email_is_known_in_any_case(anybody: Api) -> None:
    assert anybody.post(LOGIN, OPERATOR | {"email": "Operator@ACME.example"}).status_code == 200


def test_wrong_email_and_wrong_password_are_answered_alike(anybody: Api) -> None:
    unknown = anybody.post(LOGIN, OPERATOR | {"email": "nobody@acme.example"})
    wrong = anybody.post(LOGIN, OPERATOR | {"password": "wrong"})
    first = assert_problem(unknown, 401, "not_authenticated")
    second = assert_problem(wrong, 401, "not_authenticated")
    assert first["detail"] == second["detail"]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"email", "password"}),
        ({"email": "a@b.example"}, {"password"}),
        ({"email": 1, "password": ["x"]}, {"email", "password"}),
        ({"email": None, "password": ""}, {"email", "password"}),
        (OPERATOR | {"remember": True}, {"remember"}),
        ([], {"body"}),
        ("text", {"body"}),
    ],
)
def test_a_wrong_login_body_is_told_by_field(anybody: Api, body: Any, fields: set[str]) -> None:
    assert_problem(anybody.post(LOGIN, body), 422, "invalid_input", *fields)


def test_refresh_by_header_and_by_body(anybody: Api) -> None:
    token = anybody.post(LOGIN, OPERATOR).get_json()["refresh_token"]
    for answer in (Api(anybody.client, token).post(REFRESH), anybody.post(REFRESH, {"refresh_token": token})):
        assert answer.status_code == 200
        body = answer.get_json()
        assert body["refresh_token"] != token
        assert Api(anybody.client, body["access_token"]).get(LIST).status_code == 200


def test_refresh_looks_the_user_up_again(anybody: Api, world: World) -> None:
    token = anybody.post(LOGIN, OPERATOR).get_json()["refresh_token"]
    user = world.users.find_by_email(OPERATOR["email"])
    assert user is not None
    world.users.remove(user.id)
    assert_problem(anybody.post(REFRESH, {"refresh_token": token}), 401, "not_authenticated")


def test_refresh_wants_a_refresh_token(anybody: Api) -> None:
    access = anybody.post(LOGIN, OPERATOR).get_json()["access_token"]
    assert_problem(anybody.post(REFRESH), 401, "token_missing")
    assert_problem(anybody.post(REFRESH, {"refresh_token": access}), 401, "token_invalid")
    assert_problem(Api(anybody.client, access).post(REFRESH), 401, "token_invalid")
    assert_problem(anybody.post(REFRESH, {"refresh_token": "nonsense"}), 401, "token_invalid")
    assert_problem(anybody.post(REFRESH, {"refresh_token": 5}), 422, "invalid_input", "refresh_token")
    assert_problem(anybody.post(REFRESH, [1]), 422, "invalid_input", "body")


def test_a_refresh_token_opens_nothing_else(anybody: Api) -> None:
    token = anybody.post(LOGIN, OPERATOR).get_json()["refresh_token"]
    assert_problem(Api(anybody.client, token).get(LIST), 401, "token_invalid")


def test_an_expired_token(client: FlaskClient) -> None:
    token = forged(exp=datetime.now(UTC) - timedelta(seconds=1))
    assert_problem(Api(client, token).get(LIST), 401, "token_expired")


@pytest.mark.parametrize(
    "token",
    [
        forged(secret="another-secret-that-is-long-enough"),
        forged(secret="", algorithm="none"),
        forged(algorithm="HS384"),
        forged(sub=7),
        forged(iss="https://issuer.example"),
        forged(aud="somebody-else"),
        forged(aud=None),
        forged() + "x",
        "a.b.c",
        "é.é.é",
        "nonsense",
    ],
)
def test_a_token_that_is_not_ours(client: FlaskClient, token: str) -> None:
    assert_problem(Api(client, token).get(LIST), 401, "token_invalid")


@pytest.mark.parametrize("claims", [{"role": "god"}, {"role": None}, {"sid": "unknown"}])
def test_a_token_with_claims_that_nobody_gives(client: FlaskClient, claims: dict[str, Any]) -> None:
    assert_problem(Api(client, forged(**claims)).get(LIST), 401, "not_authenticated")


@pytest.mark.parametrize("header", ["Bearer", "Bearer  ", "Basic x", "bearer x", "Bearer a b", ", ,", "\t"])
def test_a_header_that_is_no_bearer_token(anybody: Api, header: str) -> None:
    answer = anybody.get(LIST, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.get_json(force=True)["code"] in ("token_missing", "token_invalid")


def test_a_suspended_tenants_people_stay_outside(
    anybody: Api, as_user: Callable[..., Api], world: World
) -> None:
    tokens = anybody.post(LOGIN, OPERATOR).get_json()
    platform_admin = as_user(Role.PLATFORM_ADMIN)
    world.tenants.replace(replace(world.services.tenants.get("acme"), status=TenantStatus.SUSPENDED))
    assert_problem(anybody.post(LOGIN, OPERATOR), 403, "tenant_suspended")
    assert_problem(anybody.post(REFRESH, {"refresh_token": tokens["refresh_token"]}), 403, "tenant_suspended")
    assert_problem(Api(anybody.client, tokens["access_token"]).get(LIST), 403, "tenant_suspended")
    assert_problem(platform_admin.get(LIST, headers={"X-Tenant-Id": "acme"}), 403, "tenant_suspended")
    assert platform_admin.get("/api/v1/tenants/acme").get_json()["status"] == "suspended"


def test_a_token_of_a_tenant_that_is_no_more(client: FlaskClient) -> None:
    assert_problem(Api(client, forged(tenant_id="gone")).get(LIST), 401, "not_authenticated")


def test_tokens_of_the_previous_key_are_good_until_they_expire(
    anybody: Api, world: World, settings: Settings
) -> None:
    """Nobody is logged out when the key is changed, and what is signed from then on is of the new one."""

    def of_installation(newest: str, previous: str) -> Api:
        web = replace(settings.web, jwt_secret_key=newest, jwt_secret_key_previous=previous)
        return Api(create_app(world.services, replace(settings, web=web)).test_client(), None)

    old = anybody.post(LOGIN, OPERATOR).get_json()
    rotated, later = of_installation(NEWER, SECRET), of_installation(NEWER, "")
    assert Api(rotated.client, old["access_token"]).get(LIST).status_code == 200
    assert_problem(Api(later.client, old["access_token"]).get(LIST), 401, "token_invalid")
    new = rotated.post(REFRESH, {"refresh_token": old["refresh_token"]}).get_json()
    assert later.post(REFRESH, {"refresh_token": new["refresh_token"]}).status_code == 200
    assert_problem(Api(anybody.client, new["access_token"]).get(LIST), 401, "token_invalid")


@pytest.mark.parametrize("kid", ["", "unknown", 7, None, ["x"]])
def test_a_token_of_no_known_key_opens_nothing(client: FlaskClient, kid: object) -> None:
    """The name of a key chooses among ours only, and breaks nothing."""
    said = forged(secret=NEWER).split(".")[1]
    named = json.dumps({"alg": "HS256", "typ": "JWT", "kid": kid}).encode()
    signed = f"{jwt.utils.base64url_encode(named).decode()}.{said}"
    signature = hmac.digest(NEWER.encode(), signed.encode(), "sha256")
    token = f"{signed}.{jwt.utils.base64url_encode(signature).decode()}"
    assert_problem(Api(client, token).get(LIST), 401, "token_invalid")
