"""What belongs to no tenant: the tenants themselves, and people."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from app.domain.tenant import Tenant
from app.domain.user import User
from app.services.ports.pages import Page, PageRequest


class TenantRepository(Protocol):
    """All tenants of the installation."""

    def version(self) -> int:
        """Rises with every change of any tenant; cheap, asked every second."""
        ...

    def all(self) -> list[Tenant]: ...

    def find(self, tenant_id: str) -> Tenant | None: ...

    def insert(self, tenant: Tenant) -> None:
        """Store a new tenant and prepare its database. Conflict if id or a prefix is taken."""
        ...

    def list_page(self, page: PageRequest) -> Page[Tenant]:
        """In order of id; filter: `status`."""
        ...

    def replace(self, tenant: Tenant) -> bool:
        """Store a changed tenant, one revision higher; False if it is not of the newest revision.

        Conflict if a prefix is taken.
        """
        ...

    def remove(self, tenant_id: str) -> None:
        """Drop its database, then forget it; safe to repeat."""
        ...

    def prepare(self) -> None:
        """Create all indexes, of the platform and of every tenant; safe to repeat."""
        ...


class UserRepository(Protocol):
    """People, of all tenants."""

    def with_email(self, email: str) -> Sequence[User]:
        """All of this folded email, of any tenant: who logs in need not name one."""
        ...

    def find(self, user_id: str) -> User | None: ...

    def list_page(self, tenant_id: str | None, page: PageRequest) -> Page[User]:
        """Of one tenant, or of the platform; newest first."""
        ...

    def insert(self, user: User) -> None:
        """Conflict if the email is taken in the user's tenant."""
        ...

    def change(self, user_id: str, changes: Mapping[str, Any]) -> None:
        """Only these fields: what somebody else changes at the same moment stays. Never the password."""
        ...

    def set_password_hash(self, user_id: str, password_hash: str, *, known: str | None = None) -> None:
        """With `known`, only if that is still its hash."""
        ...

    def remove(self, user_id: str) -> None: ...

    def remove_all(self, tenant_id: str) -> None:
        """Everybody of a tenant."""
        ...
