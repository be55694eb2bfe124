"""Tenants: created, configured, and found by a charge point's identity."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog

from app.domain.errors import (
    Conflict,
    NotFound,
    PlatformSetting,
    PreconditionFailed,
    Retryable,
    TenantSuspended,
)
from app.domain.tenant import Tenant, TenantStatus, new_tenant, renamed
from app.domain.tenant_configuration import PLATFORM_SETTINGS, TenantConfiguration, configured
from app.services.ports import Clock, Page, PageRequest, TenantRepository

log = structlog.stdlib.get_logger(__name__)
_ATTEMPTS = 20


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
    """Use cases of tenants that exist; `app.services.tenant_lifecycle` has their coming and going."""

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

    def list_page(self, page: PageRequest) -> Page[Tenant]:
        """In order of id. Raises InvalidInput."""
        return self._tenants.list_page(page)

    def create(
        self, tenant_id: str, name: str, prefixes: Sequence[str] = (), configuration: Mapping[str, Any] = {}
    ) -> Tenant:
        """A new tenant with its database and indexes. Raises InvalidInput, Conflict."""
        tenant = self.draft(tenant_id, name, prefixes, configuration)
        self._tenants.insert(tenant)
        return tenant

    def draft(
        self, tenant_id: str, name: str, prefixes: Sequence[str], configuration: Mapping[str, Any]
    ) -> Tenant:
        """A tenant as it would be created; nothing is stored. Raises InvalidInput."""
        settings = configured(TenantConfiguration(), configuration)
        return new_tenant(tenant_id, name, prefixes, settings, self._clock.now())

    def update(
        self,
        tenant_id: str,
        *,
        name: str | None = None,
        prefixes: Sequence[str] | None = None,
        revision: int | None = None,
    ) -> Tenant:
        """Another name, other prefixes, or both.

        Raises NotFound, InvalidInput, Conflict (prefix taken), PreconditionFailed (not of `revision`).
        """
        return self.change(tenant_id, lambda tenant: renamed(tenant, name, prefixes), revision=revision)

    def configure(
        self,
        tenant_id: str,
        changes: Mapping[str, Any],
        *,
        by_platform: bool = True,
        revision: int | None = None,
    ) -> Tenant:
        """Change a part of the configuration; all of it or nothing.

        Raises InvalidInput, NotFound; PlatformSetting where the tenant itself would change its limits;
        PreconditionFailed if the tenant is not of `revision`.
        """
        return self.change(
            tenant_id,
            lambda tenant: replace(
                tenant, configuration=_checked(tenant.configuration, changes, by_platform=by_platform)
            ),
            revision=revision,
        )

    def change(
        self, tenant_id: str, change: Callable[[Tenant], Tenant], *, revision: int | None = None
    ) -> Tenant:
        """Store what `change` makes of the tenant as it is now: of two at a time, none undoes the other.

        Raises NotFound, Conflict, PreconditionFailed if it is not of `revision`, and what `change` raises.
        """
        for _ in range(_ATTEMPTS):
            tenant = self.get(tenant_id)
            if revision not in (None, tenant.revision):
                raise PreconditionFailed("Somebody else has changed the tenant meanwhile.")
            changed = change(tenant)
            if changed == tenant:
                return tenant
            if self._tenants.replace(changed):
                return replace(changed, revision=tenant.revision + 1)
        raise Conflict("The tenant is being changed by others all the time; try again.")

    def prepare_stores(self) -> None:
        """Create every index; safe to repeat."""
        self._tenants.prepare()


def _checked(
    before: TenantConfiguration, changes: Mapping[str, Any], *, by_platform: bool
) -> TenantConfiguration:
    after = configured(before, changes)
    if not by_platform:
        foreign = sorted(name for name in PLATFORM_SETTINGS if getattr(before, name) != getattr(after, name))
        if foreign:
            sentence = "Only a platform admin may change this."
            raise PlatformSetting(
                f"Only a platform admin may change {', '.join(foreign)}; nothing was changed.",
                problems={name: [sentence] for name in foreign},
            )
    return after


def is_served(tenant: Tenant | None) -> bool:
    """Known, and neither suspended nor being deleted."""
    return tenant is not None and tenant.status is TenantStatus.ACTIVE


def check_served(tenant: Tenant) -> Tenant:
    """The same tenant. Raises TenantSuspended."""
    if not is_served(tenant):
        raise TenantSuspended(f"The tenant '{tenant.id}' is suspended.")
    return tenant
