"""ReserveNow: a connector kept free for an id tag (C26-C28, TC_046-049, 053)."""

from typing import Any

import pytest

from app.domain.command import Command
from app.domain.errors import InvalidInput, NeedsForce
from app.domain.reservation import Reservation, ReservationStatus
from tests.builders import at
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong
from tests.unit.ocpp.v16.outbound.submitting import end, follow_up, refuse, sent, submit

ASKED = {"connector_id": 1, "expiry_date": "2026-03-01T13:00:00Z", "id_tag": "TAG-1"}
WIRE = {"connectorId": 1, "expiryDate": "2026-03-01T13:00:00.000Z", "idTag": "TAG-1", "reservationId": 7}


def reserve(station: Station, **fields: Any) -> Command:
    return submit(station, "reserve_now", ASKED | fields)


def kept(station: Station, command: Command) -> Reservation:
    return station.world.services.keepers.reservations.get(station.ref.tenant_id, command.id)


@pytest.mark.parametrize("command_type", ["reserve_now", "ReserveNow"])
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, ASKED | {"reservation_id": 7}) == WIRE


def test_members_are_in_the_order_of_the_specification() -> None:
    built = payload("reserve_now", {"reservation_id": 7, "parent_id_tag": "GROUP", **ASKED})
    assert list(built) == ["connectorId", "expiryDate", "idTag", "parentIdTag", "reservationId"]


def test_the_expiry_goes_out_in_utc() -> None:
    local = ASKED | {"reservation_id": 7, "expiry_date": "2026-03-01T15:00:00+02:00"}
    assert payload("reserve_now", local) == WIRE


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"connector_id": 1, "reservation_id": 7}, {"parameters.expiry_date", "parameters.id_tag"}),
        (ASKED | {"reservation_id": 7, "expiry_date": "tomorrow"}, {"parameters.expiry_date"}),
        (ASKED | {"reservation_id": 7, "expiry_date": 7}, {"parameters.expiry_date"}),
        (ASKED | {"reservation_id": "7"}, {"parameters.reservation_id"}),
        (ASKED | {"reservation_id": 7, "id_tag": "x" * 21}, {"parameters.id_tag"}),
        (ASKED | {"reservation_id": 7, "for": "ann"}, {"parameters.for"}),
    ],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("reserve_now", parameters) == named


@pytest.mark.parametrize("status", ["Accepted"])
def test_yes(status: str) -> None:
    assert outcome("reserve_now", status=status) == "accepted"


@pytest.mark.parametrize("status", ["Faulted", "Occupied", "Rejected", "Unavailable", "", None, 7])
def test_every_other_word_is_a_no(status: Any) -> None:
    """C4: also words that OCPP does not know."""
    assert outcome("reserve_now", status=status) == "rejected"


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    """A34."""
    assert allowed_while_pending("reserve_now")


def test_what_is_over_before_it_begins_is_refused(station: Station) -> None:
    """C27."""
    with pytest.raises(InvalidInput) as refused:
        reserve(station, expiry_date="2026-03-01T12:00:00Z")
    assert set(refused.value.problems) == {"parameters.expiry_date"}
    assert sent(station) == []


def test_a_number_is_found_for_it_that_nothing_open_has(station: Station) -> None:
    reserve(station, reservation_id=1)
    numbers = [reserve(station, connector_id=connector).payload["reservationId"] for connector in (1, 2)]
    assert numbers == [2, 3]


def test_operators_may_give_any_number(station: Station) -> None:
    """Section F, practical notes: certification wants numbers of its own."""
    assert reserve(station, reservation_id=4711).payload["reservationId"] == 4711


def test_from_the_moment_it_is_asked_for_the_charge_point_may_have_it(station: Station) -> None:
    command = reserve(station, parent_id_tag="GROUP")
    reservation = kept(station, command)
    assert (reservation.status, reservation.reservation_id) == (ReservationStatus.REQUESTED, 1)
    assert (reservation.connector_id, reservation.id_tag, reservation.parent_id_tag) == (1, "TAG-1", "GROUP")
    assert reservation.expires_at == at(3600)
    assert station.stored.has_reservations


