"""Reservations: which one a start uses up, which ones a status ends (B32, B40)."""

from dataclasses import replace
from typing import Any

import pytest

from app.domain.reservation import OPEN, ReservationStatus, ReservedStart, ended_by, used_by
from tests.builders import a_reservation, at

ACCEPTED, REQUESTED, UNKNOWN = OPEN[1], OPEN[0], OPEN[2]
START = ReservedStart(1, "TAG-1", None, None, 99, at(60))


def start(**fields: Any) -> ReservedStart:
    return replace(START, **fields)


def test_open_is_what_a_charge_point_keeps_or_may_keep() -> None:
    assert {status for status in ReservationStatus if status.is_open} == set(OPEN)


def test_the_number_that_a_start_names_decides() -> None:
    mine, other = a_reservation("mine"), a_reservation("other", reservation_id=8, connector_id=2, id_tag="X")
    assert used_by(start(reservation_id=8), [mine, other]) == other
    assert used_by(start(reservation_id=9), [mine, other]) is None


def test_of_two_with_the_same_number_the_newest_counts() -> None:
    old, new = a_reservation("old"), a_reservation("new", created_at=at(1))
    assert used_by(start(reservation_id=7), [old, new]) == new


@pytest.mark.parametrize(
    ("reserved", "started", "fits"),
    [
        ({}, {}, True),
        ({"id_tag": "tag-1"}, {"id_tag": "TAG-1 "}, True),
        ({}, {"id_tag": "TAG-2"}, False),
        ({"connector_id": 2}, {}, False),
        ({"connector_id": 0}, {}, True),
        ({"parent_id_tag": "GROUP"}, {"id_tag": "TAG-2", "parent_id_tag": "group"}, True),
        ({"parent_id_tag": "GROUP"}, {"id_tag": "TAG-2", "parent_id_tag": "OTHER"}, False),
        ({"parent_id_tag": None}, {"id_tag": "TAG-2", "parent_id_tag": None}, False),
        ({"status": ReservationStatus.EXPIRED}, {}, False),
        ({"expires_at": at(0)}, {"started_at": at(301)}, False),
        ({"expires_at": at(0)}, {"started_at": at(299)}, True),
        ({}, {"started_at": at(-301)}, False),
    ],
)
def test_without_a_number_tag_group_connector_and_time_decide(
    reserved: dict[str, Any], started: dict[str, Any], fits: bool
) -> None:
    reservation = a_reservation(**reserved)
    assert used_by(start(**started), [reservation]) == (reservation if fits else None)


def test_the_own_connector_and_the_own_tag_come_first() -> None:
    anywhere = a_reservation("anywhere", connector_id=0)
    group = a_reservation("group", id_tag="OTHER", parent_id_tag="GROUP")
    own = a_reservation("own")
    begun = start(parent_id_tag="GROUP")
    assert used_by(begun, [anywhere, group, own]) == own
    assert used_by(begun, [anywhere, group]) == group
    assert used_by(begun, [anywhere]) == anywhere


@pytest.mark.parametrize(
    ("connector_id", "status", "reserved", "ends"),
    [
        (1, "Faulted", {}, True),
        (1, "Unavailable", {}, True),
        (1, "Unavailable", {"status": UNKNOWN}, True),
        (0, "Faulted", {}, True),
        (0, "Faulted", {"connector_id": 0}, True),
        (1, "Faulted", {"connector_id": 0}, False),
        (2, "Faulted", {}, False),
        (1, "Reserved", {}, False),
        (1, "Available", {}, False),
        (1, "Faulted", {"status": REQUESTED}, False),
        (1, "Faulted", {"status": ReservationStatus.USED}, False),
        (1, "Faulted", {"created_at": at(11)}, False),
    ],
)
def test_what_is_out_of_service_keeps_nothing(
    connector_id: int, status: str, reserved: dict[str, Any], ends: bool
) -> None:
    reservation = a_reservation(**({"status": ACCEPTED} | reserved))
    assert ended_by(connector_id, status, at(10), reservation) is ends
