"""Settings of single sign-on: none at first, and all of it or a word on what is missing."""

import pytest

from app.domain.errors import SettingsError
from app.domain.user import Role
from app.oidc_settings import OidcSettings
from app.settings import Settings

GOOD = {
    "OIDC_ISSUER": "https://id.example.com",
    "OIDC_AUDIENCE": "ocpp",
    "OIDC_JWKS_URL": "https://id.example.com/jwks",
}


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        *GOOD,
        "OIDC_TENANT_CLAIM",
        "OIDC_ROLE_CLAIM",
        "OIDC_NAME_CLAIM",
        "OIDC_ROLE_MAP",
        "APP_ENV",
    ):
        monkeypatch.delenv(name, raising=False)


def read(monkeypatch: pytest.MonkeyPatch, **variables: str) -> OidcSettings:
    for name, value in (GOOD | variables).items():
        monkeypatch.setenv(name, value)
    return Settings.from_env().oidc


def test_nobody_is_believed_at_first() -> None:
    oidc = Settings.from_env().oidc
    assert not oidc.issuer
    assert Role.PLATFORM_ADMIN not in oidc.role_map.values()


def test_an_issuer_with_the_usual_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    oidc = read(monkeypatch)
    assert (oidc.issuer, oidc.audience, oidc.jwks_url) == tuple(GOOD.values())
    assert (oidc.tenant_claim, oidc.role_claim, oidc.name_claim) == ("tenant_id", "roles", "email")


def test_roles_are_mapped(monkeypatch: pytest.MonkeyPatch) -> None:
    oidc = read(monkeypatch, OIDC_ROLE_MAP=" charging-admin = tenant_admin,a=b=viewer,root=platform_admin, ")
    assert oidc.role_map == {
        "charging-admin": Role.TENANT_ADMIN,
        "a=b": Role.VIEWER,
        "root": Role.PLATFORM_ADMIN,
    }


@pytest.mark.parametrize(
    "address",
    ["https://id.example.com/keys", "http://127.0.0.1:8080/keys", "http://localhost/keys", "http://[::1]/k"],
)
def test_where_the_keys_are(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    assert read(monkeypatch, OIDC_JWKS_URL=address).jwks_url == address


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OIDC_ISSUER", "ocpp-server"),
        ("OIDC_AUDIENCE", ""),
        ("OIDC_JWKS_URL", ""),
        ("OIDC_JWKS_URL", "http://id.example.com/keys"),
        ("OIDC_JWKS_URL", "http://127.0.0.1.example.com/keys"),
        ("OIDC_JWKS_URL", "file:///etc/passwd"),
        ("OIDC_JWKS_URL", "https://"),
        ("OIDC_TENANT_CLAIM", ""),
        ("OIDC_ROLE_CLAIM", ""),
        ("OIDC_NAME_CLAIM", ""),
        ("OIDC_ROLE_MAP", ""),
        ("OIDC_ROLE_MAP", "admin"),
        ("OIDC_ROLE_MAP", "admin=god"),
        ("OIDC_ROLE_MAP", "=viewer"),
    ],
)
def test_what_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(monkeypatch, **{name: value})
    assert set(refused.value.problems) == {name}


def test_an_issuer_alone_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_ISSUER", "https://id.example.com")
    with pytest.raises(SettingsError) as refused:
        Settings.from_env()
    assert set(refused.value.problems) == {"OIDC_AUDIENCE", "OIDC_JWKS_URL"}