def test_accepted(station: Station) -> None:
    command = reserve(station)
    end(station, command, "Accepted")
    assert kept(station, command).status is ReservationStatus.ACCEPTED
    assert len(sent(station)) == 1


@pytest.mark.parametrize("word", ["Faulted", "Occupied", "Rejected", "Unavailable"])
def test_a_refusal_keeps_its_word(station: Station, word: str) -> None:
    """TC_048_1 to 048_4."""
    command = reserve(station)
    end(station, command, word)
    reservation = kept(station, command)
    assert (reservation.status, reservation.reason) == (ReservationStatus.REFUSED, word)
    assert not station.stored.has_reservations


@pytest.mark.parametrize("word", ["NotSupported", "NotImplemented"])
def test_who_does_not_know_reservations_has_none(station: Station, word: str) -> None:
    command = reserve(station)
    refuse(station, command, word)
    assert (kept(station, command).status, kept(station, command).reason) == (ReservationStatus.REFUSED, word)
    assert len(sent(station)) == 1


def test_without_an_answer_it_is_unknown_and_cancelled_to_be_safe(station: Station) -> None:
    """C27."""
    command = reserve(station)
    end(station, command, None)
    assert kept(station, command).status is ReservationStatus.UNKNOWN
    assert sent(station)[1] == ("CancelReservation", {"reservationId": 1})
    end(station, follow_up(station, command, "cancel"), "Rejected")
    assert kept(station, command).status is ReservationStatus.CANCELLED


def test_a_call_error_leaves_it_unknown_too(station: Station) -> None:
    command = reserve(station)
    refuse(station, command, "InternalError")
    assert (kept(station, command).status, kept(station, command).reason) == (
        ReservationStatus.UNKNOWN,
        "InternalError",
    )
    assert sent(station)[1] == ("CancelReservation", {"reservationId": 1})


def test_a_late_yes_holds_until_the_cancellation_is_answered(station: Station) -> None:
    """A25: the charge point did it, and will undo it."""
    command = reserve(station)
    end(station, command, None)
    end(station, command, "Accepted")
    assert kept(station, command).status is ReservationStatus.ACCEPTED
    end(station, follow_up(station, command, "cancel"), "Accepted")
    end(station, command, "Accepted")
    assert kept(station, command).status is ReservationStatus.CANCELLED
    assert len(sent(station)) == 2


def test_what_was_never_sent_reserves_nothing(station: Station) -> None:
    station.world.services.charge_points.close_connection(station.ref, 1)
    command = reserve(station)
    station.world.clock.advance(61)
    station.world.services.commands.sweep("acme")
    assert (kept(station, command).status, kept(station, command).reason) == (
        ReservationStatus.ENDED,
        "NotSent",
    )
    assert sent(station) == []


def test_the_same_number_replaces_what_it_stood_for(station: Station) -> None:
    """C27; only once the charge point says yes."""
    first = reserve(station, reservation_id=7)
    end(station, first, "Accepted")
    second = reserve(station, reservation_id=7, connector_id=2)
    assert kept(station, first).status is ReservationStatus.ACCEPTED
    end(station, second, "Accepted")
    assert (kept(station, first).status, kept(station, first).reason) == (ReservationStatus.ENDED, "Replaced")
    assert kept(station, second).status is ReservationStatus.ACCEPTED
    assert station.stored.has_reservations


def test_connector_0_takes_a_charge_point_that_can(station: Station) -> None:
    """C27, TC_049."""
    reserve(station, connector_id=0)
    configuration = station.world.services.keepers.configuration
    key = {"key": "ReserveConnectorZeroSupported", "value": "false", "readonly": True}
    configuration.note_reported(station.ref, [key], [])
    with pytest.raises(NeedsForce, match="ReserveConnectorZeroSupported"):
        reserve(station, connector_id=0)
    reserve(station, connector_id=1)
    configuration.note_reported(station.ref, [key | {"value": "true"}], [])
    reserve(station, connector_id=0)


def test_the_same_request_again_is_the_same_reservation(station: Station) -> None:
    first = submit(station, "reserve_now", ASKED, command_id="mine-1")
    assert submit(station, "reserve_now", ASKED, command_id="mine-1") == first
    assert len(sent(station)) == 1
