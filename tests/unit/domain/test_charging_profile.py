"""Charging profiles: exact tenths, criteria, places (D7, D10, C31)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.charging_profile import Criteria, Purpose, as_fields, profile_of, tenths
from tests.builders import a_profile, a_schedule, an_installed_profile


@pytest.mark.parametrize(
    ("number", "exact"),
    [
        (16.1, "16.1"),
        (16.1 + 0.0, "16.1"),
        (1.1 + 2.2, "3.3"),
        (48.3, "48.3"),
        (6, "6.0"),
        (0, "0.0"),
        (22000.5, "22000.5"),
        (Decimal("16.1"), "16.1"),
    ],
)
def test_one_digit_is_kept_exactly_whatever_arithmetic_left(number: Any, exact: str) -> None:
    """D10, vector H13."""
    assert str(tenths(number)) == exact


@pytest.mark.parametrize(
    "number", [16.15, 16.1000001, 0.05, True, "16.1", None, [], float("nan"), float("inf"), 1e300, 10**400]
)
def test_more_digits_and_what_is_no_number_are_not(number: object) -> None:
    assert tenths(number) is None


@given(st.integers(0, 10_000_000))
def test_every_tenth_survives_its_way_through_a_float(tenth: int) -> None:
    assert tenths(tenth / 10) == Decimal(tenth) / 10


def test_a_profile_survives_the_way_to_fields_and_back() -> None:
    fields = a_profile(
        7,
        transaction_id=99,
        charging_profile_purpose="TxProfile",
        charging_profile_kind="Recurring",
        recurrency_kind="Daily",
        valid_from="2026-03-01T00:00:00.000Z",
        valid_to="2026-04-01T00:00:00.000Z",
        charging_schedule=a_schedule((0, 48.3), (60, 6.0), duration=3600, min_charging_rate=6.1),
    )
    assert as_fields(profile_of(fields)) == fields


def test_members_are_in_the_order_of_the_specification() -> None:
    fields = as_fields(profile_of(a_profile(valid_from="2026-03-01T00:00:00Z")))
    assert list(fields) == [
        "charging_profile_id",
        "stack_level",
        "charging_profile_purpose",
        "charging_profile_kind",
        "valid_from",
        "charging_schedule",
    ]
    assert list(fields["charging_schedule"]) == [
        "start_schedule",
        "charging_rate_unit",
        "charging_schedule_period",
    ]


@pytest.mark.parametrize(
    ("criteria", "ids"),
    [
        (Criteria(), [1, 2, 3]),
        (Criteria(charging_profile_id=2), [2]),
        (Criteria(charging_profile_id=2, connector_id=9), [2]),
        (Criteria(connector_id=1), [1, 3]),
        (Criteria(purpose=Purpose.TX_DEFAULT, stack_level=5), [2]),
        (Criteria(connector_id=1, stack_level=5), []),
        (Criteria(connector_id=0), []),
    ],
)
def test_criteria_narrow_each_other_and_an_id_stands_alone(criteria: Criteria, ids: list[int]) -> None:
    """C31."""
    known = [
        an_installed_profile(1),
        an_installed_profile(2, connector_id=2, stack_level=5),
        an_installed_profile(3, charging_profile_purpose="TxProfile", transaction_id=9),
    ]
    assert [one.profile.charging_profile_id for one in known if criteria.fits(one)] == ids


def test_a_place_is_connector_purpose_level_and_transaction() -> None:
    """D7."""
    one = an_installed_profile(1)
    assert one.place == an_installed_profile(2).place
    for other in (
        an_installed_profile(1, connector_id=2),
        an_installed_profile(1, stack_level=1),
        an_installed_profile(1, charging_profile_purpose="TxProfile", transaction_id=1),
    ):
        assert one.place != other.place
