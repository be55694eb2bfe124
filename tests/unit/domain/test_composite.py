"""What limit follows from all profiles together (D5, D6, D12-D14)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.charging_profile import InstalledProfile, Purpose, RateUnit
from app.domain.composite import CompositePeriod, RunningTransaction, composite
from tests.builders import NOON, a_schedule, an_installed_profile, at

HOUR, DAY = 3600, 86_400
A, W = RateUnit.AMPERE, RateUnit.WATT
RUNNING = RunningTransaction(9, at(-600))
Limits = list[tuple[int, float | None]]


def installed(
    *periods: tuple[int, float], purpose: str = "TxDefaultProfile", **fields: Any
) -> InstalledProfile:
    """On connector 1, or 0 for ChargePointMaxProfile; schedule's members go to the schedule."""
    own = ("start_schedule", "duration", "charging_rate_unit")
    inner = {name: fields.pop(name) for name in own if name in fields}
    connector = fields.pop("connector_id", 0 if purpose == "ChargePointMaxProfile" else 1)
    if purpose == "TxProfile":
        fields.setdefault("transaction_id", 9)
    identity = fields.pop("charging_profile_id", 1)
    return an_installed_profile(
        identity,
        connector_id=connector,
        charging_profile_purpose=purpose,
        charging_schedule=a_schedule(*periods, **inner),
        **fields,
    )


def maximum(*periods: tuple[int, float], **fields: Any) -> InstalledProfile:
    return installed(*periods, purpose="ChargePointMaxProfile", **fields)


def limits(
    *profiles: InstalledProfile,
    connector_id: int = 1,
    start: datetime = NOON,
    seconds: int = HOUR,
    **more: Any,
) -> Limits:
    found = composite(profiles, connector_id, start, seconds, **more)
    return [(one.start_period, None if one.limit is None else float(one.limit)) for one in found.periods]


def test_without_profiles_there_is_no_limit() -> None:
    assert limits() == [(0, None)]
    found = composite([], 1, NOON, HOUR)
    assert (found.charging_rate_unit, found.periods) == (A, (CompositePeriod(0, None),))


def test_a_schedule_counts_from_its_own_start() -> None:
    assert limits(installed((0, 16), (1800, 10)), start=at(600)) == [(0, 16), (1200, 10)]
    assert limits(installed((0, 16)), start=at(-600)) == [(0, None), (600, 16)]


def test_without_duration_the_last_period_goes_on() -> None:
    """D13."""
    assert limits(installed((0, 16), (60, 10)), start=at(10 * DAY)) == [(0, 10)]


def test_what_is_beyond_the_duration_is_not_executed() -> None:
    """D13: and a duration beyond the periods holds the last one."""
    assert limits(installed((0, 16), (60, 10), duration=1800)) == [(0, 16), (60, 10), (1800, None)]


def test_the_lower_of_charge_point_and_transaction_rules() -> None:
    """D5."""
    assert limits(maximum((0, 32), (600, 8)), installed((0, 16), (1200, 6))) == [(0, 16), (600, 8), (1200, 6)]


def test_a_tx_profile_overrules_the_default_whatever_its_limit() -> None:
    """D5: of its own transaction only."""
    default, own = installed((0, 10)), installed((0, 20), purpose="TxProfile")
    assert limits(default, own, transaction=RUNNING) == [(0, 20)]
    assert limits(default, own) == [(0, 10)]
    assert limits(default, own, transaction=RunningTransaction(8, NOON)) == [(0, 10)]


def test_where_a_tx_profile_says_nothing_the_default_does() -> None:
    own = installed((0, 20), purpose="TxProfile", duration=600)
    assert limits(installed((0, 10)), own, transaction=RUNNING) == [(0, 20), (600, 10)]


def test_a_connectors_own_default_overrules_that_of_connector_0() -> None:
    """D3, E 3.53: for that connector only, whatever the levels are."""
    everywhere = installed((0, 10), connector_id=0, stack_level=5)
    own = installed((0, 20))
    assert limits(everywhere, own) == [(0, 20)]
    assert limits(everywhere, own, connector_id=2) == [(0, 10)]


