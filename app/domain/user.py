"""People who use the REST interface."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a user may do; `app.domain.permissions` holds the table."""

    PLATFORM_ADMIN = "platform_admin"
    TENANT_ADMIN = "tenant_admin"
    OPERATOR = "operator"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class User:
    """A person of one tenant; a platform admin belongs to none. An email is taken once in each tenant."""

    id: str
    email: str
    tenant_id: str | None
    role: Role
    password_hash: str = field(repr=False)
    created_at: datetime
    name: str = ""
    disabled: bool = False
