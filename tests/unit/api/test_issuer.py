"""Tokens of an external issuer: whom they are believed, and what happens when the issuer is away."""

import base64
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from flask.testing import FlaskClient
from jwt.algorithms import RSAAlgorithm

from app.api import create_app
from app.api.current import EXTENSION, equip
from app.api.issuer import ExternalIssuer
from app.domain.errors import IssuerUnavailable
from app.domain.user import Role
from app.oidc_settings import OidcSettings
from app.settings import Settings
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem
from tests.unit.api.issuers import AUDIENCE, ISSUER, Issuer, issued, public_jwk, running_issuer, signing_key

LIST, ME = "/api/v1/chargepoints", "/api/v1/auth/me"
ROLES = {"operator": Role.OPERATOR, "viewer": Role.VIEWER, "charging-admin": Role.TENANT_ADMIN}


class Moments:
    """A clock that only tests move."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


@pytest.fixture
def chosen(issuer: Issuer) -> OidcSettings:
    return OidcSettings(ISSUER, AUDIENCE, issuer.url, "tenant_id", "roles", "email", ROLES)


@pytest.fixture
def moments() -> Moments:
    return Moments()


@pytest.fixture
def app(world: World, settings: Settings, chosen: OidcSettings, moments: Moments) -> Flask:
    app = create_app(world.services, replace(settings, oidc=chosen))
    equip(app, replace(app.extensions[EXTENSION], issuer=ExternalIssuer(chosen, moments)))
    return app


def remap(app: Flask, chosen: OidcSettings, **changes: Any) -> None:
    """Give the app another mapping."""
    external = ExternalIssuer(replace(chosen, **changes))
    equip(app, replace(app.extensions[EXTENSION], issuer=external))


def told(client: FlaskClient, token: str, path: str = LIST, **headers: str) -> Any:
    return Api(client, token).get(path, headers=headers)


@pytest.mark.parametrize("key", ["rsa-1", "ec-1"])
def test_a_good_token_comes_in_with_its_role_and_tenant(client: FlaskClient, key: str) -> None:
    me = told(client, issued(key), ME).get_json()
    assert (me["id"], me["name"], me["kind"]) == ("external:42", "ann@acme.example", "external")
    assert (me["tenant_id"], me["role"]) == ("acme", "operator")
    assert told(client, issued(key)).status_code == 200
    assert_problem(told(client, issued(key), LIST, **{"X-Tenant-Id": "beta"}), 404, "not_found")
    assert_problem(told(client, issued(key), "/api/v1/users"), 403, "not_permitted")


def test_our_own_tokens_go_on(operator: Api, issuer: Issuer) -> None:
    assert operator.get(LIST).status_code == 200
    assert issuer.asked == 0


def test_of_several_roles_the_one_that_may_most_counts(client: FlaskClient) -> None:
    token = issued(roles=["viewer", "somebody", "charging-admin", "operator"])
    assert told(client, token, ME).get_json()["role"] == "tenant_admin"
    assert told(client, issued(roles="viewer"), ME).get_json()["role"] == "viewer"


@pytest.mark.parametrize(
    "roles", [None, [], "", "platform_admin", ["tenant_admin"], {"operator": 1}, [["operator"]], 7]
)
def test_a_role_that_nobody_mapped_is_none(client: FlaskClient, roles: Any) -> None:
    assert_problem(told(client, issued(roles=roles)), 401, "not_authenticated")


def test_a_platform_admin_is_one_by_a_mapping_only(
    app: Flask, client: FlaskClient, chosen: OidcSettings
) -> None:
    assert_problem(told(client, issued(roles="root")), 401, "not_authenticated")
    remap(app, chosen, role_map=ROLES | {"root": Role.PLATFORM_ADMIN})
    assert told(client, issued(roles="root"), "/api/v1/tenants").status_code == 200
    assert told(client, issued(roles="root"), LIST, **{"X-Tenant-Id": "beta"}).status_code == 200
    assert told(client, issued(roles="root"), ME).get_json()["tenant_id"] is None


@pytest.mark.parametrize(
    "tenant", [None, "", 7, ["acme"], "a\nb", "x" * 300, "gone", "../acme", "acme\ud800"]
)
def test_a_tenant_that_does_not_exist(client: FlaskClient, tenant: Any) -> None:
    token = issued(tenant_id=tenant)
    assert_problem(told(client, token), 401, "not_authenticated")
    assert_problem(told(client, token, ME), 401, "not_authenticated")


def test_a_suspended_tenants_tokens_stay_outside(client: FlaskClient, platform_admin: Api) -> None:
    assert platform_admin.post("/api/v1/tenants/acme/suspend").status_code == 200
    assert_problem(told(client, issued()), 403, "tenant_suspended")


def test_claims_may_be_called_anything_and_lie_deeper(
    app: Flask, client: FlaskClient, chosen: OidcSettings
) -> None:
    remap(
        app,
        chosen,
        role_claim="realm_access.roles",
        tenant_claim="https://acme.example/tenant",
        name_claim="name",
    )
    claims: dict[str, Any] = {
        "realm_access": {"roles": ["viewer"]},
        "https://acme.example/tenant": "beta",
        "name": "Ann Smith",
    }
    me = told(client, issued(roles=None, **claims), ME).get_json()
    assert (me["tenant_id"], me["role"], me["name"]) == ("beta", "viewer", "Ann Smith")
    assert_problem(told(client, issued(**claims | {"realm_access": "x"})), 401, "not_authenticated")


def test_without_a_name_it_is_called_by_its_subject(client: FlaskClient) -> None:
    for email in (None, "", 7, "a\nb"):
        assert told(client, issued(email=email), ME).get_json()["name"] == "42"


# --- hostile tokens --------------------------------------------------------------------------------


def confused() -> str:
    """Signed with the public key as if that were a shared secret."""
    pem = signing_key("rsa-1").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    claims = jwt.decode(issued(), options={"verify_signature": False})
    header = {"alg": "HS256", "typ": "JWT", "kid": "rsa-1"}
    signed = b".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)
    )
    signature = base64.urlsafe_b64encode(hmac.digest(pem, signed, "sha256")).rstrip(b"=")
    return b".".join([signed, signature]).decode()  # PyJWT itself would refuse to make it


def unsigned(token: str) -> str:
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(claims, "", "none", {"kid": "rsa-1"})


def resigned(token: str, signature_of: str) -> str:
    return f"{token.rpartition('.')[0]}.{signature_of.rpartition('.')[2]}"


LATER = datetime.now(UTC) + timedelta(hours=1)
HOSTILE: dict[str, Callable[[], str]] = {
    "signed by somebody else": lambda: issued("rsa-2", header={"kid": "rsa-1"}),
    "a key that the issuer has not": lambda: issued("rsa-2"),
    "its public key as a secret": confused,
    "not signed": lambda: unsigned(issued()),
    "another token's signature": lambda: resigned(issued(roles=["viewer"]), issued()),
    "the other kind of key": lambda: issued("ec-1", header={"kid": "rsa-1"}),
    "brings its key along": lambda: issued("rsa-2", header={"kid": "rsa-1", "jwk": public_jwk("rsa-2")}),
    "says where its key is": lambda: issued("rsa-2", header={"kid": "x", "jku": "http://127.0.0.1:1/"}),
    "a header nobody knows": lambda: issued(header={"crit": ["x"], "x": 1}),
    "for somebody else": lambda: issued(aud="somebody-else"),
    "for nobody": lambda: issued(aud=None),
    "for a list without us": lambda: issued(aud=["a", "b"]),
    "never ends": lambda: issued(exp=None),
    "ends some day": lambda: issued(exp="tomorrow"),
    "not yet": lambda: issued(nbf=LATER),
    "made later": lambda: issued(iat=LATER),
    "of nobody": lambda: issued(sub=None),
    "of a number": lambda: issued(sub=7),
    "another issuer": lambda: issued(iss="https://id.evil.example"),
    "no issuer": lambda: issued(iss=None),
    "our name, their key": lambda: issued(iss="ocpp-server", aud="ocpp-server"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_token_that_is_not_the_issuers(client: FlaskClient, kind: str) -> None:
    answer = told(client, HOSTILE[kind]())
    body = assert_problem(answer, 401, "token_invalid")
    assert body["detail"] == "The token is not valid here."
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_one_that_has_expired(client: FlaskClient) -> None:
    now = datetime.now(UTC)
    assert_problem(told(client, issued(exp=now - timedelta(minutes=1))), 401, "token_expired")
    assert told(client, issued(exp=now - timedelta(seconds=10))).status_code == 200  # clocks differ a little
    assert told(client, issued(nbf=now + timedelta(seconds=10))).status_code == 200


def test_a_subject_that_cannot_be_shown(client: FlaskClient) -> None:
    for subject in ("", "x" * 300, "a\nb", "\ud800"):
        assert_problem(told(client, issued(sub=subject)), 401, "not_authenticated")


def test_without_an_issuer_nobody_is_believed(world: World, settings: Settings) -> None:
    app = create_app(world.services, settings)
    assert_problem(told(app.test_client(), issued()), 401, "token_invalid")


# --- the issuer's keys ------------------------------------------------------------------------------


def test_keys_are_asked_for_once(client: FlaskClient, issuer: Issuer) -> None:
    for key in ("rsa-1", "ec-1", "rsa-1"):
        assert told(client, issued(key)).status_code == 200
    assert issuer.asked == 1


def test_a_new_key_is_found_and_invented_ones_do_not_flood_the_issuer(
    client: FlaskClient, issuer: Issuer, moments: Moments
) -> None:
    assert told(client, issued()).status_code == 200
    issuer.keys = [public_jwk("rsa-2")]
    moments.now += 11
    assert told(client, issued("rsa-2")).status_code == 200
    assert_problem(told(client, issued("rsa-1")), 401, "token_invalid")
    for number in range(50):
        token = issued(header={"kid": f"invented-{number}"})
        assert_problem(told(client, token), 401, "token_invalid")
    assert issuer.asked == 2


def test_a_withdrawn_key_ends_within_the_hour(client: FlaskClient, issuer: Issuer, moments: Moments) -> None:
    assert told(client, issued()).status_code == 200
    issuer.keys = [public_jwk("ec-1")]
    moments.now += 3_599
    assert told(client, issued()).status_code == 200
    moments.now += 2
    assert_problem(told(client, issued()), 401, "token_invalid")


def test_an_issuer_with_one_key_need_not_name_it(
    client: FlaskClient, issuer: Issuer, moments: Moments
) -> None:
    issuer.keys = [public_jwk("rsa-1", kid=None)]
    assert told(client, issued(header={"kid": ""})).status_code == 200
    issuer.keys = [public_jwk("rsa-1"), public_jwk("ec-1")]
    moments.now += 3_601
    assert_problem(told(client, issued(header={"kid": ""})), 401, "token_invalid")


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize(
    ("key", "more"),
    [("rsa-short", {}), ("ec-384", {}), ("rsa-1", {"use": "enc"}), ("rsa-1", {"kty": "oct", "k": "eA"})],
)
def test_a_key_that_is_not_for_this(
    client: FlaskClient, issuer: Issuer, key: str, more: dict[str, str]
) -> None:
    issuer.keys = [public_jwk(key, **more), public_jwk("ec-1")]
    assert_problem(told(client, issued(key)), 401, "token_invalid")
    assert told(client, issued("ec-1")).status_code == 200


def test_a_private_key_that_is_shown_to_everybody_is_believed_no_more(
    client: FlaskClient, issuer: Issuer
) -> None:
    private = signing_key("rsa-1")
    assert isinstance(private, rsa.RSAPrivateKey)
    issuer.keys = [RSAAlgorithm.to_jwk(private, as_dict=True) | {"kid": "rsa-1"}, public_jwk("ec-1")]
    assert_problem(told(client, issued("rsa-1")), 401, "token_invalid")
    assert told(client, issued("ec-1")).status_code == 200


def test_while_the_issuer_is_away_the_known_keys_go_on(
    client: FlaskClient, issuer: Issuer, moments: Moments
) -> None:
    assert told(client, issued()).status_code == 200
    issuer.status = 500
    moments.now += 5_000
    assert told(client, issued()).status_code == 200
    assert_problem(told(client, issued("rsa-2")), 503, "issuer_unavailable")
    issuer.status, issuer.keys = 200, [public_jwk("rsa-2")]
    moments.now += 11
    assert told(client, issued("rsa-2")).status_code == 200


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, None),
        (404, None),
        (200, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"7"),
        (200, b'{"keys": 7}'),
        (200, b'{"keys": [7]}'),
        (200, b'{"keys": []}'),
        (200, b"[" * 100_000),
        (200, b" " * 300_000 + b"{}"),
        (200, b"\xff\xfe"),
    ],
)
def test_an_issuer_that_says_nothing_useful(
    client: FlaskClient, issuer: Issuer, moments: Moments, status: int, body: bytes | None
) -> None:
    issuer.status, issuer.body = status, body
    for _ in range(3):
        answer = told(client, issued())
        told_of_it = assert_problem(answer, 503, "issuer_unavailable")
        assert "127.0.0.1" not in str(told_of_it)
        assert answer.headers["Retry-After"]
    assert issuer.asked == 1
    issuer.status, issuer.body = 200, None
    moments.now += 11
    assert told(client, issued()).status_code == 200


def test_an_issuer_that_is_not_there(app: Flask, client: FlaskClient, chosen: OidcSettings) -> None:
    remap(app, chosen, jwks_url="http://127.0.0.1:1/jwks")
    assert_problem(told(client, issued()), 503, "issuer_unavailable")


def test_nobody_is_followed_elsewhere(client: FlaskClient, issuer: Issuer) -> None:
    issuer.status, issuer.location = 302, issuer.url
    assert_problem(told(client, issued()), 503, "issuer_unavailable")
    assert issuer.asked == 1


def test_whoever_has_a_known_key_does_not_wait_for_a_slow_issuer(
    issuer: Issuer, chosen: OidcSettings, moments: Moments
) -> None:
    external = ExternalIssuer(chosen, moments)
    external.caller(issued())
    issuer.hold, moments.now = threading.Event(), moments.now + 5_000
    issuer.entered.clear()
    first = threading.Thread(target=external.caller, args=(issued(),))
    first.start()
    try:
        assert issuer.entered.wait(5)
        assert external.caller(issued()).tenant_id == "acme"
        with pytest.raises(IssuerUnavailable):
            external.caller(issued("rsa-2"))
    finally:
        issuer.hold.set()
        first.join()
    assert issuer.asked == 2
