"""Who is asking: JSON web tokens, given at login and read on every request.

An access token carries the user's id, tenant and role, so that a request needs no look-up of the user; it
lives for minutes. A refresh token lives for days and looks the user up again each time it is used.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask, g, request
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    decode_token,
)
from flask_jwt_extended.exceptions import NoAuthorizationError, WrongTokenError
from structlog.contextvars import bind_contextvars

from app.api.blueprint import Blueprint, problems
from app.api.current import services, settings
from app.api.schemas.auth import LoginSchema, RefreshSchema, TokensSchema
from app.domain.errors import NotAuthenticated, NotPermitted
from app.domain.tenant import TenantStatus
from app.domain.user import Role, User
from app.logs import get_logger
from app.settings import Settings

_log = get_logger(__name__)
_ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class Caller:
    """The user of this request, as the access token says."""

    user_id: str
    role: Role
    tenant_id: str | None


def prepare_tokens(app: Flask, chosen: Settings) -> JWTManager:
    """Set up tokens: signed, by one algorithm only, taken from the Authorization header only."""
    app.config.update(
        JWT_SECRET_KEY=chosen.web.jwt_secret_key,
        JWT_ALGORITHM=_ALGORITHM,
        JWT_DECODE_ALGORITHMS=[_ALGORITHM],
        JWT_TOKEN_LOCATION=["headers"],
        JWT_COOKIE_CSRF_PROTECT=False,
        JWT_ACCESS_TOKEN_EXPIRES=timedelta(seconds=chosen.web.access_token_s),
        JWT_REFRESH_TOKEN_EXPIRES=timedelta(seconds=chosen.web.refresh_token_s),
    )
    return JWTManager(app)


def identify() -> Caller:
    """The caller, from a valid access token. Raises what the error handlers turn into 401."""
    claims = _claims(_bearer_token(), "access")
    try:
        caller = Caller(claims["sub"], Role(claims["role"]), claims["tenant_id"])
    except (KeyError, ValueError) as wrong:
        raise NotAuthenticated("The token is not one of this server's.") from wrong
    g.caller = caller
    bind_contextvars(user_id=caller.user_id)
    return caller


def _bearer_token() -> str:
    """Of the Authorization header. The library's own reading of it fails on some malformed ones."""
    sent = request.authorization
    if sent is None or sent.type != "bearer" or not sent.token:
        raise NoAuthorizationError("Send a token as 'Authorization: Bearer <token>'")
    return sent.token


def _claims(token: str, kind: str) -> dict[str, Any]:
    """What a valid token of this kind says."""
    claims: dict[str, Any] = decode_token(token)
    if claims["type"] != kind:
        raise WrongTokenError(f"This is no {kind} token")
    return claims


def current_caller() -> Caller:
    """The caller that `identify` found."""
    caller: Caller = g.caller
    return caller


auth = Blueprint("auth", __name__, url_prefix="/api/v1/auth", description="Logging in.")


@auth.post("/login")
@auth.body(LoginSchema)
@auth.answers(200, TokensSchema, "An access token and a refresh token.")
@problems(400, 401, 403, 415, 503)
def login(body: dict[str, str]) -> dict[str, Any]:
    """Log in

    Gives an access token, to be sent as `Authorization: Bearer <access_token>`, and a refresh token that
    gets new access tokens. A wrong email and a wrong password are answered alike.
    """
    user = services().users.authenticate(body["email"], body["password"])
    _check_tenant(user)
    _log.info("logged in", user_id=user.id, tenant_id=user.tenant_id)
    refresh_token = create_refresh_token(user.id)
    return _tokens(user, refresh_token)


@auth.post("/refresh")
@auth.body(RefreshSchema, required=False)
@auth.answers(200, TokensSchema, "A new access token, and the refresh token as it was sent.")
@problems(400, 401, 403, 415, 503)
def refresh(body: dict[str, str]) -> dict[str, Any]:
    """Get a new access token

    Send the refresh token either as `Authorization: Bearer <refresh_token>` or as `refresh_token` in the
    body. The user's role and tenant are looked up anew. The refresh token stays as it is until it expires.
    """
    token = body.get("refresh_token") or _bearer_token()
    user = services().users.find(_claims(token, "refresh")["sub"])
    if user is None:
        raise NotAuthenticated("The user of this token is no more.")
    _check_tenant(user)
    return _tokens(user, token)


def _check_tenant(user: User) -> None:
    """A suspended tenant's people stay outside."""
    if user.tenant_id is None:
        return
    if services().tenants.get(user.tenant_id).status is not TenantStatus.ACTIVE:
        raise NotPermitted(f"The tenant '{user.tenant_id}' is suspended.")


def _tokens(user: User, refresh_token: str) -> dict[str, Any]:
    claims = {"tenant_id": user.tenant_id, "role": user.role.value}
    return {
        "access_token": create_access_token(user.id, additional_claims=claims),
        "refresh_token": refresh_token,
        "token_type": "Bearer",
        "expires_in": settings().web.access_token_s,
    }
