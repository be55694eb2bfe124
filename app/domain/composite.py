"""What limit follows from all profiles together (D5, D6, D12-D14).

An estimate: the charge point decides, and only it knows its wiring and what was installed by others.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from math import ceil

from app.domain.charging_profile import (
    ChargingProfile,
    InstalledProfile,
    Kind,
    Period,
    Purpose,
    RateUnit,
    Recurrency,
)

VOLTAGE = 230
_PHASES_WHEN_ABSENT = 3
_TENTH = Decimal("0.1")
_AGAIN_AFTER = {Recurrency.DAILY: timedelta(days=1), Recurrency.WEEKLY: timedelta(days=7)}


@dataclass(frozen=True, slots=True)
class RunningTransaction:
    """The transaction of a connector: what Relative profiles and TxProfiles hang on."""

    transaction_id: int
    started_at: datetime


@dataclass(frozen=True, slots=True)
class CompositePeriod:
    """From `start_period` seconds on: at most `limit`; None is without limit."""

    start_period: int
    limit: Decimal | None
    number_phases: int | None = None


@dataclass(frozen=True, slots=True)
class Composite:
    """Limits of a connector from `start` on, for `duration` seconds."""

    connector_id: int
    start: datetime
    duration: int
    charging_rate_unit: RateUnit
    periods: tuple[CompositePeriod, ...]


@dataclass(frozen=True, slots=True)
class _Placed:
    """A profile and the instant from which its schedule counts; None while that is not known."""

    installed: InstalledProfile
    begins_at: datetime | None


def composite(
    installed: Iterable[InstalledProfile],
    connector_id: int,
    start: datetime,
    duration_s: int,
    unit: RateUnit | None = None,
    transaction: RunningTransaction | None = None,
) -> Composite:
    """The limits of a connector; of connector 0 what the whole charge point may draw.

    Without a transaction it says what one that begins at `start` would get. Where units differ, 230 V are
    assumed, and the result is rounded down: it never exceeds a limit. Without `unit` it is that of the
    profiles, ampere where they differ.
    """
    placed = [
        _Placed(one, _begins_at(one, start, transaction))
        for one in installed
        if _concerns(one, connector_id, transaction)
    ]
    used = {one.installed.profile.schedule.charging_rate_unit for one in placed}
    wanted = unit or (used.pop() if len(used) == 1 else RateUnit.AMPERE)
    end = start + timedelta(seconds=duration_s)
    changes = {ceil((at - start).total_seconds()) for one in placed for at in _changes(one, start, end)}
    periods: list[CompositePeriod] = []
    for second in sorted({0} | {second for second in changes if second < duration_s}):
        limit, phases = _limit_at(placed, start + timedelta(seconds=second), wanted)
        if not periods or (periods[-1].limit, periods[-1].number_phases) != (limit, phases):
            periods.append(CompositePeriod(second, limit, phases))
    return Composite(connector_id, start, duration_s, wanted, tuple(periods))


def _concerns(one: InstalledProfile, connector_id: int, transaction: RunningTransaction | None) -> bool:
    purpose = one.profile.purpose
    if purpose is Purpose.CHARGE_POINT_MAX:
        return True
    if connector_id == 0:
        return False
    if purpose is Purpose.TX_DEFAULT:
        return one.connector_id in (0, connector_id)
    return (
        one.connector_id == connector_id
        and transaction is not None
        and one.profile.transaction_id == transaction.transaction_id
    )


def _begins_at(
    one: InstalledProfile, start: datetime, transaction: RunningTransaction | None
) -> datetime | None:
    """D12. What a Relative ChargePointMaxProfile counts from is not said: we take its arrival."""
    if one.profile.kind is not Kind.RELATIVE:
        return one.profile.schedule.start_schedule
    if one.profile.purpose is Purpose.CHARGE_POINT_MAX:
        return min(one.installed_at, start)
    return transaction.started_at if transaction is not None else start


def _limit_at(placed: Sequence[_Placed], at: datetime, unit: RateUnit) -> tuple[Decimal | None, int | None]:
    """D5: the lower one of what the charge point and what the transaction may draw."""
    of_transaction = _ruling(placed, at, lambda one: one.profile.purpose is Purpose.TX)
    for own in (True, False):  # D3: a connector's own default overrules that of connector 0
        of_transaction = of_transaction or _ruling(placed, at, _is_default(own=own))
    of_charge_point = _ruling(placed, at, lambda one: one.profile.purpose is Purpose.CHARGE_POINT_MAX)
    limits = [
        (_converted(period, profile.schedule.charging_rate_unit, unit), period.number_phases)
        for profile, period in filter(None, (of_charge_point, of_transaction))
    ]
    return min(limits, key=lambda limit: limit[0], default=(None, None))


def _is_default(*, own: bool) -> Callable[[InstalledProfile], bool]:
    return lambda one: one.profile.purpose is Purpose.TX_DEFAULT and (one.connector_id != 0) is own


def _ruling(
    placed: Sequence[_Placed], at: datetime, fits: Callable[[InstalledProfile], bool]
) -> tuple[ChargingProfile, Period] | None:
    """D6: of the profiles that say something at that instant, the one with the highest stack level."""
    for one in sorted(placed, key=lambda one: one.installed.profile.stack_level, reverse=True):
        period = _period_at(one, at) if fits(one.installed) else None
        if period is not None:
            return one.installed.profile, period
    return None


def _period_at(one: _Placed, at: datetime) -> Period | None:
    """The schedule's period at an instant; None where it says nothing (D13, D14)."""
    profile, schedule = one.installed.profile, one.installed.profile.schedule
    if profile.valid_from is not None and at < profile.valid_from:
        return None
    if profile.valid_to is not None and at >= profile.valid_to:
        return None
    if one.begins_at is None or at < one.begins_at:
        return None
    elapsed = at - one.begins_at
    if profile.recurrency is not None:
        elapsed %= _AGAIN_AFTER[profile.recurrency]
    seconds = elapsed.total_seconds()
    if schedule.duration is not None and seconds >= schedule.duration:
        return None
    begun = [period for period in schedule.periods if period.start_period <= seconds]
    return begun[-1] if begun else None


