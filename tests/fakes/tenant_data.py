"""Everything of a tenant, in memory."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.fakes.tenants import FakeTenantRepository


class FakeTenantData:
    """`TenantData` in memory; `stored` holds what tests put there, by tenant and kind."""

    def __init__(self, tenants: FakeTenantRepository) -> None:
        self._tenants = tenants
        self.stored: dict[str, dict[str, list[Mapping[str, Any]]]] = {}

    def documents(self, tenant_id: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The tenant itself, then the rest in order of kind."""
        tenant = self._tenants.find(tenant_id)
        if tenant is not None:
            yield "tenant", {"_id": tenant.id, "name": tenant.name}
        for kind, documents in sorted(self.stored.get(tenant_id, {}).items()):
            for document in documents:
                yield kind, document
