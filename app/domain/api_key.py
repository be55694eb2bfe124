"""API keys: how machines come in."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.errors import InvalidInput, NotPermitted
from app.domain.permissions import Permission, permissions_of
from app.domain.user import Role

KEY_MARK = "ocpp"
"""What every key begins with, so that scanners for leaked secrets know one when they see it."""
MAX_KEY_LENGTH = 128
LONGEST_LIFE = timedelta(days=5 * 366)
MAX_NAME_LENGTH = 100
_KEY = re.compile(rf"{KEY_MARK}_(?P<id>[0-9a-f]{{16}})_(?P<secret>[A-Za-z0-9_-]{{43}})")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept: never the secret itself. `tenant_id` None: of the platform.

    `scopes` None: all that the role may.
    """

    id: str
    tenant_id: str | None
    name: str
    role: Role
    scopes: frozenset[Permission] | None
    secret_hash: str = field(repr=False)
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    last_used_at: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether its time is up."""
        return self.expires_at is not None and self.expires_at <= now


def parsed_key(text: str) -> tuple[str, str] | None:
    """Id and secret of what somebody presents; None where it has not the form of a key."""
    match = _KEY.fullmatch(text) if len(text) <= MAX_KEY_LENGTH else None
    return (match["id"], match["secret"]) if match else None


def looks_like_key(text: str) -> bool:
    """Whether somebody means it to be a key."""
    return text.startswith(f"{KEY_MARK}_")


def check_new_key(
    name: str,
    role: Role,
    scopes: Iterable[Permission] | None,
    tenant_id: str | None,
    expires_at: datetime | None,
    now: datetime,
) -> None:
    """Raises InvalidInput that names each wrong field."""
    problems: dict[str, list[str]] = {}
    if not name.strip() or len(name) > MAX_NAME_LENGTH or not name.isprintable():
        problems["name"] = [f"Give a name of 1 to {MAX_NAME_LENGTH} characters."]
    if (tenant_id is None) != (role is Role.PLATFORM_ADMIN):
        problems["role"] = ["A key of the platform has the role platform_admin, a tenant's another one."]
    beyond = sorted(set(scopes or ()) - permissions_of(role))
    if beyond:
        problems["scopes"] = [f"The role {role.value} may not: {', '.join(beyond)}."]
    if expires_at is not None and not now < expires_at <= now + LONGEST_LIFE:
        problems["expires_at"] = ["Must be in the future, and within five years."]
    if problems:
        raise InvalidInput("The key is not valid.", problems=problems)


def check_within(asked: frozenset[Permission], maker: frozenset[Permission]) -> None:
    """Nobody makes a key that may do more than they may. Raises NotPermitted."""
    beyond = sorted(asked - maker)
    if beyond:
        raise NotPermitted(f"You cannot give what you may not do yourself: {', '.join(beyond)}.")
