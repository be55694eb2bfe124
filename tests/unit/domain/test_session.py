"""Sessions: energy, duration, natural keys, and what a person should look at (B30, B46, B48)."""

from typing import Any

import pytest

from app.domain.context import ChargePointRef
from app.domain.session import (
    EnergyValue,
    Review,
    Session,
    SessionStatus,
    as_data,
    counted_time,
    fits,
    is_other_tag,
    session_at,
    session_id_of,
    start_key,
    stop_differences,
    stop_notes,
    unmatched_stop_id,
)
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


def test_energy_is_exact() -> None:
    values = (EnergyValue(at(60), 12345.6),)
    assert a_session(start_meter_value=12000, meter_values=values).energy_wh == 345.6


def test_a_register_that_starts_anew_counts_from_its_own_first_value() -> None:
    """G21: the start was read from what the meter showed before."""
    values = (EnergyValue(at(10), 0), EnergyValue(at(20), 500))
    session = a_session(start_meter_value=12000, meter_values=values, stop_meter_value=1500, stop_time=at(60))
    assert session.energy_wh == 1500
    assert session.registers == [12000, 0, 500, 1500]


def test_energy_is_never_negative() -> None:
    assert a_session(start_meter_value=5000, stop_meter_value=10, stop_time=at(60)).energy_wh == 0
    assert a_session(start_meter_value=5000, stop_meter_value=4990, stop_time=at(60)).energy_wh == 0
    assert a_session(start_meter_value=5000).energy_wh_at(4999) is None


def test_what_is_read_after_the_stop_changes_nothing() -> None:
    values = (EnergyValue(at(70), 9999),)
    session = a_session(meter_values=values, stop_meter_value=3000, stop_time=at(60))
    assert session.registers == [1000, 3000]


def test_an_estimated_end_gives_way_to_a_later_reading() -> None:
    values = (EnergyValue(at(30), 1500), EnergyValue(at(70), 1800))
    session = a_session(meter_values=values, stop_meter_value=1500, stop_time=at(30), estimated=True)
    assert session.energy_wh == 800


# --- what a person should look at --------------------------------------------------------------------


def stopped(seconds: float = 60, meter: int = 2000, **fields: Any) -> Session:
    return a_session(stop_time=at(seconds), stop_meter_value=meter, **fields)


def test_a_normal_stop_needs_no_review() -> None:
    assert stop_notes(stopped(60, 1000), at(60)) == ()


@pytest.mark.parametrize(
    ("stop_after", "meter_stop", "notes"),
    [
        (60, 999, ("meter_stop_below_start",)),
        (60, -5, ("meter_stop_below_start", "register_restarted")),
        (-1, 2000, ("stopped_before_start",)),
        (362, 2000, ("stopped_in_the_future",)),
        (-1, 999, ("meter_stop_below_start", "stopped_before_start")),
    ],
)
def test_an_odd_stop_is_noted(stop_after: float, meter_stop: int, notes: tuple[str, ...]) -> None:
    assert stop_notes(stopped(stop_after, meter_stop), at(61)) == notes


def test_a_register_that_fell_on_the_way_is_noted_though_it_ends_higher() -> None:
    values = (EnergyValue(at(10), 9000), EnergyValue(at(20), 200))
    assert stop_notes(stopped(60, 9500, meter_values=values), at(61)) == (Review.REGISTER_RESTARTED,)


def test_rounding_is_no_restart() -> None:
    """A meter that tells the session in Wh and its readings in whole kWh."""
    values = (EnergyValue(at(10), 12000), EnergyValue(at(20), 13000))
    session = stopped(60, 13400, start_meter_value=12999, meter_values=values)
    assert stop_notes(session, at(61)) == ()


def test_a_clock_that_is_a_little_ahead_is_no_reason_to_look() -> None:
    assert stop_notes(stopped(360), at(60)) == ()


def test_a_session_without_start_side_has_nothing_to_compare() -> None:
    assert stop_notes(stopped(-60, -5, start_meter_value=None, start_time=None), NOON) == ()


RAW = "2026-03-01T12:00:00Z"


