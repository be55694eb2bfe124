"""Contract of `ReservationRepository`."""

from dataclasses import replace
from typing import Any

from app.domain.context import ChargePointRef
from app.domain.reservation import OPEN, Reservation, ReservationStatus
from app.services.ports import PageRequest
from tests.builders import a_reservation, at
from tests.contract.stores import Stores

ACCEPTED, USED, REQUESTED = ReservationStatus.ACCEPTED, ReservationStatus.USED, ReservationStatus.REQUESTED


def insert(stores: Stores, name: str = "r-1", charge_point_id: str = "CP-1", **fields: Any) -> Reservation:
    made = a_reservation(name, ChargePointRef(stores.id, charge_point_id), **fields)
    assert stores.reservations.insert(made) is True
    return made


def test_what_was_inserted_is_found(stores: Stores) -> None:
    made = insert(stores, parent_id_tag="GROUP", transaction_id=7, reason="Occupied", status=USED)
    assert stores.reservations.find(stores.id, "r-1") == made
    assert stores.reservations.find(stores.id, "another") is None
    assert stores.reservations.find("t-without-any", "r-1") is None


def test_it_is_inserted_once(stores: Stores) -> None:
    made = insert(stores)
    assert stores.reservations.insert(replace(made, connector_id=2)) is False
    assert stores.reservations.find(stores.id, "r-1") == made


def test_numbers_are_never_given_twice(stores: Stores) -> None:
    numbers = [stores.reservations.next_reservation_id(stores.id) for _ in range(25)]
    assert len(set(numbers)) == 25
    assert min(numbers) >= 1


def test_it_moves_only_from_where_it_is_expected(stores: Stores) -> None:
    made = insert(stores)
    used = replace(made, status=USED, transaction_id=7, changed_at=at(9), connector_id=5)
    assert stores.reservations.move(used, (ACCEPTED,)) is False
    assert stores.reservations.find(stores.id, "r-1") == made
    assert stores.reservations.move(used, (REQUESTED,)) is True
    assert stores.reservations.move(used, (REQUESTED,)) is False
    assert stores.reservations.find(stores.id, "r-1") == replace(used, connector_id=made.connector_id)


def test_what_is_not_there_does_not_move(stores: Stores) -> None:
    assert stores.reservations.move(a_reservation("x", ChargePointRef(stores.id, "CP-1")), OPEN) is False


def test_those_of_a_charge_point_by_status_newest_first(stores: Stores) -> None:
    insert(stores, "a", created_at=at(1), status=ACCEPTED)
    insert(stores, "b", created_at=at(2))
    insert(stores, "elsewhere", "CP-2")
    insert(stores, "used", status=USED)
    ref = ChargePointRef(stores.id, "CP-1")
    assert [one.id for one in stores.reservations.of_charge_point(ref, OPEN)] == ["b", "a"]
    assert [one.id for one in stores.reservations.of_charge_point(ref, (USED,))] == ["used"]
    assert stores.reservations.of_charge_point(ChargePointRef("t-without-any", "CP-1"), OPEN) == []


def test_open_ones_whose_time_is_over(stores: Stores) -> None:
    insert(stores, "over", expires_at=at(60), status=ACCEPTED)
    insert(stores, "not yet", expires_at=at(61))
    insert(stores, "used", expires_at=at(1), status=USED)
    assert [one.id for one in stores.reservations.open_before(stores.id, at(60))] == ["over"]
    assert stores.reservations.open_before("t-without-any", at(60)) == []


def test_pages_are_newest_first_with_exact_filters(stores: Stores) -> None:
    for number in range(4):
        insert(stores, f"r-{number}", created_at=at(number), id_tag=f"Tag-{number % 2}")
    insert(stores, "r-4", "CP-2", created_at=at(4), status=ACCEPTED)

    def listed(**filters: Any) -> list[str]:
        page = stores.reservations.list_page(stores.id, PageRequest(filters=filters or None))
        return [one.id for one in page.items]

    assert listed() == ["r-4", "r-3", "r-2", "r-1", "r-0"]
    assert listed(charge_point_id="CP-2") == ["r-4"]
    assert listed(status="requested", id_tag_key="tag-1") == ["r-3", "r-1"]
    first = stores.reservations.list_page(stores.id, PageRequest(limit=3))
    rest = stores.reservations.list_page(stores.id, PageRequest(limit=3, cursor=first.next_cursor))
    assert [one.id for one in rest.items] == ["r-1", "r-0"]
