"""Charge points and their connectors: registration and the one status that others look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, get_type_hints

from app.domain.errors import InvalidInput
from app.domain.times import time_zone

IDENTITY_TEXT = r"[^/\x00-\x1f\x7f]{1,128}"
"""What an identity may be where somebody gives it: REST must be able to name it."""


class Registration(StrEnum):
    """Answer to BootNotification (OCPP 1.6 7.39)."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


class Availability(StrEnum):
    """A charge point's status for people and apps (design section 5)."""

    AVAILABLE = "Available"
    OCCUPIED = "Occupied"
    FAULTED = "Faulted"
    UNAVAILABLE = "Unavailable"
    OFFLINE = "Offline"


@dataclass(frozen=True, slots=True)
class Connector:
    """Last known state of an outlet; id 0 is the charge point's own controller (B5)."""

    id: int
    status: str
    error_code: str
    last_update: datetime
    info: str | None = None
    vendor_id: str | None = None
    vendor_error_code: str | None = None


@dataclass(frozen=True, slots=True)
class ConnectorRating:
    """What an operator knows of an outlet and OCPP 1.6 cannot say: its kind, and its power in W."""

    type: str | None = None
    max_power: int | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """The WebSocket a charge point is on. `silent` is set by the heartbeat sweep."""

    gateway_id: str
    connection_id: str
    epoch: int
    opened_at: datetime
    silent: bool = False


@dataclass(frozen=True, slots=True)
class ChargePointSettings:
    """How one charge point is treated, as its operator set it; the defaults suit a well-behaved one.

    `strict` refuses what breaches the schema, tolerant mends and counts it (section G of the obligations).
    `time_zone` (IANA) is that of timestamps without an offset; None means UTC (G14). `ping_interval_s` is 0
    for who cannot stand pings (G5); None means as the tenant's.
    """

    strict: bool = False
    accept_missing_subprotocol: bool = False
    ping_interval_s: int | None = None
    compression: bool = False
    time_zone: str | None = None
    command_timeout_s: int | None = None


@dataclass(frozen=True, slots=True)
class ChargePointSecurity:
    """How a charge point proves who it is (white paper 2; E1-E8). Hashes only, never a key.

    `pending_*` is what a command has asked the charge point to use and nobody has seen it use yet;
    `pending_key_from` is that command's id.
    """

    profile: int = 0
    key_hash: str | None = field(default=None, repr=False)
    pending_key_hash: str | None = field(default=None, repr=False)
    pending_profile: int | None = None
    pending_key_from: str | None = None


REVISED = frozenset({"settings", "ratings", "admission"})
"""Fields of `ChargePoint` that an operator changes."""


@dataclass(frozen=True, slots=True)
class ChargePoint:
    """What the central system knows of a charge point.

    `admission` is what its next BootNotification will be answered, `registration` what the last one was.
    `has_reservations` and `has_profiles` may be true for nothing: they only save the look. `revision` rises
    with what an operator changes: `settings`, `ratings`, `admission`.
    """

    tenant_id: str
    id: str
    registration: Registration | None
    connectors: tuple[Connector, ...] = ()
    connection: Connection | None = None
    inventory: dict[str, Any] = field(default_factory=dict)
    configuration: dict[str, Any] = field(default_factory=dict)
    last_seen: datetime | None = None
    last_boot: datetime | None = None
    created_at: datetime | None = None
    status_fence: int = 0
    boot_fence: int = 0
    admission: Registration = Registration.ACCEPTED
    settings: ChargePointSettings = ChargePointSettings()
    security: ChargePointSecurity = ChargePointSecurity()
    wanted_availability: Mapping[int, str] = field(default_factory=dict)
    ratings: Mapping[int, ConnectorRating] = field(default_factory=dict)
    has_reservations: bool = False
    has_profiles: bool = False
    revision: int = field(default=0, compare=False)

    @property
    def is_live(self) -> bool:
        """A socket is open and the charge point has spoken recently enough."""
        return self.connection is not None and not self.connection.silent

    @property
    def availability(self) -> Availability:
        """One word for the whole charge point."""
        return availability_of(self.connectors, self.is_live)

    @property
    def serial_numbers(self) -> tuple[str, ...]:
        """Its own and its box's, as far as its last boot told them."""
        told = (self.inventory.get(key) for key in ("charge_point_serial_number", "charge_box_serial_number"))
        return tuple(str(serial).strip() for serial in told if serial)

    @property
    def certificate_names(self) -> frozenset[str]:
        """By which its certificate may call it (E17)."""
        return frozenset((self.id, *self.serial_numbers))


_SECONDS = {"command_timeout_s": (1, 600), "ping_interval_s": (0, 3_600)}


def check_settings(changes: Mapping[str, Any]) -> None:
    """Fields of `ChargePointSettings` to be set. Raises InvalidInput that names each wrong or unknown one."""
    types = get_type_hints(ChargePointSettings)
    problems: dict[str, list[str]] = {}
    for name, value in changes.items():
        if name not in types:
            problems[f"settings.{name}"] = ["Unknown setting; known are: " + ", ".join(types) + "."]
        elif types[name] is bool and not isinstance(value, bool):
            problems[f"settings.{name}"] = ["Must be true or false."]
    for name, (low, high) in _SECONDS.items():
        seconds = changes.get(name)
        if seconds is not None and (type(seconds) is not int or not low <= seconds <= high):
            problems[f"settings.{name}"] = [f"Must be a whole number from {low} to {high}, or null."]
    zone = changes.get("time_zone")
    if zone is not None and not _is_zone(zone):
        sentence = "Must be a zone of the IANA database, such as Europe/Berlin, or null."
        problems["settings.time_zone"] = [sentence]
    if problems:
        raise InvalidInput("The settings are not valid; nothing was changed.", problems=problems)


def _is_zone(name: Any) -> bool:
    try:
        return isinstance(name, str) and bool(time_zone(name))
    except InvalidInput:
        return False


def availability_of(connectors: Sequence[Connector], is_live: bool) -> Availability:
    """One word from the connectors' states; nothing known yet counts as Unavailable."""
    if not is_live:
        return Availability.OFFLINE
    if any(connector.status == "Faulted" for connector in connectors):
        return Availability.FAULTED
    outlets = [connector for connector in connectors if connector.id > 0]
    controller_down = any(c.id == 0 and c.status == "Unavailable" for c in connectors)
    if controller_down or all(outlet.status == "Unavailable" for outlet in outlets):
        return Availability.UNAVAILABLE
    if any(outlet.status == "Available" for outlet in outlets):
        return Availability.AVAILABLE
    return Availability.OCCUPIED


def with_connector(connectors: Sequence[Connector], changed: Connector) -> tuple[Connector, ...]:
    """`connectors` with `changed` put in its place, in order of id."""
    others = [connector for connector in connectors if connector.id != changed.id]
    return tuple(sorted([*others, changed], key=lambda connector: connector.id))
