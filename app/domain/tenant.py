"""Tenants: who runs a charging network here, and how they want it run."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from app.domain.errors import InvalidInput
from app.domain.tenant_configuration import TenantConfiguration

TENANT_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}")
RESERVED_TENANT_IDS = frozenset({"platform", "local", "admin", "config"})
PREFIX = re.compile(r"[^/+#\x00-\x1f\x7f]{1,64}")
MAX_PREFIXES = 100
_MAX_NAME = 200


class TenantStatus(StrEnum):
    """Charge points and users of a tenant that is not active are refused.

    `deleting`: until `delete_at` it may be resumed, then all that is its own goes.
    """

    ACTIVE = "active"
    SUSPENDED = "suspended"
    DELETING = "deleting"


@dataclass(frozen=True, slots=True)
class Tenant:
    """A white-label customer with a database of its own. `revision` rises with every change."""

    id: str
    name: str
    charge_point_prefixes: tuple[str, ...]
    configuration: TenantConfiguration
    status: TenantStatus
    created_at: datetime
    delete_at: datetime | None = None
    revision: int = 0

    @property
    def database_name(self) -> str:
        """Name of the tenant's own database."""
        return database_name(self.id)


def database_name(tenant_id: str) -> str:
    """`ocpp_<tenant id>`. Ids are limited so that the name is always legal and never shared."""
    return f"ocpp_{tenant_id}"


def new_tenant(
    tenant_id: str, name: str, prefixes: Iterable[str], configuration: TenantConfiguration, now: datetime
) -> Tenant:
    """A valid tenant, or InvalidInput that names each wrong field."""
    prefixes = tuple(prefixes)
    problems: dict[str, list[str]] = {}
    if not TENANT_ID.fullmatch(tenant_id):
        problems["id"] = ["Use 1 to 48 of a-z, 0-9, - and _, starting with a letter or digit."]
    elif tenant_id in RESERVED_TENANT_IDS:
        problems["id"] = [f"'{tenant_id}' is reserved; choose another id."]
    problems |= _problems_of(name, prefixes)
    if problems:
        raise InvalidInput("The tenant is not valid.", problems=problems)
    return Tenant(tenant_id, name.strip(), prefixes, configuration, TenantStatus.ACTIVE, now)


def renamed(tenant: Tenant, name: str | None, prefixes: Iterable[str] | None) -> Tenant:
    """With another name, other prefixes, or both. Raises InvalidInput."""
    name = tenant.name if name is None else name
    prefixes = tenant.charge_point_prefixes if prefixes is None else tuple(prefixes)
    problems = _problems_of(name, prefixes)
    if problems:
        raise InvalidInput("The tenant is not valid; nothing was changed.", problems=problems)
    return replace(tenant, name=name.strip(), charge_point_prefixes=prefixes)


def _problems_of(name: str, prefixes: tuple[str, ...]) -> dict[str, list[str]]:
    problems: dict[str, list[str]] = {}
    if not name.strip() or len(name) > _MAX_NAME or not name.isprintable():
        problems["name"] = [f"Give a name of 1 to {_MAX_NAME} characters."]
    if any(not PREFIX.fullmatch(prefix) for prefix in prefixes):
        problems["charge_point_prefix"] = ["Use 1 to 64 characters without '/', '+', '#' or control bytes."]
    elif len(prefixes) > MAX_PREFIXES or len(set(prefixes)) < len(prefixes):
        problems["charge_point_prefixes"] = [f"Give at most {MAX_PREFIXES}, each once."]
    return problems
