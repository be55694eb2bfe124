"""Which sampled value is the energy register, and what it reads in Wh (B18, B24, B25, G12)."""

import math
from typing import Any

import pytest

from app.domain.meter import MeterReading, energy_wh, reading_digest
from tests.builders import NOON, a_reading, at


@pytest.mark.parametrize(
    ("sample", "wh"),
    [
        ({"value": "1500"}, 1500),
        ({"value": "1500", "unit": "Wh", "measurand": "Energy.Active.Import.Register"}, 1500),
        ({"value": "1.5", "unit": "kWh"}, 1500),
        ({"value": " 1500.25 ", "format": "Raw"}, 1500.25),
        ({"value": "-3"}, -3),
        ({"value": "1e3"}, 1000),
        ({"value": "1500", "context": "Transaction.End", "location": "Inlet"}, 1500),
    ],
)
def test_the_register_is_read_in_wh(sample: dict[str, Any], wh: float) -> None:
    assert energy_wh([sample]) == wh


@pytest.mark.parametrize(
    "sample",
    [
        {"value": "230", "measurand": "Voltage", "unit": "V"},
        {"value": "10", "measurand": "Energy.Active.Import.Interval"},
        {"value": "10", "measurand": "Energy.Active.Export.Register"},
        {"value": "10", "phase": "L1"},
        {"value": "10", "format": "SignedData"},
        {"value": "10", "unit": "varh"},
        {"value": ""},
        {"value": "abc"},
        {"value": "nan"},
        {"value": "inf"},
        {"value": "-Infinity"},
        {"value": None},
        {},
    ],
)
def test_what_is_no_register_reading_counts_for_nothing(sample: dict[str, Any]) -> None:
    assert energy_wh([sample]) is None


def test_the_register_is_found_among_other_values() -> None:
    samples = [
        {"value": "16", "measurand": "Current.Import", "unit": "A"},
        {"value": "400", "phase": "L1"},
        {"value": "broken"},
        {"value": "1.2", "unit": "kWh"},
    ]
    assert energy_wh(samples) == 1200


@pytest.mark.parametrize("value", ["1e30", "99999999999999999999", "-1e300", "9" * 300])
def test_a_reading_beyond_all_reason_is_a_number_that_every_store_can_hold(value: str) -> None:
    """Else one such value would let the session's stop fail for ever."""
    for unit in ("Wh", "kWh"):
        wh = energy_wh([{"value": value, "unit": unit}])
        assert isinstance(wh, float)
        assert math.isfinite(wh)


def test_a_value_that_outgrows_a_number_by_its_unit_counts_for_nothing() -> None:
    assert energy_wh([{"value": "1e308", "unit": "kWh"}]) is None


@pytest.mark.parametrize(
    ("value", "text"), [("4000", "4000"), ("4000.0", "4000"), ("4000.5", "4000.5"), ("-0.0", "0")]
)
def test_whole_numbers_are_told_as_whole_numbers(value: str, text: str) -> None:
    assert str(energy_wh([{"value": value}])) == text


def test_no_values_no_energy() -> None:
    assert energy_wh([]) is None


def test_the_same_reading_sent_again_has_the_same_digest() -> None:
    once = MeterReading(NOON, ({"value": "1", "unit": "Wh"},))
    again = MeterReading(NOON, ({"unit": "Wh", "value": "1"},))
    assert reading_digest(1, 7, once) == reading_digest(1, 7, again)


def test_a_digest_is_the_same_in_every_process_and_release() -> None:
    """It is the key of stored readings: were it to change, every retry would be stored twice."""
    assert reading_digest(1, 7, a_reading(0, {"value": "1500"})) == "4b98d3f018b0752d20d6e7a0"


@pytest.mark.parametrize(
    ("connector_id", "transaction_id", "reading"),
    [
        (2, 7, a_reading(0, {"value": "1"})),
        (1, 8, a_reading(0, {"value": "1"})),
        (1, None, a_reading(0, {"value": "1"})),
        (1, 7, a_reading(1, {"value": "1"})),
        (1, 7, a_reading(0, {"value": "2"})),
        (1, 7, a_reading(0, {"value": "1"}, {"value": "1"})),
    ],
)
def test_another_reading_has_another_digest(
    connector_id: int, transaction_id: int | None, reading: MeterReading
) -> None:
    assert reading_digest(connector_id, transaction_id, reading) != reading_digest(
        1, 7, a_reading(0, {"value": "1"})
    )


def test_readings_of_different_times_differ_by_milliseconds() -> None:
    assert at(0.001) != NOON
    assert reading_digest(1, 7, a_reading(0.001)) != reading_digest(1, 7, a_reading(0))
