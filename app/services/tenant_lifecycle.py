"""The coming and going of tenants: made whole or not at all, suspended, resumed, deleted after a while."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import structlog

from app.domain.errors import Conflict, InvalidInput
from app.domain.tenant import Tenant, TenantStatus
from app.domain.user import Role
from app.services.ports import Clock, TenantRepository
from app.services.tenants import TenantService
from app.services.users import UserService

log = structlog.stdlib.get_logger(__name__)
DEFAULT_GRACE_DAYS = 30
MAX_GRACE_DAYS = 365
_HALF_MADE = timedelta(minutes=10)
_SETTLED = timedelta(seconds=10)  # until every process knows that the tenant is not served


@dataclass(frozen=True, slots=True)
class FirstAdmin:
    """Who will look after a new tenant."""

    email: str
    password: str = field(repr=False)


Remove = Callable[[str], object]


class TenantLifecycle:
    """Use cases of those who run the installation.

    `belongings` forget what a tenant has outside its own database, each by the tenant's id, safe to repeat.
    """

    def __init__(
        self,
        tenants: TenantService,
        repository: TenantRepository,
        users: UserService,
        belongings: Sequence[Remove],
        clock: Clock,
    ) -> None:
        self._tenants = tenants
        self._repository = repository
        self._users = users
        self._belongings = belongings
        self._clock = clock

    def create(
        self,
        tenant_id: str,
        name: str,
        prefixes: Sequence[str],
        configuration: Mapping[str, Any],
        admin: FirstAdmin | None,
    ) -> Tenant:
        """A tenant with its database and first admin. Raises InvalidInput, Conflict; then there is nothing.

        Until it is complete it stands there as one to be deleted: should we die half-way, the sweep takes it.
        """
        tenant = self._tenants.draft(tenant_id, name, prefixes, configuration)
        if admin is None:
            self._repository.insert(tenant)
            return tenant
        problems = self._users.problems_of(admin.email, admin.password, Role.TENANT_ADMIN, tenant_id)
        if problems:
            named = {f"admin.{name}": sentences for name, sentences in problems.items()}
            raise InvalidInput("The administrator is not valid; no tenant was created.", problems=named)
        half_made = self._clock.now() + _HALF_MADE
        self._repository.insert(replace(tenant, status=TenantStatus.DELETING, delete_at=half_made))
        try:
            self._users.create(admin.email, admin.password, Role.TENANT_ADMIN, tenant_id)
        except Exception:
            self._remove(tenant_id)
            raise
        return self._move(tenant_id, TenantStatus.ACTIVE)

    def suspend(self, tenant_id: str) -> Tenant:
        """Refuse its charge points, people and commands. Raises NotFound, Conflict (it is being deleted)."""
        if self._tenants.get(tenant_id).status is TenantStatus.DELETING:
            raise Conflict("The tenant is being deleted, and suspended by that; resume it first.")
        return self._move(tenant_id, TenantStatus.SUSPENDED)

    def resume(self, tenant_id: str) -> Tenant:
        """Serve it again; its people log in anew. Raises NotFound, Conflict (its grace period is over)."""
        tenant = self._tenants.get(tenant_id)
        if tenant.delete_at is not None and tenant.delete_at <= self._clock.now():
            raise Conflict("The tenant's grace period is over; its data is being deleted.")
        if tenant.status is not TenantStatus.ACTIVE:
            self._users.end_sessions_of_all(tenant_id)
        return self._move(tenant_id, TenantStatus.ACTIVE)

    def delete(self, tenant_id: str, grace_days: int = DEFAULT_GRACE_DAYS) -> Tenant:
        """Suspend it now; all that is its own goes after so many days. Raises NotFound, InvalidInput."""
        if not 0 <= grace_days <= MAX_GRACE_DAYS:
            sentence = f"Must be from 0 to {MAX_GRACE_DAYS}."
            raise InvalidInput("The grace period is not valid.", problems={"grace_days": [sentence]})
        delete_at = self._clock.now() + timedelta(days=grace_days)
        return self._tenants.change(
            tenant_id, lambda tenant: replace(tenant, status=TenantStatus.DELETING, delete_at=delete_at)
        )

    def remove_due(self, tenant: Tenant) -> int:
        """Delete a tenant whose grace period is over; 1 if it was. Raises Retryable."""
        if tenant.delete_at is None or tenant.delete_at + _SETTLED > self._clock.now():
            return 0
        newest = self._repository.find(tenant.id)
        if newest is None or newest.delete_at != tenant.delete_at:
            return 0  # resumed, or deleted by somebody else meanwhile
        self._remove(tenant.id)
        log.info("tenant_deleted", tenant_id=tenant.id)
        return 1

    def _remove(self, tenant_id: str) -> None:
        for remove in self._belongings:
            remove(tenant_id)
        self._repository.remove(tenant_id)

    def _move(self, tenant_id: str, status: TenantStatus) -> Tenant:
        return self._tenants.change(tenant_id, lambda tenant: replace(tenant, status=status, delete_at=None))
