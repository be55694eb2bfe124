"""Who asks: a person, a key or somebody whom an external issuer vouches for."""

from dataclasses import dataclass

from flask import g

from app.domain.permissions import Permission, permissions_of
from app.domain.user import Role


@dataclass(frozen=True, slots=True)
class Caller:
    """Of this request. Role and tenant are always of the same token.

    `user_id` is the id of the user or of the key; `kind` is "user", "api_key" or "external"; `name` is for
    people who read the audit log. `scopes` None: all that the role may.
    """

    user_id: str
    role: Role
    tenant_id: str | None
    kind: str = "user"
    name: str = ""
    scopes: frozenset[Permission] | None = None

    @property
    def permissions(self) -> frozenset[Permission]:
        """All that it may do."""
        by_role = permissions_of(self.role)
        return by_role if self.scopes is None else by_role & self.scopes

    def may(self, permission: Permission) -> bool:
        """Whether it may do this."""
        return permission in self.permissions


def note_caller(caller: Caller) -> None:
    """Remember who makes this request."""
    g.caller = caller


def current_caller() -> Caller:
    """Who makes this request; it has come through `requires`."""
    caller: Caller = g.caller
    return caller
