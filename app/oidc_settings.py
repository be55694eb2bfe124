"""Settings of an external issuer of tokens. Read as part of `app.settings`."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from environs import Env
from marshmallow import ValidationError
from marshmallow.validate import Length, NoneOf

from app.domain.user import Role

OWN_ISSUER = "ocpp-server"
"""Who signs our own access tokens; nobody else may be called so."""
_OF_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """Whose tokens are believed, and where in them tenant, role and name stand. No `issuer`: nobody's."""

    issuer: str
    audience: str
    jwks_url: str
    tenant_claim: str
    role_claim: str
    name_claim: str
    role_map: Mapping[str, Role]


def read_oidc(env: Env) -> OidcSettings:
    """`env` collects what is wrong. With an issuer, its audience and the address of its keys are needed."""
    given = bool(env.str("OIDC_ISSUER", ""))
    roles = env.str(
        "OIDC_ROLE_MAP", "tenant_admin=tenant_admin,operator=operator,viewer=viewer", validate=_is_map
    )
    return OidcSettings(
        issuer=env.str("OIDC_ISSUER", "", validate=NoneOf([OWN_ISSUER], error="Is our own name.")),
        audience=env.str("OIDC_AUDIENCE", validate=Length(1)) if given else env.str("OIDC_AUDIENCE", ""),
        jwks_url=env.str("OIDC_JWKS_URL", validate=_is_address) if given else env.str("OIDC_JWKS_URL", ""),
        tenant_claim=env.str("OIDC_TENANT_CLAIM", "tenant_id", validate=Length(1)),
        role_claim=env.str("OIDC_ROLE_CLAIM", "roles", validate=Length(1)),
        name_claim=env.str("OIDC_NAME_CLAIM", "email", validate=Length(1)),
        role_map=_map_of(roles) if roles else {},
    )


def _is_address(value: str) -> None:
    """Whoever could answer in the issuer's place could sign in as anybody."""
    parts = urlsplit(value)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme != "http" or parts.hostname not in _OF_THIS_MACHINE:
        raise ValidationError("Must start with https://.")


def _is_map(value: str) -> None:
    try:
        known = _map_of(value)
    except ValueError:
        known = {}
    if not known or "" in known:
        ours = ", ".join(Role)
        raise ValidationError(f"Write THEIRS=OURS, with commas between; ours are {ours}.")


def _map_of(text: str) -> dict[str, Role]:
    """Their names may hold '='; ours never do."""
    pairs = (pair.rpartition("=") for pair in text.split(",") if pair.strip())
    return {theirs.strip(): Role(ours.strip()) for theirs, _, ours in pairs}