def _changes(one: _Placed, start: datetime, end: datetime) -> Iterator[datetime]:
    """The instants between `start` and `end` at which the profile may say something else."""
    profile, schedule = one.installed.profile, one.installed.profile.schedule
    offsets = [period.start_period for period in schedule.periods]
    if schedule.duration is not None:
        offsets.append(schedule.duration)
    candidates = [profile.valid_from, profile.valid_to]
    for begins_at in _beginnings(one, start, end):
        candidates += [begins_at + timedelta(seconds=offset) for offset in offsets]
    return (at for at in candidates if at is not None and start < at < end)


def _beginnings(one: _Placed, start: datetime, end: datetime) -> Iterator[datetime]:
    """When the schedule begins, and begins anew, as far as it matters between `start` and `end`."""
    begins_at, recurrency = one.begins_at, one.installed.profile.recurrency
    if begins_at is None:
        return
    if recurrency is None:
        yield begins_at
        return
    again = _AGAIN_AFTER[recurrency]
    begins_at += max(0, (start - begins_at) // again) * again
    while begins_at < end:
        yield begins_at
        begins_at += again


def _converted(period: Period, given: RateUnit, wanted: RateUnit) -> Decimal:
    """Ampere are for each phase, Watt for all of them (D9)."""
    if given is wanted:
        return period.limit
    factor = VOLTAGE * (period.number_phases or _PHASES_WHEN_ABSENT)
    if wanted is RateUnit.WATT:
        return period.limit * factor
    return (period.limit / factor).quantize(_TENTH, ROUND_FLOOR)
