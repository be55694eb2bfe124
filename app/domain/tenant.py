"""Tenants: who runs a charging network here, and how they want it run."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, get_args, get_type_hints

from app.domain.configuration_keys import is_secret
from app.domain.errors import InvalidInput

TENANT_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}")
RESERVED_TENANT_IDS = frozenset({"platform", "local", "admin", "config"})
PREFIX = re.compile(r"[^/+#\x00-\x1f\x7f]{1,64}")


class TenantStatus(StrEnum):
    """A suspended tenant's charge points and users are refused."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class TenantConfiguration:
    """A tenant's settings; every field applies live. Bounds are in `_BOUNDS`."""

    queue_enabled: bool = True
    max_charge_points: int = 10_000
    api_rate_limit: int = 10_000
    heartbeat_interval: int = 300
    meter_values_interval: int = 60
    boot_retry_interval: int = 60
    unknown_charge_points: str = "refuse"
    security_profile: int = 0
    cpo_name: str = ""
    accept_missing_subprotocol: bool = False
    boot_configuration: Mapping[str, str] = field(default_factory=dict)
    read_configuration_at_boot: bool = False
    status_after_reconnect_s: int = 0
    accept_unknown_id_tags: bool = False
    allow_concurrent_transactions: bool = False
    session_silence_s: int = 86_400
    session_available_s: int = 300
    command_expiry_s: int = 60
    command_timeout_s: int = 30
    meter_values_on_session_topic: bool = True
    message_log_days: int = 90
    certificate_days: int = 365
    file_link_s: int = 86_400
    data_transfer_vendors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


_BOUNDS: dict[str, tuple[int, int]] = {
    "max_charge_points": (0, 10_000_000),
    "api_rate_limit": (1, 100_000_000),
    "heartbeat_interval": (1, 86_400),
    "meter_values_interval": (0, 86_400),
    "boot_retry_interval": (1, 86_400),
    "security_profile": (0, 3),
    "status_after_reconnect_s": (0, 3_600),
    "session_silence_s": (0, 30 * 86_400),
    "session_available_s": (0, 86_400),
    "certificate_days": (1, 3_650),
    "file_link_s": (60, 30 * 86_400),
    "command_expiry_s": (1, 7 * 86_400),
    "command_timeout_s": (1, 600),
    "message_log_days": (1, 3_650),
}
_CHOICES: dict[str, tuple[str, ...]] = {"unknown_charge_points": ("refuse", "pending", "accept")}
_MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class Tenant:
    """A white-label customer with a database of its own."""

    id: str
    name: str
    charge_point_prefixes: tuple[str, ...]
    configuration: TenantConfiguration
    status: TenantStatus
    created_at: datetime

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
    problems: dict[str, list[str]] = {}
    if not TENANT_ID.fullmatch(tenant_id):
        problems["id"] = ["Use 1 to 48 of a-z, 0-9, - and _, starting with a letter or digit."]
    elif tenant_id in RESERVED_TENANT_IDS:
        problems["id"] = [f"'{tenant_id}' is reserved; choose another id."]
    if not name.strip() or len(name) > 200:
        problems["name"] = ["Give a name of 1 to 200 characters."]
    prefixes = tuple(prefixes)
    if any(not PREFIX.fullmatch(prefix) for prefix in prefixes):
        problems["charge_point_prefix"] = ["Use 1 to 64 characters without '/', '+', '#' or control bytes."]
    if problems:
        raise InvalidInput("The tenant is not valid.", problems=problems)
    return Tenant(tenant_id, name.strip(), prefixes, configuration, TenantStatus.ACTIVE, now)


def configured(base: TenantConfiguration, changes: Mapping[str, Any]) -> TenantConfiguration:
    """`base` with `changes` applied, or InvalidInput that names every wrong or unknown field."""
    known = {f.name for f in fields(TenantConfiguration)}
    problems: dict[str, list[str]] = {
        name: ["Unknown setting; known are: " + ", ".join(sorted(known)) + "."]
        for name in changes
        if name not in known
    }
    accepted: dict[str, Any] = {}
    for name in known & changes.keys():
        try:
            accepted[name] = _checked(name, changes[name])
        except ValueError as wrong:
            problems[name] = [str(wrong)]
    if problems:
        raise InvalidInput("The configuration is not valid; nothing was changed.", problems=problems)
    return replace(base, **accepted)


def configuration_as_dict(configuration: TenantConfiguration) -> dict[str, Any]:
    """JSON-safe form, as stored and as served."""
    values = asdict(configuration)
    values["data_transfer_vendors"] = {
        vendor: list(ids) for vendor, ids in configuration.data_transfer_vendors.items()
    }
    values["boot_configuration"] = dict(configuration.boot_configuration)
    return values


def _checked(name: str, value: Any) -> Any:
    if name == "data_transfer_vendors":
        return _checked_vendors(value)
    if name == "boot_configuration":
        return _checked_keys(value)
    wanted = get_type_hints(TenantConfiguration)[name]
    wanted = next((t for t in get_args(wanted) if t is not type(None)), wanted)
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise ValueError(f"Must be {_SAY[wanted]}.")
    if name in _BOUNDS and not _BOUNDS[name][0] <= value <= _BOUNDS[name][1]:
        low, high = _BOUNDS[name]
        raise ValueError(f"Must be from {low} to {high}.")
    if wanted is str and len(value) > _MAX_TEXT:
        raise ValueError(f"Must have at most {_MAX_TEXT} characters.")
    if name in _CHOICES and value not in _CHOICES[name]:
        raise ValueError(f"Must be one of {', '.join(_CHOICES[name])}.")
    return value


_SAY: dict[type, str] = {bool: "true or false", int: "a whole number", str: "a text"}


def _checked_vendors(value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        raise ValueError("Must map a vendorId to a list of its messageIds.")
    for vendor, ids in value.items():
        if not isinstance(vendor, str) or not isinstance(ids, list | tuple):
            raise ValueError("Must map a vendorId to a list of its messageIds.")
        if not all(isinstance(message_id, str) for message_id in ids):
            raise ValueError(f"The messageIds of '{vendor}' must be texts.")
    return {vendor: tuple(ids) for vendor, ids in value.items()}


def _checked_keys(value: Any) -> dict[str, str]:
    """Configuration keys for a charge point: each a text of 500 characters at most (OCPP 1.6 6.7)."""
    if not isinstance(value, Mapping) or not all(
        isinstance(key, str) and isinstance(text, str) for key, text in value.items()
    ):
        raise ValueError("Must map configuration keys to their values, both texts.")
    for key, text in value.items():
        if not 1 <= len(key) <= 50 or len(text) > 500:
            raise ValueError(f"'{key[:50]}': keys have 1 to 50 characters, values at most 500.")
        if is_secret(key):
            raise ValueError("AuthorizationKey is each charge point's own; rotate it there.")
    return dict(value)
