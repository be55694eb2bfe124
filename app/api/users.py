"""Users over HTTP: the people of a tenant, or of the platform."""

from typing import Any

from flask import url_for

from app.api.blueprint import Blueprint, problems
from app.api.caller import current_caller
from app.api.current import services
from app.api.paging import page_request
from app.api.permissions import requires
from app.api.schemas.auth import EndedSchema
from app.api.schemas.user import (
    ChangedUserSchema,
    NewPasswordSchema,
    NewUserSchema,
    UserPageSchema,
    UserQuery,
    UserSchema,
)
from app.api.tenancy import current_owner
from app.domain.api_key import check_within
from app.domain.permissions import Permission, permissions_of
from app.domain.user import Role, User
from app.services.ports import Page

users = Blueprint("users", __name__, url_prefix="/api/v1/users", description="The people who log in.")


@users.get("")
@requires(Permission.USERS_READ, or_platform=True)
@users.query(UserQuery)
@users.answers(200, UserPageSchema, "A page of users.")
@problems(404, 422)
def list_users(query: dict[str, Any]) -> Page[User]:
    """List users

    Newest first. A platform admin who names no tenant sees the platform's own people.
    """
    if "email" in query:
        query["email"] = query["email"].casefold()
    return services().users.list_page(current_owner(), page_request(query))


@users.post("")
@requires(Permission.USERS_MANAGE, or_platform=True)
@users.body(NewUserSchema)
@users.answers(201, UserSchema, "The user; its address is in Location.")
@problems(400, 404, 409, 415, 422)
def create_user(body: dict[str, Any]) -> tuple[User, int, dict[str, str]]:
    """Create a user

    An email is taken once in each tenant (409). Nobody gives a role that may do more than their own.
    """
    owner, role = current_owner(), Role(body["role"])
    _check_may_give(role)
    user = services().users.create(body["email"], body["password"], role, owner, body["name"])
    return user, 201, {"Location": url_for("users.get_user", user_id=user.id)}


@users.get("/<user_id>")
@requires(Permission.USERS_READ, or_platform=True)
@users.answers(200, UserSchema, "The user.")
@problems(404)
def get_user(user_id: str) -> User:
    """Show a user

    Never with a password, nor its hash.
    """
    return services().users.get(current_owner(), user_id)


@users.patch("/<user_id>")
@requires(Permission.USERS_MANAGE, or_platform=True)
@users.body(ChangedUserSchema)
@users.answers(200, UserSchema, "The user.")
@problems(400, 404, 409, 415, 422)
def change_user(body: dict[str, Any], user_id: str) -> User:
    """Change a user

    What is left out stays. Another role, and being disabled, end all login sessions at once. The last
    administrator stays one (409).
    """
    owner, changes = current_owner(), dict(body)
    if "role" in changes:
        changes["role"] = Role(changes["role"])
        _check_may_give(changes["role"])
    return services().users.change(owner, user_id, changes)


@users.delete("/<user_id>")
@requires(Permission.USERS_MANAGE, or_platform=True)
@users.response(204, description="They cannot log in any more.")
@problems(404, 409)
def remove_user(user_id: str) -> None:
    """Remove a user

    All login sessions end at once. What they did stays on record. The last administrator stays (409).
    """
    services().users.remove(current_owner(), user_id)


@users.put("/<user_id>/password")
@requires(Permission.USERS_MANAGE, or_platform=True)
@users.body(NewPasswordSchema)
@users.response(204, description="It counts from now on.")
@problems(400, 404, 415, 422)
def set_password(body: dict[str, str], user_id: str) -> None:
    """Set a user's password

    For somebody who forgot it. All login sessions end, and failed logins are forgiven. Nobody gets in so as
    somebody who may do more than they may themselves.
    """
    user = services().users.get(current_owner(), user_id)
    _check_may_give(user.role)
    services().users.set_password(user, body["password"])


@users.post("/<user_id>/unlock")
@requires(Permission.USERS_MANAGE, or_platform=True)
@users.response(204, description="They may try again.")
@problems(404)
def unlock_user(user_id: str) -> None:
    """Forgive failed logins

    Of a user who is locked after too many wrong passwords.
    """
    services().users.unlock(services().users.get(current_owner(), user_id))


@users.delete("/<user_id>/sessions")
@requires(Permission.USERS_MANAGE, or_platform=True)
@users.answers(200, EndedSchema, "How many login sessions have ended.")
@problems(404)
def end_sessions_of_user(user_id: str) -> dict[str, int]:
    """End all login sessions of a user

    Their tokens are refused at once.
    """
    user = services().users.get(current_owner(), user_id)
    return {"ended": services().tokens.end_all(user.id)}


def _check_may_give(role: Role) -> None:
    """Raises NotPermitted."""
    check_within(permissions_of(role), current_caller().permissions)
