"""A tenant's configuration: every setting with its default, changed as a whole or not at all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeVar

from app.domain.errors import InvalidInput
from app.domain.setting_checks import checked


@dataclass(frozen=True, slots=True)
class Features:
    """Which kinds of commands the tenant may send; `app.domain.features` knows them by their action."""

    smart_charging: bool = True
    remote_control: bool = True
    remote_trigger: bool = True
    firmware: bool = True
    diagnostics: bool = True
    reservations: bool = True
    local_lists: bool = True
    data_transfer: bool = True
    security: bool = True


@dataclass(frozen=True, slots=True)
class AuthorizationPolicy:
    """Beside `accept_unknown_id_tags` and `allow_concurrent_transactions`.

    accepted_prefixes: unknown id tags that begin so may charge. accepted_for_s: seconds for which a charge
    point may remember that an id tag is accepted; 0: for as long as it likes.
    """

    accepted_prefixes: tuple[str, ...] = ()
    accepted_for_s: int = 0


@dataclass(frozen=True, slots=True)
class ChargingDefaults:
    """What limits charging where nobody set a profile: `limit` in `unit`, or a template; sent after a boot.

    limit: 0 is none; A for each phase, or W.
    """

    limit: int = 0
    unit: str = "A"
    profile_template: str = ""


@dataclass(frozen=True, slots=True)
class Brand:
    """How the tenant shows itself to its customers; empty is not given."""

    name: str = ""
    logo_url: str = ""
    primary_color: str = ""
    secondary_color: str = ""
    support_email: str = ""
    support_phone: str = ""
    support_url: str = ""


@dataclass(frozen=True, slots=True)
class TenantConfiguration:
    """A tenant's settings; every field applies live. Bounds are in `app.domain.setting_checks`."""

    queue_enabled: bool = True
    worker_pool_size: int = 0
    max_charge_points: int = 10_000
    max_connections: int = 0
    session_days: int = 0
    audit_log_days: int = 365
    message_log_days: int = 90
    api_rate_limit: int = 10_000
    api_user_rate_limit: int = 1_200
    ocpp_rate_limit: int = 600
    ocpp_tenant_rate_limit: int = 0
    features: Features = field(default_factory=Features)
    heartbeat_interval: int = 300
    meter_values_interval: int = 60
    boot_retry_interval: int = 60
    ping_interval_s: int = 45
    unknown_charge_points: str = "refuse"
    security_profile: int = 0
    cpo_name: str = ""
    accept_missing_subprotocol: bool = False
    boot_configuration: Mapping[str, str] = field(default_factory=dict)
    read_configuration_at_boot: bool = False
    charging_defaults: ChargingDefaults = field(default_factory=ChargingDefaults)
    status_after_reconnect_s: int = 0
    accept_unknown_id_tags: bool = False
    allow_concurrent_transactions: bool = False
    authorization_policy: AuthorizationPolicy = field(default_factory=AuthorizationPolicy)
    session_silence_s: int = 86_400
    session_available_s: int = 300
    command_expiry_s: int = 60
    command_timeout_s: int = 30
    mqtt_qos: int = 1
    mqtt_retain_status: bool = True
    meter_values_on_session_topic: bool = True
    certificate_days: int = 365
    file_link_s: int = 86_400
    data_transfer_vendors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cors_origins: tuple[str, ...] = ()
    brand: Brand = field(default_factory=Brand)


PLATFORM_SETTINGS = frozenset(
    {
        "worker_pool_size",
        "max_charge_points",
        "max_connections",
        "session_days",
        "audit_log_days",
        "api_rate_limit",
        "api_user_rate_limit",
        "ocpp_rate_limit",
        "ocpp_tenant_rate_limit",
        "features",
    }
)
"""What a tenant was sold, and what must stay on record: its own people cannot change these."""

Problems = dict[str, list[str]]
Part = TypeVar("Part")


def configured(base: TenantConfiguration, changes: Mapping[str, Any]) -> TenantConfiguration:
    """`base` with `changes` applied, or InvalidInput that names every wrong or unknown field.

    Settings with members of fixed names (`features`, `brand`, ...) keep the members that are not named.
    """
    problems: Problems = {}
    changed = _changed(base, changes, "", problems)
    if not problems:
        problems = {name: [sentence] for name, sentence in _contradictions(changed)}
    if problems:
        raise InvalidInput("The configuration is not valid; nothing was changed.", problems=problems)
    return changed


def configuration_as_dict(configuration: TenantConfiguration) -> dict[str, Any]:
    """JSON-safe form, as stored and as served."""
    plain: dict[str, Any] = _plain(configuration)
    return plain


def stored_configuration(stored: Mapping[str, Any]) -> TenantConfiguration:
    """What `configuration_as_dict` gave, maybe to another version of this program.

    Settings that this version does not know are left alone; missing ones get their default. A combination
    that is no longer allowed stays in force until somebody changes it. Raises InvalidInput.
    """
    known = {f.name for f in fields(TenantConfiguration)}
    problems: Problems = {}
    given = {name: value for name, value in stored.items() if name in known}
    configuration = _changed(TenantConfiguration(), given, "", problems)
    if problems:
        raise InvalidInput("The stored configuration is not valid.", problems=problems)
    return configuration


def _changed(base: Part, changes: Mapping[str, Any], path: str, problems: Problems) -> Part:
    """`base`, a value of any of the classes above, with its members changed; what is wrong is added."""
    known = {f.name for f in fields(base)}  # type: ignore[arg-type]
    accepted: dict[str, Any] = {}
    for name, value in changes.items():
        full, before = f"{path}{name}", getattr(base, name) if name in known else None
        if name not in known:
            problems[full] = ["Unknown setting; known are: " + ", ".join(sorted(known)) + "."]
        elif is_dataclass(before) and isinstance(value, Mapping):
            accepted[name] = _changed(before, value, f"{full}.", problems)
        elif is_dataclass(before):
            problems[full] = ["Must be an object."]
        else:
            try:
                accepted[name] = checked(full, value, type(before))
            except ValueError as wrong:
                problems[full] = [str(wrong)]
    return replace(base, **accepted)  # type: ignore[type-var]


def _contradictions(wanted: TenantConfiguration) -> Iterator[tuple[str, str]]:
    """Settings that are good by themselves, and wrong together."""
    defaults, features = wanted.charging_defaults, wanted.features
    if defaults.limit and defaults.profile_template:
        yield "charging_defaults", "Give either a limit or a profile_template."
    if (defaults.limit or defaults.profile_template) and not features.smart_charging:
        yield "charging_defaults", "Needs the feature smart_charging, which is switched off."
    if wanted.status_after_reconnect_s and not features.remote_trigger:
        yield "status_after_reconnect_s", "Needs the feature remote_trigger, which is switched off."
    if 0 < wanted.session_silence_s < wanted.meter_values_interval:
        yield "session_silence_s", "Is shorter than meter_values_interval: sessions would end between two."


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return [*value] if isinstance(value, tuple) else value
