"""Logging in and out, and one's own login sessions."""

from typing import Any

from flask import request

from app.api.audit_trail import audit_actor
from app.api.auth import access_token, bearer_token, claims_of, refresh_token
from app.api.blueprint import Blueprint, problems
from app.api.caller import Caller, current_caller
from app.api.current import services, settings
from app.api.permissions import requires_login
from app.api.schemas.auth import (
    EndedSchema,
    LoginSchema,
    LoginSessionListSchema,
    LogoutSchema,
    MeSchema,
    OwnPasswordSchema,
    RefreshSchema,
    TokensSchema,
)
from app.api.throttle import limited_by_address, site_of
from app.domain.errors import NotAuthenticated, NotPermitted
from app.domain.login_session import LoginSession
from app.domain.user import User
from app.logs import get_logger
from app.services.tenants import check_served

_log = get_logger(__name__)
auth = Blueprint("auth", __name__, url_prefix="/api/v1/auth", description="Logging in.")


@auth.post("/login")
@limited_by_address
@auth.body(LoginSchema)
@auth.answers(200, TokensSchema, "An access token and a refresh token.")
@problems(400, 401, 403, 415, 503)
def login(body: dict[str, Any]) -> dict[str, Any]:
    """Log in

    Gives an access token, to be sent as `Authorization: Bearer <access_token>`, and a refresh token that
    gets new access tokens. Name the `tenant_id`; the platform's own people name none. A wrong email, a wrong
    password, a wrong tenant and a locked account are answered alike: after five failures from one address an
    email is locked for a minute, then for two, up to an hour.
    """
    user = services().users.authenticate(
        body["email"], body["password"], body["tenant_id"], address=site_of(request.remote_addr)
    )
    audit_actor(user)
    _check_tenant(user)
    agent = request.headers.get("User-Agent", "")
    session = services().users.open_session(user, user_agent=agent, address=request.remote_addr or "")
    _log.info("logged in", user_id=user.id, tenant_id=user.tenant_id, login_session=session.id)
    return _tokens(user, session)


@auth.post("/refresh")
@limited_by_address
@auth.body(RefreshSchema, required=False)
@auth.answers(200, TokensSchema, "A new access token and the next refresh token.")
@problems(400, 401, 403, 415, 503)
def refresh(body: dict[str, str]) -> dict[str, Any]:
    """Get a new access token

    Send the refresh token either as `Authorization: Bearer <refresh_token>` or as `refresh_token` in the
    body. The answer has the next refresh token. For ten more seconds the one that was sent gets the same next
    one, should the answer be lost or two tabs ask at once. Whoever uses it later than that ends the login
    session: somebody else has it.
    """
    claims = claims_of(body.get("refresh_token") or bearer_token() or "", "refresh")
    user = services().users.find(claims["sub"])
    if user is None or user.disabled:
        raise NotAuthenticated("The user of this token is no more.")
    audit_actor(user)
    _check_tenant(user)
    return _tokens(user, services().tokens.rotate(str(claims.get("sid")), str(claims.get("rid"))))


@auth.post("/logout")
@requires_login
@auth.body(LogoutSchema, required=False)
@auth.answers(200, EndedSchema, "How many login sessions have ended.")
@problems(400, 415)
def logout(body: dict[str, bool]) -> dict[str, int]:
    """Log out

    Ends this login session: its tokens are refused at once. With `everywhere`, all of your own.
    """
    caller, tokens = _person(), services().tokens
    if body.get("everywhere"):
        return {"ended": tokens.end_all(caller.user_id)}
    tokens.end(caller.user_id, _own_session_id())
    return {"ended": 1}


@auth.get("/sessions")
@requires_login
@auth.answers(200, LoginSessionListSchema, "Your login sessions.")
def list_login_sessions() -> dict[str, Any]:
    """List your login sessions

    Where you are logged in: since when, from which address, with which program.
    """
    return {"items": services().tokens.of_user(_person().user_id), "current": _own_session_id()}


@auth.delete("/sessions/<login_session_id>")
@requires_login
@auth.response(204, description="It has ended.")
@problems(404)
def end_login_session(login_session_id: str) -> None:
    """End one of your login sessions

    Its tokens are refused at once.
    """
    services().tokens.end(_person().user_id, login_session_id)


@auth.put("/password")
@requires_login
@auth.body(OwnPasswordSchema)
@auth.response(204, description="The new password counts from now on.")
@problems(400, 415)
def change_own_password(body: dict[str, str]) -> None:
    """Change your password

    Takes the present one. All your other login sessions end.
    """
    user = services().users.find(_person().user_id)
    if user is None:
        raise NotAuthenticated("The user of this token is no more.")
    services().users.change_own_password(
        user,
        body["current_password"],
        body["new_password"],
        address=site_of(request.remote_addr),
        session_id=_own_session_id(),
    )


@auth.get("/me")
@requires_login
@auth.answers(200, MeSchema, "Who you are here.")
def get_me() -> Caller:
    """Show who you are

    For people, keys and external callers alike: the tenant, the role and all permissions that follow.
    """
    return current_caller()


def _person() -> Caller:
    caller = current_caller()
    if caller.kind != "user":
        raise NotPermitted("Only people who logged in here have login sessions and a password.")
    return caller


def _own_session_id() -> str:
    return str(claims_of(bearer_token() or "", "access")["sid"])


def _check_tenant(user: User) -> None:
    """A suspended tenant's people stay outside."""
    if user.tenant_id is not None:
        check_served(services().tenants.get(user.tenant_id))


def _tokens(user: User, session: LoginSession) -> dict[str, Any]:
    return {
        "access_token": access_token(user, session),
        "refresh_token": refresh_token(session),
        "token_type": "Bearer",
        "expires_in": settings().web.access_token_s,
    }
