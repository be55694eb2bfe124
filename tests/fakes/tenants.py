"""Tenants in memory."""

from app.domain.errors import Conflict
from app.domain.tenant import Tenant


class FakeTenantRepository:
    """`TenantRepository` in memory. `prepared` counts how often indexes were asked for."""

    def __init__(self) -> None:
        self._tenants: dict[str, Tenant] = {}
        self._version = 0
        self.prepared = 0

    def version(self) -> int:
        """Rises with every change."""
        return self._version

    def all(self) -> list[Tenant]:
        """Every tenant."""
        return list(self._tenants.values())

    def find(self, tenant_id: str) -> Tenant | None:
        """By id."""
        return self._tenants.get(tenant_id)

    def insert(self, tenant: Tenant) -> None:
        """Conflict if id or a prefix is taken."""
        if tenant.id in self._tenants:
            raise Conflict(f"The tenant '{tenant.id}' exists.")
        taken = {prefix for known in self._tenants.values() for prefix in known.charge_point_prefixes}
        for prefix in tenant.charge_point_prefixes:
            if prefix in taken:
                raise Conflict(f"The charge point prefix '{prefix}' belongs to another tenant.")
        self._put(tenant)

    def replace(self, tenant: Tenant) -> None:
        """Store a changed tenant."""
        self._put(tenant)

    def prepare(self) -> None:
        """There are no indexes here."""
        self.prepared += 1

    def _put(self, tenant: Tenant) -> None:
        self._tenants[tenant.id] = tenant
        self._version += 1