def test_the_highest_level_that_says_something_rules() -> None:
    """D6."""
    low = installed((0, 10))
    high = installed((0, 20), stack_level=3, start_schedule="2026-03-01T12:10:00Z", duration=600)
    assert limits(low, high) == [(0, 10), (600, 20), (1200, 10)]


def test_without_a_duration_lower_levels_never_apply() -> None:
    """D14."""
    assert limits(installed((0, 10)), installed((0, 20), stack_level=1), start=at(DAY)) == [(0, 20)]


def test_validity_narrows_a_profile() -> None:
    """D6."""
    one = installed((0, 16), valid_from="2026-03-01T12:10:00Z", valid_to="2026-03-01T12:20:00Z")
    assert limits(one) == [(0, None), (600, 16), (1200, None)]


def test_a_daily_profile_begins_anew_across_midnight() -> None:
    """D12: 22:00 to 06:00 less."""
    one = installed(
        (0, 6),
        (8 * HOUR, 16),
        charging_profile_kind="Recurring",
        recurrency_kind="Daily",
        start_schedule="2026-02-01T22:00:00Z",
    )
    assert limits(one, start=NOON, seconds=2 * DAY) == [
        (0, 16),
        (10 * HOUR, 6),
        (18 * HOUR, 16),
        (34 * HOUR, 6),
        (42 * HOUR, 16),
    ]
    assert limits(one, start=datetime(2026, 3, 2, 1, tzinfo=UTC)) == [(0, 6)]


def test_a_recurring_profile_does_not_begin_before_its_start() -> None:
    one = installed((0, 6), charging_profile_kind="Recurring", recurrency_kind="Weekly")
    assert limits(one, start=at(-7 * DAY)) == [(0, None)]


def test_what_is_longer_than_the_day_is_cut_and_what_is_shorter_leaves_a_gap() -> None:
    """D14."""
    again = {"charging_profile_kind": "Recurring", "recurrency_kind": "Daily"}
    long = installed((0, 6), (20 * HOUR, 7), (25 * HOUR, 8), **again)
    assert limits(long, seconds=2 * DAY) == [(0, 6), (20 * HOUR, 7), (DAY, 6), (44 * HOUR, 7)]
    short = installed((0, 6), duration=HOUR, stack_level=1, **again)
    assert limits(short, installed((0, 16)), seconds=DAY + HOUR) == [(0, 6), (HOUR, 16), (DAY, 6)]


def test_a_relative_profile_counts_from_the_start_of_the_transaction() -> None:
    """D12."""
    one = installed((0, 6), (1200, 16), charging_profile_kind="Relative", start_schedule=None)
    assert limits(one, transaction=RUNNING) == [(0, 6), (600, 16)]
    assert limits(one) == [(0, 6), (1200, 16)], "one that begins now"


def test_a_relative_maximum_counts_from_when_it_came() -> None:
    one = maximum((0, 6), (1200, 16), charging_profile_kind="Relative", start_schedule=None)
    assert limits(one, start=at(600)) == [(0, 6), (600, 16)]


def test_of_connector_0_only_the_maximum_is_known() -> None:
    """C32: the whole charge point."""
    default = installed((0, 10), connector_id=0)
    assert limits(default, maximum((0, 32)), connector_id=0) == [(0, 32)]


def test_units_meet_at_230_volt_and_never_above_the_limit() -> None:
    """D9: ampere for each phase, watt for all of them; three phases unless said."""
    in_watt = maximum((0, 11_000), charging_rate_unit="W")
    in_ampere = installed((0, 16))
    assert limits(in_watt, in_ampere) == [(0, 15.9)]
    assert limits(in_watt, in_ampere, unit=W) == [(0, 11_000)]
    assert limits(in_watt) == [(0, 11_000)]
    assert limits(in_ampere, unit=W) == [(0, 11_040)]


