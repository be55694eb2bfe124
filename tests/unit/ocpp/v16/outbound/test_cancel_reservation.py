"""CancelReservation: Rejected means that there is none (C6, TC_051, 052)."""

from typing import Any

import pytest

from app.domain.command import Command
from app.domain.errors import NeedsForce
from app.domain.reservation import Reservation, ReservationStatus
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong
from tests.unit.ocpp.v16.outbound.submitting import end, sent, submit

ASKED = {"connector_id": 1, "expiry_date": "2026-03-01T13:00:00Z", "id_tag": "TAG-1", "reservation_id": 7}


def reserved(station: Station) -> Command:
    command = submit(station, "reserve_now", ASKED)
    end(station, command, "Accepted")
    return command


def kept(station: Station, command: Command) -> Reservation:
    return station.world.services.keepers.reservations.get(station.ref.tenant_id, command.id)


@pytest.mark.parametrize("command_type", ["cancel_reservation", "CancelReservation"])
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, {"reservation_id": 7}) == {"reservationId": 7}


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({}, {"parameters.reservation_id"}),
        ({"reservation_id": "7"}, {"parameters.reservation_id"}),
        ({"reservation_id": 7, "connector_id": 1}, {"parameters.connector_id"}),
    ],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("cancel_reservation", parameters) == named


def test_yes() -> None:
    assert outcome("cancel_reservation", status="Accepted") == "accepted"


@pytest.mark.parametrize("status", ["Rejected", "accepted", "", None, 7])
def test_every_other_word_is_a_no(status: Any) -> None:
    """C4: also words that OCPP does not know."""
    assert outcome("cancel_reservation", status=status) == "rejected"


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    """A34."""
    assert allowed_while_pending("cancel_reservation")


@pytest.mark.parametrize(("word", "reason"), [("Accepted", None), ("Rejected", "Rejected")])
def test_either_answer_ends_the_reservation(station: Station, word: str, reason: str | None) -> None:
    command = reserved(station)
    end(station, submit(station, "cancel_reservation", {"reservation_id": 7}), word)
    assert (kept(station, command).status, kept(station, command).reason) == (
        ReservationStatus.CANCELLED,
        reason,
    )
    assert not station.stored.has_reservations


def test_without_an_answer_it_may_still_hold(station: Station) -> None:
    command = reserved(station)
    end(station, submit(station, "cancel_reservation", {"reservation_id": 7}), None)
    assert kept(station, command).status is ReservationStatus.ACCEPTED
    assert station.stored.has_reservations


def test_a_number_that_nobody_reserved_takes_insisting(station: Station) -> None:
    """TC_052: certification sends one on purpose."""
    with pytest.raises(NeedsForce, match="number 8"):
        submit(station, "cancel_reservation", {"reservation_id": 8})
    command = submit(station, "cancel_reservation", {"reservation_id": 8}, force=True)
    assert sent(station) == [("CancelReservation", {"reservationId": 8})]
    end(station, command, "Rejected")
