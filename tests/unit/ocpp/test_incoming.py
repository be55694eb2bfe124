"""Readers of payloads: what can be read is read, nothing raises."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.id_tag import Authorization, AuthorizationStatus
from app.domain.times import time_zone
from app.ocpp.incoming import Incoming, id_tag_info
from app.ocpp.quirks import Quirk
from tests.builders import NOON, a_call, at

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


def incoming(**payload: Any) -> Incoming:
    return Incoming(0, a_call(), payload)


def test_a_readable_time_is_taken() -> None:
    call = incoming(timestamp="2026-03-01T12:00:05Z")
    assert (call.time(), call.deviations) == (at(5), [])


def test_an_absent_time_is_no_deviation() -> None:
    call = incoming()
    assert (call.time(), call.deviations) == (NOON, [])


@pytest.mark.parametrize("time", ["tomorrow", 5, []])
def test_an_unreadable_time_is_one(time: Any) -> None:
    call = incoming(timestamp=time)
    assert (call.time(), call.deviations) == (NOON, [Quirk.UNREADABLE_TIME])


def test_a_time_from_before_the_clock_was_set_is_the_time_of_receipt() -> None:
    """G15: 1970 until the charge point has asked what time it is."""
    call = incoming(timestamp="1970-01-01T00:00:17Z")
    assert (call.time(), call.deviations) == (NOON, [Quirk.IMPLAUSIBLE_TIME])


def test_a_time_without_offset_is_in_the_charge_points_zone() -> None:
    """G14: UTC unless its operator knows better."""
    call = incoming(timestamp="2026-03-01T12:00:05")
    assert (call.time(), call.deviations) == (at(5), [Quirk.TIME_WITHOUT_ZONE])
    there = Incoming(0, a_call(), {"timestamp": "2026-03-01T13:00:05"}, time_zone("Europe/Berlin"))
    assert there.time() == at(5)


@pytest.mark.parametrize(
    "text", ["2026-03-01T12:00:05Z", "2026-03-01T13:00:05+01:00", "2026-03-01T07:00:05-05:00"]
)
def test_an_offset_is_believed(text: str) -> None:
    call = Incoming(0, a_call(), {"timestamp": text}, time_zone("Asia/Tokyo"))
    assert (call.time(), call.deviations) == (at(5), [])


@given(JSON)
def test_nothing_in_the_place_of_readings_raises(value: Any) -> None:
    for item in (value, [value], [{"timestamp": value, "sampledValue": value}], [{"sampledValue": [value]}]):
        if isinstance(item, list):
            for reading in incoming(meterValue=item).readings("meterValue"):
                assert all(
                    isinstance(text, str) for sample in reading.sampled_values for text in sample.values()
                )


def test_an_authorization_says_no_more_than_it_knows() -> None:
    """B2: absent, not null."""
    assert id_tag_info(Authorization(AuthorizationStatus.INVALID)) == {"status": "Invalid"}
    full = Authorization(AuthorizationStatus.ACCEPTED, at(0.25), "GROUP")
    assert id_tag_info(full) == {
        "status": "Accepted",
        "expiryDate": "2026-03-01T12:00:00.250Z",
        "parentIdTag": "GROUP",
    }
