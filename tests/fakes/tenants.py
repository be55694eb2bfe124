"""Tenants in memory."""

from dataclasses import replace

from app.domain.errors import Conflict
from app.domain.tenant import Tenant
from app.services.ports import Page, PageRequest
from tests.fakes.paging import page_of


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
        self._check_prefixes(tenant)
        self._put(tenant)

    def list_page(self, page: PageRequest) -> Page[Tenant]:
        """In order of id."""
        return page_of(sorted(self.all(), key=lambda tenant: tenant.id), page)

    def replace(self, tenant: Tenant) -> bool:
        """Store a changed tenant of the newest revision."""
        known = self._tenants.get(tenant.id)
        if known is None or known.revision != tenant.revision:
            return False
        self._check_prefixes(tenant)
        self._put(replace(tenant, revision=tenant.revision + 1))
        return True

    def remove(self, tenant_id: str) -> None:
        """Forget it."""
        self._tenants.pop(tenant_id, None)
        self._version += 1

    def _check_prefixes(self, tenant: Tenant) -> None:
        others = [known for known in self._tenants.values() if known.id != tenant.id]
        taken = {prefix for known in others for prefix in known.charge_point_prefixes}
        for prefix in tenant.charge_point_prefixes:
            if prefix in taken:
                raise Conflict(f"The charge point prefix '{prefix}' belongs to another tenant.")

    def prepare(self) -> None:
        """There are no indexes here."""
        self.prepared += 1

    def _put(self, tenant: Tenant) -> None:
        self._tenants[tenant.id] = tenant
        self._version += 1