def test_phases_come_with_the_limit() -> None:
    one = an_installed_profile(
        charging_schedule=a_schedule(
            charging_schedule_period=[{"start_period": 0, "limit": 16, "number_phases": 1}]
        )
    )
    found = composite([one], 1, NOON, HOUR, W)
    assert found.periods == (CompositePeriod(0, Decimal(3680), 1),)


# --- properties ----------------------------------------------------------------------------------


@st.composite
def any_profiles(draw: st.DrawFn) -> InstalledProfile:
    purpose = draw(st.sampled_from(["ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"]))
    kind = draw(st.sampled_from(["Absolute", "Recurring", "Relative"]))
    starts = [0, *sorted(draw(st.sets(st.integers(1, 30 * HOUR), max_size=4)))]
    periods = [(start, draw(st.integers(0, 320)) / 10) for start in starts]
    begins = NOON + timedelta(seconds=draw(st.integers(-3 * DAY, DAY)))
    fields: dict[str, Any] = {
        "charging_profile_kind": kind,
        "stack_level": draw(st.integers(0, 3)),
        "start_schedule": None if kind == "Relative" else begins.isoformat(),
        "duration": draw(st.none() | st.integers(1, 30 * HOUR)),
        "recurrency_kind": draw(st.sampled_from(["Daily", "Weekly"])) if kind == "Recurring" else None,
        "charging_profile_id": draw(st.integers(1, 99)),
    }
    if purpose == "TxDefaultProfile":
        fields["connector_id"] = draw(st.integers(0, 2))
    if draw(st.booleans()):
        fields["valid_to"] = (NOON + timedelta(seconds=draw(st.integers(-DAY, DAY)))).isoformat()
    return installed(*periods, purpose=purpose, **fields)


@settings(max_examples=200)
@given(st.lists(any_profiles(), max_size=5), st.integers(0, 2), st.integers(1, 2 * DAY))
def test_periods_are_in_order_begin_at_0_and_change_something(
    profiles: list[InstalledProfile], connector_id: int, seconds: int
) -> None:
    found = composite(profiles, connector_id, NOON, seconds, A, RUNNING).periods
    starts = [one.start_period for one in found]
    assert starts[0] == 0
    assert starts == sorted(set(starts))
    assert starts[-1] < seconds
    assert all(
        (one.limit, one.number_phases) != (two.limit, two.number_phases) for one, two in pairwise(found)
    )


@settings(max_examples=200)
@given(st.lists(any_profiles(), max_size=5), st.integers(1, 2 * DAY), st.data())
def test_it_says_at_every_second_what_asking_then_would_say(
    profiles: list[InstalledProfile], seconds: int, data: st.DataObject
) -> None:
    """The instants at which anything changes are all found."""
    whole = composite(profiles, 1, NOON, seconds, A, RUNNING).periods
    second = data.draw(st.integers(0, seconds - 1))
    then = [one for one in whole if one.start_period <= second][-1]
    (now, *_) = composite(profiles, 1, at(second), 1, A, RUNNING).periods
    assert (then.limit, then.number_phases) == (now.limit, now.number_phases)


@settings(max_examples=200)
@given(st.lists(any_profiles(), max_size=5), st.integers(0, 2 * DAY))
def test_it_never_exceeds_what_the_charge_point_or_the_transaction_may_draw(
    profiles: list[InstalledProfile], second: int
) -> None:
    """D5: each purpose alone is an upper bound of all together."""
    (all_together, *_) = composite(profiles, 1, at(second), 1, A, RUNNING).periods
    of_maximum = [one for one in profiles if one.profile.purpose is Purpose.CHARGE_POINT_MAX]
    of_transaction = [one for one in profiles if one not in of_maximum]
    for some in (of_maximum, of_transaction):
        (alone, *_) = composite(some, 1, at(second), 1, A, RUNNING).periods
        if alone.limit is not None:
            assert all_together.limit is not None
            assert all_together.limit <= alone.limit