@pytest.mark.parametrize(
    ("told", "raw", "counted"),
    [
        (at(0), RAW, (at(0), None)),
        (at(0), "2026-03-01T13:00:00+01:00", (at(0), None)),
        (at(60), "soon", (at(60), "soon")),
        (at(60), "1970-01-01T00:00:05Z", (at(60), "1970-01-01T00:00:05Z")),
        (at(86_400), "2026-03-02T12:00:00Z", (at(86_400), None)),
        (at(90_000), "2026-03-02T13:00:00Z", (at(60), "2026-03-02T13:00:00Z")),
        (at(60), "2026-03-01T12:01:00Z", (at(60), None)),
    ],
)
def test_a_time_that_cannot_be_is_the_time_of_receipt_and_kept_as_written(
    told: Any, raw: str, counted: Any
) -> None:
    """G15. What is unreadable or from 1970 has been given the time of receipt when it was read."""
    assert counted_time(told, raw, at(60)) == counted


@pytest.mark.parametrize(
    ("tag", "parent", "other"),
    [
        (None, None, False),
        ("tag-1", None, False),
        ("TAG-2", "group", False),
        ("TAG-2", "other", True),
        ("TAG-2", None, True),
        ("GROUP", None, True),
    ],
)
def test_who_may_stop_without_a_note(tag: str | None, parent: str | None, other: bool) -> None:
    """B3, B49: the group's name is nobody's tag, unless it is one."""
    assert is_other_tag(a_session(parent_id_tag="GROUP"), tag, parent) is other


def test_a_tag_without_group_is_in_no_group_with_another() -> None:
    assert is_other_tag(a_session(), "TAG-2", None)
    assert is_other_tag(a_session(), "TAG-2", "GROUP")


def test_what_a_second_stop_says_else() -> None:
    first = stopped(60, 2000, stop_reason="Local", stop_id_tag="TAG")
    assert stop_differences(first, first) == []
    assert stop_differences(first, stopped(60, 2000, stop_reason="Local", stop_id_tag="tag ")) == []
    assert stop_differences(first, stopped(61, 2001, stop_reason="Other")) == [
        "stop_meter_value",
        "stop_time",
        "stop_reason",
        "stop_id_tag",
    ]


@pytest.mark.parametrize("raw", ["1970-01-01T00:00:05Z", ""])
def test_a_second_stop_with_a_clock_that_is_wrong_is_the_same_stop(raw: str) -> None:
    """Also one that tells no time at all."""
    first = stopped(60, 2000, raw_stop_time=raw)
    assert stop_differences(first, stopped(99, 2000, raw_stop_time=raw)) == []


# --- whose reading, whose stop -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "meter", "fitting"), [(60, 2000, True), (0, 1000, True), (-1, 2000, False), (60, 999, False)]
)
def test_a_stop_fits_a_session_that_began_before_with_no_more_on_the_meter(
    seconds: float, meter: int, fitting: bool
) -> None:
    assert fits(stopped(seconds, meter)) is fitting


def ended(number: int, start: float, stop: float, **fields: Any) -> Session:
    status = SessionStatus.COMPLETED
    return a_session(number, start_time=at(start), stop_time=at(stop), status=status, **fields)


@pytest.mark.parametrize(
    ("seconds", "number"),
    [(-1, None), (0, 1), (60, 1), (61, None), (99, None), (100, 2), (150, 2), (200, 3), (9999, 3)],
)
def test_a_reading_belongs_to_the_session_that_ran(seconds: float, number: int | None) -> None:
    """The running one that has no stop lasts until the next start, or until now."""
    sessions = [ended(1, 0, 60), a_session(2, start_time=at(100)), a_session(3, start_time=at(200))]
    found = session_at(sessions, 1, at(seconds))
    assert (found.transaction_id if found else None) == number


def test_between_two_sessions_nobody_guesses() -> None:
    assert session_at([ended(1, 0, 60), ended(2, 50, 90)], 1, at(55)) is None


def test_other_connectors_do_not_count_and_connector_0_has_no_session() -> None:
    sessions = [a_session(1, connector_id=2), a_session(2, connector_id=0)]
    assert session_at(sessions, 1, at(5)) is None
    assert session_at(sessions, 0, at(5)) is None
    assert session_at([*sessions, a_session(3)], 1, at(5)) == a_session(3)


def test_a_stop_without_start_covers_nothing() -> None:
    assert session_at([stopped(60, start_time=None)], 1, at(30)) is None


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
