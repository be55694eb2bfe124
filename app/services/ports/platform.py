"""What belongs to no tenant: the tenants themselves, and people."""

from typing import Protocol

from app.domain.tenant import Tenant
from app.domain.user import User


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

    def replace(self, tenant: Tenant) -> None:
        """Store a changed tenant."""
        ...

    def prepare(self) -> None:
        """Create all indexes, of the platform and of every tenant; safe to repeat."""
        ...


class UserRepository(Protocol):
    """People, of all tenants."""

    def find_by_email(self, email: str) -> User | None: ...

    def find(self, user_id: str) -> User | None: ...

    def insert(self, user: User) -> None:
        """Conflict if the email is taken."""
        ...

    def set_password_hash(self, user_id: str, password_hash: str) -> None: ...
