"""Energy arithmetic, for whatever numbers a charge point may send: exact, never negative, in any unit."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.meter import RESTART_WH, difference, drawn_wh, energy_wh, has_restarted

registers = st.decimals(min_value=0, max_value=10**9, places=3)
spellings = st.sampled_from(["kWh", "kwh", "KWH", "KWh", " kWh "])
texts = st.text(max_size=20)
OUTLET = {"location": "Outlet"}


def sample(value: object, **fields: Any) -> dict[str, Any]:
    return {"value": str(value), **fields}


@given(registers, spellings)
def test_kilowatt_hours_are_exactly_a_thousand_watt_hours(kwh: Decimal, unit: str) -> None:
    wh = energy_wh([sample(kwh, unit=unit)])
    assert wh == int(kwh * 1000)
    assert isinstance(wh, int)


@given(registers)
def test_both_units_read_the_same(wh: Decimal) -> None:
    """So that a reading which came in both is known as one (B50)."""
    assert energy_wh([sample(wh)]) == energy_wh([sample(wh.scaleb(-3), unit="kWh")])


@given(registers)
def test_no_digits_are_made_up(wh: Decimal) -> None:
    assert Decimal(repr(energy_wh([sample(wh)]))) == wh


@given(st.lists(registers, min_size=3, max_size=3), st.permutations(["L1", "L2", "L3"]))
def test_three_phases_are_their_exact_sum(values: list[Decimal], phases: list[str]) -> None:
    samples = [sample(value, phase=phase) for value, phase in zip(values, phases, strict=True)]
    assert Decimal(repr(energy_wh(samples))) == sum(values)


@given(registers, st.lists(st.tuples(registers, st.sampled_from(["L1", "L2", "L3", "N"]))))
def test_a_value_of_all_phases_goes_before_those_of_each(
    total: Decimal, phases: list[tuple[Decimal, str]]
) -> None:
    samples = [sample(value, phase=phase) for value, phase in phases]
    assert energy_wh([*samples, sample(total)]) == energy_wh([sample(total)])


@given(st.sets(st.sampled_from(["L1", "L2", "L3"]), max_size=2))
def test_some_phases_are_no_register(phases: set[str]) -> None:
    """With one missing, nobody knows whether the charge point has it."""
    assert energy_wh([sample(5, phase=phase) for phase in phases]) is None


def test_phases_are_not_added_across_places() -> None:
    there = [sample(5, phase=phase, location="Inlet") for phase in ("L1", "L2")]
    here = [sample(7, phase=phase) for phase in ("L1", "L2", "L3")]
    assert energy_wh([*there, sample(5, phase="L3")]) is None
    assert energy_wh([*there, sample(5, phase="L3", location="Inlet"), *here]) == 21


def test_phases_against_neutral_are_the_phases() -> None:
    assert energy_wh([sample(5, phase=f"L{n}-N") for n in (1, 2, 3)]) == 15


@given(registers, registers, st.sampled_from(["Inlet", "Cable", "Body", "EV"]), st.sampled_from([{}, OUTLET]))
def test_the_outlet_goes_before_other_places(
    outlet: Decimal, elsewhere: Decimal, place: str, named: dict[str, str]
) -> None:
    here, there = sample(outlet, **named), sample(elsewhere, location=place)
    assert energy_wh([there, here]) == energy_wh([here, there]) == energy_wh([here])
    assert energy_wh([there]) == energy_wh([sample(elsewhere)])


@given(
    registers, st.sampled_from(["Energy.Active.Import.Interval", "Energy.Active.Export.Register", "Voltage"])
)
def test_other_measurands_are_never_added(wh: Decimal, measurand: str) -> None:
    """B23, B24: what flowed in an interval is no register."""
    assert energy_wh([sample(wh, measurand=measurand)]) is None
    assert energy_wh([sample(wh, measurand=measurand), sample(5)]) == 5


@given(texts, texts, texts)
def test_whatever_is_sent_gives_a_number_or_none(value: str, unit: str, phase: str) -> None:
    """G12."""
    found = energy_wh([{"value": value, "unit": unit, "phase": phase}, {"value": value}])
    assert found is None or abs(found) < float("inf")


@pytest.mark.parametrize(
    "text", ["1_000", "1,5", "0x10", "١٢", "1e", "--1", "NaN", "Infinity", "1e400", "5 Wh"]
)
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    assert energy_wh([sample(text)]) is None


def test_a_number_of_endless_length_costs_nothing() -> None:
    assert energy_wh([sample("1" * 100_000)]) is None


# --- what was drawn ----------------------------------------------------------------------------------

wh_values = st.one_of(st.integers(0, 10**9), registers.map(float))


@given(wh_values, wh_values)
def test_differences_have_no_noise(one: float, other: float) -> None:
    assert Decimal(repr(difference(one, other))) == Decimal(repr(one)) - Decimal(repr(other))


@given(st.lists(wh_values, min_size=1))
def test_energy_is_never_negative(values: list[float]) -> None:
    assert drawn_wh(values) >= 0


@given(st.lists(wh_values, min_size=1).map(sorted))
def test_a_register_that_only_rises_gives_last_minus_first(values: list[float]) -> None:
    assert drawn_wh(values) == difference(values[-1], values[0])
    assert not has_restarted(values)


@given(
    st.lists(st.integers(50_000, 60_000), min_size=1).map(sorted),
    st.lists(st.integers(0, 9_000), min_size=1).map(sorted),
)
def test_a_restart_counts_both_sides_of_it(before: list[int], after: list[int]) -> None:
    """G21: what flowed between the last value before and the first after it, nobody knows."""
    assert has_restarted([*before, *after])
    assert drawn_wh([*before, *after]) == before[-1] - before[0] + after[-1] - after[0]


def test_a_dip_on_the_way_changes_nothing() -> None:
    assert drawn_wh([12_000, 12_500, 0, 13_000]) == 1000


@pytest.mark.parametrize(("fall", "restarted"), [(RESTART_WH - 1, False), (RESTART_WH, True)])
def test_rounding_is_no_restart(fall: int, *, restarted: bool) -> None:
    """Whole kWh where the start was told in Wh."""
    assert has_restarted([12_999, 12_999 - fall]) is restarted
    assert drawn_wh([12_999, 12_999 - fall]) == 0
