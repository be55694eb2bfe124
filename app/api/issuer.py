"""Tokens of somebody else: an identity provider that this installation trusts (OpenID Connect).

Only signatures with a private key that the issuer alone has are believed, each by the one algorithm of its
kind of key (RS256, ES256), so that nobody can pass off a public key as a shared secret.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt
from jwt.exceptions import PyJWTError

from app.api.caller import Caller
from app.api.issuer_keys import ALGORITHM_OF, IssuerKeys
from app.domain.errors import NotAuthenticated, TokenExpired
from app.domain.user import Role
from app.logs import get_logger
from app.oidc_settings import OidcSettings

_LEEWAY_S = 30
_MOST_OF_A_TEXT = 200

_log = get_logger(__name__)


class ExternalIssuer:
    """Who an outside token says the caller is. Thread-safe."""

    def __init__(self, chosen: OidcSettings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._chosen = chosen
        self._keys = IssuerKeys(chosen.jwks_url, monotonic)

    def is_of(self, token: str) -> bool:
        """Whether the token says that it is the issuer's; nothing is believed yet."""
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
        except PyJWTError:
            return False
        return bool(claims.get("iss") == self._chosen.issuer)

    def caller(self, token: str) -> Caller:
        """Raises PyJWT's InvalidTokenError, TokenExpired, NotAuthenticated, IssuerUnavailable."""
        try:
            key = self._keys.get(jwt.get_unverified_header(token).get("kid", ""))
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=[ALGORITHM_OF[str(key.key_type)]],
                issuer=self._chosen.issuer,
                audience=self._chosen.audience,
                leeway=_LEEWAY_S,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.ExpiredSignatureError as over:
            raise TokenExpired("The token has expired.") from over
        except PyJWTError as wrong:
            _log.info("external token refused", reason=str(wrong))
            raise
        return self._mapped(claims)

    def _mapped(self, claims: Mapping[str, Any]) -> Caller:
        """By the installation's mapping. A role that nobody mapped is no role."""
        role = self._role(_claim(claims, self._chosen.role_claim))
        tenant_id = None if role is Role.PLATFORM_ADMIN else _claim(claims, self._chosen.tenant_claim)
        if role is not Role.PLATFORM_ADMIN and not _is_text(tenant_id):
            raise NotAuthenticated("The token names no tenant.")
        subject, name = claims["sub"], _claim(claims, self._chosen.name_claim)
        if not _is_text(subject):
            raise NotAuthenticated("The token names nobody.")
        return Caller(f"external:{subject}", role, tenant_id, "external", name if _is_text(name) else subject)

    def _role(self, named: Any) -> Role:
        """The one that may do most, of those that the token names."""
        names = named if isinstance(named, list) else [named]
        mapped = [self._chosen.role_map[name] for name in map(str, names) if name in self._chosen.role_map]
        if not mapped:
            raise NotAuthenticated("The token has no role that is known here.")
        return min(mapped, key=list(Role).index)


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """By its name, or by a path of names with dots between, as `realm_access.roles`."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _is_text(value: Any) -> bool:
    """What can be stored, logged and shown."""
    return isinstance(value, str) and 0 < len(value) <= _MOST_OF_A_TEXT and value.isprintable()
