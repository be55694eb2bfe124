"""Tenants: created, configured, and found by a charge point's identity."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog

from app.domain.errors import NotFound, Retryable
from app.domain.tenant import Tenant, TenantConfiguration, TenantStatus, configured, new_tenant
from app.services.ports import Clock, TenantRepository

log = structlog.stdlib.get_logger(__name__)


class _ByPrefix:
    """Tenants by what their charge points' identities start with."""

    def __init__(self, tenants: Mapping[str, Tenant]) -> None:
        self._tenants = tenants
        self._lengths = sorted({len(prefix) for prefix in tenants}, reverse=True)

    def longest_of(self, charge_point_id: str) -> Tenant | None:
        """The tenant with the longest prefix that fits."""
        for length in self._lengths:
            tenant = self._tenants.get(charge_point_id[:length])
            if tenant is not None:
                return tenant
        return None


class TenantDirectory:
    """All tenants in memory. Reading never waits for the database; `keep_fresh` follows its changes."""

    def __init__(self, tenants: TenantRepository) -> None:
        self._tenants = tenants
        self._lock = threading.Lock()
        self._version = -1
        self._by_id: dict[str, Tenant] = {}
        self._by_prefix = _ByPrefix({})
        self._by_folded_prefix = _ByPrefix({})

    def refresh(self) -> bool:
        """Catch up with the store; True if something changed. Raises Retryable."""
        with self._lock:
            version = self._tenants.version()
            if version == self._version:
                return False
            self._load(self._tenants.all())
            self._version = version
            return True

    def keep_fresh(self, interval_s: float = 0.5) -> None:
        """Refresh from a thread of its own for as long as the process lives.

        While the store is down the last known tenants stay in force.
        """
        threading.Thread(
            target=self._refresh_for_ever, args=(interval_s,), name="tenants", daemon=True
        ).start()

    def _refresh_for_ever(self, interval_s: float) -> None:
        pause = threading.Event()
        while True:
            try:
                self.refresh()
            except Retryable as failure:
                log.warning("tenants_not_refreshed", reason=failure.message)
            pause.wait(interval_s)

    def _load(self, tenants: Sequence[Tenant]) -> None:
        by_prefix = {prefix: tenant for tenant in tenants for prefix in tenant.charge_point_prefixes}
        self._by_prefix = _ByPrefix(by_prefix)
        self._by_folded_prefix = _ByPrefix(_unique_when_folded(by_prefix))
        self._by_id = {tenant.id: tenant for tenant in tenants}

    def find(self, tenant_id: str) -> Tenant | None:
        """By id."""
        return self._by_id.get(tenant_id)

    def find_by_identity(self, charge_point_id: str) -> Tenant | None:
        """The tenant with the longest prefix that the identity starts with."""
        return self._by_prefix.longest_of(charge_point_id)

    def find_by_identity_in_any_case(self, charge_point_id: str) -> Tenant | None:
        """The same, whatever the case of letters; prefixes that only differ in it do not count (A4)."""
        return self._by_folded_prefix.longest_of(charge_point_id.casefold())

    def ids(self) -> list[str]:
        """All tenants' ids, sorted."""
        return sorted(self._by_id)

    def all(self) -> list[Tenant]:
        """All tenants, in order of id."""
        return [self._by_id[tenant_id] for tenant_id in self.ids()]


def _unique_when_folded(by_prefix: Mapping[str, Tenant]) -> dict[str, Tenant]:
    """By folded prefix, without those that two tenants would share."""
    folded: dict[str, Tenant] = {}
    shared = set()
    for prefix, tenant in by_prefix.items():
        key = prefix.casefold()
        if folded.setdefault(key, tenant).id != tenant.id:
            shared.add(key)
    return {key: tenant for key, tenant in folded.items() if key not in shared}


class TenantService:
    """Use cases of tenants."""

    def __init__(self, tenants: TenantRepository, clock: Clock) -> None:
        self._tenants = tenants
        self._clock = clock
        self.directory = TenantDirectory(tenants)

    def get(self, tenant_id: str) -> Tenant:
        """From the store itself. Raises NotFound."""
        tenant = self._tenants.find(tenant_id)
        if tenant is None:
            raise NotFound(f"There is no tenant '{tenant_id}'.")
        return tenant

    def create(
        self, tenant_id: str, name: str, prefixes: Sequence[str] = (), configuration: Mapping[str, Any] = {}
    ) -> Tenant:
        """A new tenant with its database and indexes. Raises InvalidInput, Conflict."""
        settings = configured(TenantConfiguration(), configuration)
        tenant = new_tenant(tenant_id, name, prefixes, settings, self._clock.now())
        self._tenants.insert(tenant)
        return tenant

    def configure(self, tenant_id: str, changes: Mapping[str, Any]) -> Tenant:
        """Change a part of the configuration; all of it or nothing. Raises InvalidInput, NotFound."""
        tenant = self.get(tenant_id)
        changed = replace(tenant, configuration=configured(tenant.configuration, changes))
        self._tenants.replace(changed)
        return changed

    def prepare_stores(self) -> None:
        """Create every index; safe to repeat."""
        self._tenants.prepare()


def is_served(tenant: Tenant | None) -> bool:
    """Known and not suspended."""
    return tenant is not None and tenant.status is TenantStatus.ACTIVE
