"""Charging profiles: limits over time (OCPP 1.6 7.8-7.14, section D of the obligations).

They come as mappings with OCPP's names in our spelling (`charging_profile_purpose`). `problems_of` says all
that is wrong with one, `profile_of` makes the value of a good one, `as_fields` is the way back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from app.domain.context import ChargePointRef
from app.domain.times import format_time, parse_time

_TENTH = Decimal("0.1")
_NOISE = Decimal("1e-9")  # what binary arithmetic leaves behind, and far less than anybody writes down


class Purpose(StrEnum):
    """What a profile limits (7.11)."""

    CHARGE_POINT_MAX = "ChargePointMaxProfile"
    TX_DEFAULT = "TxDefaultProfile"
    TX = "TxProfile"


class Kind(StrEnum):
    """What a schedule's start means (7.9)."""

    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"


class Recurrency(StrEnum):
    """How often a recurring schedule begins anew (7.37)."""

    DAILY = "Daily"
    WEEKLY = "Weekly"


class RateUnit(StrEnum):
    """Ampere for each phase, or Watt for all phases together (7.12)."""

    AMPERE = "A"
    WATT = "W"


@dataclass(frozen=True, slots=True)
class Period:
    """From `start_period` seconds on: at most `limit`. Absent phases mean three (7.14)."""

    start_period: int
    limit: Decimal
    number_phases: int | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """Periods in order of time; `duration` in seconds, None is without end (7.13)."""

    charging_rate_unit: RateUnit
    periods: tuple[Period, ...]
    duration: int | None = None
    start_schedule: datetime | None = None
    min_charging_rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ChargingProfile:
    """A profile as installed or to be installed (7.8)."""

    charging_profile_id: int
    stack_level: int
    purpose: Purpose
    kind: Kind
    schedule: Schedule
    transaction_id: int | None = None
    recurrency: Recurrency | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class InstalledProfile:
    """A profile that a charge point has taken, as far as we know (D7, D17)."""

    tenant_id: str
    charge_point_id: str
    connector_id: int
    profile: ChargingProfile
    installed_at: datetime
    command_id: str
    template: str | None = None

    @property
    def id(self) -> str:
        """A charge point has each profile id once (D7)."""
        return f"{self.profile.charging_profile_id}:{self.charge_point_id}"

    @property
    def charge_point(self) -> ChargePointRef:
        """Who has it."""
        return ChargePointRef(self.tenant_id, self.charge_point_id)

    @property
    def place(self) -> tuple[int, Purpose, int, int | None]:
        """Where it stands: a new one in the same place takes it (D7)."""
        profile = self.profile
        return self.connector_id, profile.purpose, profile.stack_level, profile.transaction_id


@dataclass(frozen=True, slots=True)
class ProfileTemplate:
    """A profile by name, without an id and a transaction: to be assigned to charge points."""

    tenant_id: str
    name: str
    profile: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    description: str | None = None

    @property
    def id(self) -> str:
        """The name is the id."""
        return self.name


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which profiles are meant: the one of the id, or all that fit whatever else is given (C31)."""

    charging_profile_id: int | None = None
    connector_id: int | None = None
    purpose: Purpose | None = None
    stack_level: int | None = None

    def fits(self, installed: InstalledProfile) -> bool:
        """Without any criterion everything fits."""
        profile = installed.profile
        if self.charging_profile_id is not None:
            return profile.charging_profile_id == self.charging_profile_id
        return (
            self.connector_id in (None, installed.connector_id)
            and self.purpose in (None, profile.purpose)
            and self.stack_level in (None, profile.stack_level)
        )


def tenths(number: object) -> Decimal | None:
    """`number` with one digit behind the point; None if it is no number or means more digits (D10).

    16.1 stays exactly 16.1, and so does what arithmetic made of it (16.100000000000001). 16.15 is None.
    """
    if isinstance(number, bool) or not isinstance(number, int | float | Decimal):
        return None
    exact = Decimal(repr(number)) if isinstance(number, float) else Decimal(number)
    if not exact.is_finite():
        return None
    try:
        rounded = exact.quantize(_TENTH)
    except InvalidOperation:  # more digits than anything has
        return None
    return rounded if abs(exact - rounded) <= _NOISE else None


def profile_of(fields: Mapping[str, Any]) -> ChargingProfile:
    """The profile of fields that have no problems. Raises KeyError or ValueError of others."""
    schedule = fields["charging_schedule"]
    recurrency = fields.get("recurrency_kind")
    return ChargingProfile(
        charging_profile_id=fields.get("charging_profile_id", 0),
        stack_level=fields["stack_level"],
        purpose=Purpose(fields["charging_profile_purpose"]),
        kind=Kind(fields["charging_profile_kind"]),
        schedule=Schedule(
            charging_rate_unit=RateUnit(schedule["charging_rate_unit"]),
            periods=tuple(_period_of(period) for period in schedule["charging_schedule_period"]),
            duration=schedule.get("duration"),
            start_schedule=_time_of(schedule.get("start_schedule")),
            min_charging_rate=_exact(schedule.get("min_charging_rate")),
        ),
        transaction_id=fields.get("transaction_id"),
        recurrency=None if recurrency is None else Recurrency(recurrency),
        valid_from=_time_of(fields.get("valid_from")),
        valid_to=_time_of(fields.get("valid_to")),
    )


def as_fields(profile: ChargingProfile) -> dict[str, Any]:
    """OCPP's members in our spelling and the order of the specification; what is not given is left out.

    Limits are floats whose shortest text is the exact decimal: `16.1`, `6.0`.
    """
    schedule = profile.schedule
    return _given(
        charging_profile_id=profile.charging_profile_id,
        transaction_id=profile.transaction_id,
        stack_level=profile.stack_level,
        charging_profile_purpose=profile.purpose.value,
        charging_profile_kind=profile.kind.value,
        recurrency_kind=profile.recurrency.value if profile.recurrency else None,
        valid_from=_text_of(profile.valid_from),
        valid_to=_text_of(profile.valid_to),
        charging_schedule=_given(
            duration=schedule.duration,
            start_schedule=_text_of(schedule.start_schedule),
            charging_rate_unit=schedule.charging_rate_unit.value,
            charging_schedule_period=[
                _given(
                    start_period=period.start_period,
                    limit=float(period.limit),
                    number_phases=period.number_phases,
                )
                for period in schedule.periods
            ],
            min_charging_rate=(
                None if schedule.min_charging_rate is None else float(schedule.min_charging_rate)
            ),
        ),
    )


def _given(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _period_of(period: Mapping[str, Any]) -> Period:
    limit = _exact(period["limit"])
    if limit is None:
        raise ValueError("A period has a limit.")
    return Period(period["start_period"], limit, period.get("number_phases"))


def _exact(number: object) -> Decimal | None:
    if number is None:
        return None
    exact = tenths(number)
    if exact is None:
        raise ValueError(f"{number!r} has more than one digit behind the point.")
    return exact


def _time_of(text: str | None) -> datetime | None:
    if text is None:
        return None
    at = parse_time(text)
    if at is None:
        raise ValueError(f"{text!r} is no time.")
    return at


def _text_of(at: datetime | None) -> str | None:
    return None if at is None else format_time(at)
