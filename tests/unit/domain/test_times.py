"""Times on the wire: any ISO 8601 comes in, UTC with milliseconds goes out (A21, G14)."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidInput
from app.domain.times import format_time, from_epoch_ms, parse_time, time_zone, to_epoch_ms

INSTANT = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
PRESENT = st.integers(0, 7_000_000_000_000_000).map(
    lambda microseconds: datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)
)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T12:30:15.250Z",
        "2026-03-01T12:30:15.25Z",
        "2026-03-01T12:30:15.250999Z",
        "2026-03-01T12:30:15.250999999Z",
        "2026-03-01T14:30:15.250+02:00",
        "2026-03-01T14:30:15.250+0200",
        "2026-02-28T22:30:15.250-14:00",
        "2026-03-01 12:30:15.250",
        " 2026-03-01T12:30:15.250Z\n",
        "20260301T123015.250Z",
    ],
)
def test_every_spelling_of_an_instant_is_read_as_that_instant(text: str) -> None:
    assert parse_time(text) == INSTANT


def test_a_time_without_zone_is_utc() -> None:
    assert parse_time("2026-03-01T12:00:00") == datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "now",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "12:00:00",
        "1772366400",
        "2026-03-01T25:00Z",
    ],
)
def test_text_that_names_no_instant_is_none(text: str) -> None:
    assert parse_time(text) is None


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
def test_an_instant_outside_the_calendar_is_none(text: str) -> None:
    assert parse_time(text) is None


@given(st.text())
def test_no_text_makes_parsing_raise(text: str) -> None:
    at = parse_time(text)
    assert at is None or at.tzinfo is UTC


def test_what_is_sent_is_utc_with_three_digits_and_a_z() -> None:
    assert (
        format_time(datetime(2026, 3, 1, 13, 0, tzinfo=timezone(timedelta(hours=1))))
        == "2026-03-01T12:00:00.000Z"
    )
    assert format_time(INSTANT) == "2026-03-01T12:30:15.250Z"


@given(PRESENT)
def test_a_time_that_was_parsed_survives_the_wire_and_the_broker(at: datetime) -> None:
    """Cut to milliseconds once, it is never changed again: keys made of times stay equal."""
    kept = parse_time(at.isoformat())
    assert kept is not None
    assert timedelta(0) <= at - kept < timedelta(milliseconds=1)
    assert parse_time(format_time(kept)) == kept
    assert from_epoch_ms(to_epoch_ms(kept)) == kept


def test_a_time_without_offset_is_in_the_zone_given() -> None:
    berlin = time_zone("Europe/Berlin")
    assert parse_time("2026-07-01T12:00:00", berlin) == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert parse_time("2026-01-01T12:00:00", berlin) == datetime(2026, 1, 1, 11, tzinfo=UTC)
    assert parse_time("2026-01-01T12:00:00Z", berlin) == datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", ["Europe/Nowhere", "", "../etc/passwd", "Europe"])
def test_a_zone_that_does_not_exist_is_named(name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        time_zone(name)
    assert list(refused.value.problems) == ["time_zone"]
