"""Sessions: energy, duration, natural keys, and what a person should look at (B30, B46, B48)."""

from typing import Any

import pytest

from app.domain.context import ChargePointRef
from app.domain.session import EnergyValue, as_data, review_notes, session_id_of, start_key, unmatched_stop_id
from tests.builders import NOON, REF, a_session, at

OTHER = ChargePointRef("acme", "CP-2")


def test_a_session_that_just_started_has_delivered_nothing() -> None:
    assert a_session().energy_wh == 0


def test_energy_comes_from_the_newest_reading_whatever_the_order_they_came_in() -> None:
    values = (EnergyValue(at(60), 1900.5), EnergyValue(at(30), 1500))
    assert a_session(meter_values=values).energy_wh == 900.5


def test_the_stop_register_beats_every_reading() -> None:
    assert a_session(meter_values=(EnergyValue(at(60), 9999),), stop_meter_value=3000).energy_wh == 2000


def test_a_stop_without_a_start_has_no_energy_and_no_duration() -> None:
    session = a_session(start_meter_value=None, start_time=None, stop_meter_value=3000, stop_time=NOON)
    assert session.energy_wh is None
    assert session.duration_seconds_at(NOON) is None


def test_energy_at_an_unknown_register_is_unknown() -> None:
    assert a_session().energy_wh_at(None) is None
    assert a_session().energy_wh_at(1250.5) == 250.5


@pytest.mark.parametrize(("seconds", "duration"), [(0, 0), (59.9, 59), (3600, 3600), (-5, 0)])
def test_duration_is_whole_seconds_and_never_negative(seconds: float, duration: int) -> None:
    assert a_session().duration_seconds_at(at(seconds)) == duration


def test_a_normal_stop_needs_no_review() -> None:
    assert review_notes(a_session(), at(60), 1000, at(60)) == ()


@pytest.mark.parametrize(
    ("stop_after", "meter_stop", "notes"),
    [
        (60, 999, ("meter_stop_below_start",)),
        (-1, 2000, ("stopped_before_start",)),
        (362, 2000, ("stopped_in_the_future",)),
        (-1, 999, ("meter_stop_below_start", "stopped_before_start")),
    ],
)
def test_an_odd_stop_is_noted(stop_after: float, meter_stop: int, notes: tuple[str, ...]) -> None:
    assert review_notes(a_session(), at(stop_after), meter_stop, at(61)) == notes


def test_a_clock_that_is_a_little_ahead_is_no_reason_to_look() -> None:
    assert review_notes(a_session(), at(360), 2000, at(60)) == ()


def test_a_session_without_start_side_has_nothing_to_compare() -> None:
    session = a_session(start_meter_value=None, start_time=None)
    assert review_notes(session, at(-60), -5, NOON) == ()


def test_the_transaction_id_names_the_session() -> None:
    assert session_id_of(789) == "session-789"


def test_the_same_start_has_the_same_key() -> None:
    assert start_key(REF, 1, "TAG", "2026-03-01T12:00:00Z", 5) == start_key(
        REF, 1, "TAG", "2026-03-01T12:00:00Z", 5
    )


@pytest.mark.parametrize(
    "other",
    [
        (OTHER, 1, "TAG", "t", 5),
        (REF, 2, "TAG", "t", 5),
        (REF, 1, "TAG2", "t", 5),
        (REF, 1, "TAG", "t2", 5),
        (REF, 1, "TAG", "t", 6),
        (REF, 1, "TAG", "t5", 0),
    ],
)
def test_another_start_has_another_key(other: tuple[Any, ...]) -> None:
    assert start_key(*other) != start_key(REF, 1, "TAG", "t", 5)


def test_even_text_that_is_no_unicode_has_a_key() -> None:
    assert start_key(REF, 1, "\ud800", "t", 5) != start_key(REF, 1, "\ud801", "t", 5)


def test_an_unmatched_stop_has_an_id_of_its_own() -> None:
    known = unmatched_stop_id(REF, -1, "t", 5)
    assert known.startswith("session-unmatched-")
    assert known == unmatched_stop_id(REF, -1, "t", 5)
    others = [(OTHER, -1, "t", 5), (REF, 0, "t", 5), (REF, -1, "t2", 5), (REF, -1, "t", 6)]
    assert known not in [unmatched_stop_id(*other) for other in others]


def test_what_events_say_of_a_session() -> None:
    assert as_data(a_session(transaction_id=7)) == {
        "connector_id": 1,
        "transaction_id": 7,
        "id_tag": "TAG-1",
        "meter_start_wh": 1000,
    }
