"""Who is asking, read from every request: an access token, an API key, or a token of an external issuer.

An access token carries the user's id, tenant and role, so that a request needs no look-up of the user; it
lives for minutes, and only as long as its login session does. Role and tenant are always of the same token.
"""

import hmac
from datetime import timedelta
from typing import Any

from flask import Flask, request
from flask_jwt_extended import JWTManager, create_access_token, create_refresh_token, decode_token
from flask_jwt_extended.exceptions import NoAuthorizationError, WrongTokenError
from structlog.contextvars import bind_contextvars

from app.api.caller import Caller, note_caller
from app.api.current import equipment, services
from app.domain.api_key import looks_like_key
from app.domain.errors import NotAuthenticated
from app.domain.login_session import LoginSession
from app.domain.user import Role, User
from app.oidc_settings import OWN_ISSUER
from app.settings import Settings

API_KEY_HEADER = "X-API-Key"
MAX_TOKEN_LENGTH = 8_192
_ALGORITHM = "HS256"
_NOT_OURS = "The token is not one of this server's."


def prepare_tokens(app: Flask, chosen: Settings) -> JWTManager:
    """Set up tokens: signed, by one algorithm only, taken from the Authorization header only.

    A token names its key, so that those of the previous key are good until they expire.
    """
    newest, previous = chosen.web.jwt_secret_key, chosen.web.jwt_secret_key_previous
    app.config.update(
        JWT_SECRET_KEY=newest,
        JWT_ALGORITHM=_ALGORITHM,
        JWT_DECODE_ALGORITHMS=[_ALGORITHM],
        JWT_ENCODE_ISSUER=OWN_ISSUER,
        JWT_DECODE_ISSUER=OWN_ISSUER,
        JWT_ENCODE_AUDIENCE=OWN_ISSUER,
        JWT_DECODE_AUDIENCE=OWN_ISSUER,
        JWT_TOKEN_LOCATION=["headers"],
        JWT_COOKIE_CSRF_PROTECT=False,
        JWT_ACCESS_TOKEN_EXPIRES=timedelta(seconds=chosen.web.access_token_s),
    )
    manager = JWTManager(app)
    manager.additional_headers_loader(lambda _user_id: {"kid": _key_id(newest)})
    known = {_key_id(secret): secret for secret in (previous, newest) if secret}
    manager.decode_key_loader(lambda headers, _claims: known.get(str(headers.get("kid")), newest))
    return manager


def _key_id(secret: str) -> str:
    """Tells keys apart, and nobody what they are."""
    return hmac.digest(secret.encode(), b"ocpp-server:key-id", "sha256").hex()[:8]


def identify() -> Caller:
    """The caller, from what the request presents. Raises what becomes a 401, or Retryable."""
    key, token = request.headers.get(API_KEY_HEADER), bearer_token(required=False)
    if key is not None and token is not None:
        raise NotAuthenticated("Send either a token or an API key, not both.")
    if key is None and token is None:
        raise NoAuthorizationError("Send a token as 'Authorization: Bearer <token>'")
    caller = _caller(key if key is not None else token or "", is_key=key is not None)
    note_caller(caller)
    bind_contextvars(user_id=caller.user_id)
    return caller


def _caller(presented: str, *, is_key: bool) -> Caller:
    if len(presented) > MAX_TOKEN_LENGTH:
        raise NotAuthenticated("The token is too long to be one.")
    if is_key or looks_like_key(presented):
        return _of_key(presented)
    issuer = equipment().issuer
    if issuer is not None and issuer.is_of(presented):
        return issuer.caller(presented)
    return _of_claims(claims_of(presented, "access"))


def _of_key(presented: str) -> Caller:
    key = services().api_keys.authenticate(presented)
    return Caller(key.id, key.role, key.tenant_id, "api_key", key.name, key.scopes)


def _of_claims(claims: dict[str, Any]) -> Caller:
    try:
        caller = Caller(claims["sub"], Role(claims["role"]), claims["tenant_id"], name=claims["email"])
    except (KeyError, ValueError) as wrong:
        raise NotAuthenticated(_NOT_OURS) from wrong
    services().tokens.check_live(claims)
    return caller


def bearer_token(*, required: bool = True) -> str | None:
    """Of the Authorization header. The library's own reading of it fails on some malformed ones."""
    sent = request.authorization
    if sent is None or sent.type != "bearer" or not sent.token:
        if required or "Authorization" in request.headers:
            raise NoAuthorizationError("Send a token as 'Authorization: Bearer <token>'")
        return None
    return sent.token


def claims_of(token: str, kind: str) -> dict[str, Any]:
    """What a valid token of ours, of this kind, says."""
    claims: dict[str, Any] = decode_token(token)
    if claims["type"] != kind:
        raise WrongTokenError(f"This is no {kind} token")
    return claims


def access_token(user: User, session: LoginSession) -> str:
    """For some minutes of this login session."""
    claims = {
        "tenant_id": user.tenant_id,
        "role": user.role.value,
        "email": user.email,
        "sid": session.id,
    }
    token: str = create_access_token(user.id, additional_claims=claims)
    return token


def refresh_token(session: LoginSession) -> str:
    """The one refresh token of a login session that is good now."""
    claims = {"sid": session.id, "rid": session.refresh_id}
    lifetime = session.expires_at - session.last_used_at
    token: str = create_refresh_token(session.user_id, additional_claims=claims, expires_delta=lifetime)
    return token
