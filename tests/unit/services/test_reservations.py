"""Reservations: how each comes to its end."""

from typing import Any

import pytest

from app.domain.errors import NotFound
from app.domain.reservation import Reservation, ReservationStatus, ReservedStart
from app.services.reservations import ReservationService
from tests.builders import REF, a_reservation, at
from tests.fakes.world import World


@pytest.fixture
def service(world: World) -> ReservationService:
    return world.services.keepers.reservations


def accepted(service: ReservationService, name: str = "r-1", **fields: Any) -> Reservation:
    reservation = a_reservation(name, **fields)
    service.note_requested(reservation)
    service.note_answered(reservation, ReservationStatus.ACCEPTED)
    return service.get("acme", name)


def a_start(reservation_id: int | None = None, **fields: Any) -> ReservedStart:
    known: dict[str, Any] = {"connector_id": 1, "id_tag": "TAG-1", "parent_id_tag": None}
    known |= {"reservation_id": reservation_id, "transaction_id": 99, "started_at": at(60)}
    return ReservedStart(**(known | fields))


def state(service: ReservationService, name: str = "r-1") -> tuple[str, str | None, int | None]:
    found = service.get("acme", name)
    return found.status.value, found.reason, found.transaction_id


def looks(world: World) -> bool:
    """Whether starts and states of the charge point are looked at."""
    return world.services.charge_points.get(REF).has_reservations


def test_nobody_knows_it(service: ReservationService) -> None:
    with pytest.raises(NotFound):
        service.get("acme", "nobody's")


def test_a_start_uses_it_up(world: World, service: ReservationService) -> None:
    """B32."""
    accepted(service)
    assert looks(world)
    service.note_start(REF, a_start())
    assert state(service) == ("used", None, 99)
    assert not looks(world)


def test_the_same_start_again_changes_nothing(service: ReservationService) -> None:
    accepted(service)
    service.note_start(REF, a_start(7))
    service.note_start(REF, a_start(7, transaction_id=100))
    assert state(service) == ("used", None, 99)


def test_a_late_start_that_names_it_uses_one_that_has_expired_since(
    world: World, service: ReservationService
) -> None:
    """B31: the charge point was offline."""
    accepted(service)
    world.clock.advance(3600)
    assert service.expire("acme") == 1
    service.note_start(REF, a_start(7))
    assert state(service) == ("used", None, 99)


@pytest.mark.parametrize("start", [a_start(8), a_start(id_tag="OTHER"), a_start(connector_id=2)])
def test_a_start_of_somebody_else_uses_nothing(service: ReservationService, start: ReservedStart) -> None:
    accepted(service)
    service.note_start(REF, start)
    assert state(service) == ("accepted", None, None)


def test_while_one_is_left_the_charge_point_is_looked_at(world: World, service: ReservationService) -> None:
    accepted(service)
    accepted(service, "r-2", reservation_id=8, connector_id=2)
    service.note_start(REF, a_start())
    assert looks(world)
    service.note_cancelled(REF, 8)
    assert not looks(world)


def test_a_connector_out_of_service_keeps_nothing(world: World, service: ReservationService) -> None:
    """B40."""
    accepted(service)
    accepted(service, "r-2", reservation_id=8, connector_id=2)
    service.note_status(REF, 2, "Faulted", at(1))
    assert (state(service), state(service, "r-2")) == (
        ("accepted", None, None),
        ("ended", "Faulted", None),
    )
    service.note_status(REF, 0, "Unavailable", at(2))
    assert state(service) == ("ended", "Unavailable", None)
    assert not looks(world)


def test_it_expires_by_our_own_clock(world: World, service: ReservationService) -> None:
    """C28."""
    accepted(service)
    accepted(service, "longer", reservation_id=8, expires_at=at(3601))
    world.clock.advance(3599)
    assert service.expire("acme") == 0
    world.clock.advance(1)
    assert service.expire("acme") == 1
    assert service.expire("beta") == 0
    assert (state(service)[0], state(service, "longer")[0]) == ("expired", "accepted")
    assert service.get("acme", "r-1").changed_at == at(3600)


def test_an_unknown_one_expires_too(world: World, service: ReservationService) -> None:
    service.note_answered(a_reservation(), ReservationStatus.UNKNOWN, "outcome_unknown")
    world.clock.advance(3600)
    service.expire("acme")
    assert state(service) == ("expired", None, None)


def test_an_answer_may_come_before_the_news_of_asking(world: World, service: ReservationService) -> None:
    service.note_answered(a_reservation(), ReservationStatus.ACCEPTED)
    service.note_requested(a_reservation())
    assert state(service) == ("accepted", None, None)
    assert looks(world)


def test_an_answer_changes_nothing_that_is_over(service: ReservationService) -> None:
    reservation = accepted(service)
    service.note_start(REF, a_start())
    service.note_answered(reservation, ReservationStatus.REFUSED, "Occupied")
    assert state(service) == ("used", None, 99)


def test_numbers_skip_those_that_are_taken(service: ReservationService) -> None:
    accepted(service, reservation_id=1)
    accepted(service, "r-2", reservation_id=2)
    assert [service.new_reservation_id(REF) for _ in range(2)] == [3, 4]
