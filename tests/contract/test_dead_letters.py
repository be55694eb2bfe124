"""Contract of `DeadLetterRepository`."""

from dataclasses import replace
from typing import Any

import pytest

from app.domain.context import ChargePointRef
from app.domain.dead_letter import DeadLetter, DeadLetterKind, DeadLetterStatus
from app.services.ports import PageRequest
from tests.builders import a_dead_letter, at
from tests.contract.stores import Stores


def a_letter(stores: Stores, number: int = 1, **fields: Any) -> DeadLetter:
    ref = ChargePointRef(stores.id, fields.pop("charge_point_id", "CP-1"))
    times = {"first_at": at(number), "last_at": at(number)}
    return a_dead_letter(f"dead-{number}", ref, **(times | fields))


def test_a_letter_is_kept_whole(stores: Stores) -> None:
    call = a_letter(stores, strict=True, time_zone="Europe/Berlin", registration=None)
    report = a_letter(
        stores, 2, kind=DeadLetterKind.REPORT, connection_id=None, epoch=None, sequence=None, frame=""
    )
    stores.dead_letters.park(stores.id, [call, report])
    assert stores.dead_letters.find(stores.id, call.id) == call
    assert stores.dead_letters.find(stores.id, report.id) == report
    assert stores.dead_letters.find(stores.id, "dead-9") is None
    assert stores.dead_letters.find("t-without-any", call.id) is None


def test_the_same_again_is_counted_and_keeps_its_first_place(stores: Stores) -> None:
    first = a_letter(stores)
    again = replace(
        first, epoch=7, sequence=9, frame="other", last_at=at(60), first_at=at(60), error="E", reason="new"
    )
    stores.dead_letters.park(stores.id, [first])
    stores.dead_letters.park(stores.id, [again])
    kept = stores.dead_letters.find(stores.id, first.id)
    assert kept == replace(first, count=2, last_at=at(60), error="E", reason="new")


@pytest.mark.parametrize("settled", [DeadLetterStatus.REPLAYED, DeadLetterStatus.DISCARDED])
def test_what_was_settled_stays_settled_when_it_comes_again(
    stores: Stores, settled: DeadLetterStatus
) -> None:
    letter = a_letter(stores)
    stores.dead_letters.park(stores.id, [letter])
    assert stores.dead_letters.settle(stores.id, letter.id, settled, "[3]", at(5))
    stores.dead_letters.park(stores.id, [letter])
    kept = stores.dead_letters.find(stores.id, letter.id)
    assert kept == replace(letter, count=2, status=settled, answer="[3]", settled_at=at(5))


def test_what_was_replayed_is_not_settled_again(stores: Stores) -> None:
    letter = a_letter(stores)
    stores.dead_letters.park(stores.id, [letter])
    assert stores.dead_letters.settle(stores.id, letter.id, DeadLetterStatus.PARKED, "[4]", at(1))
    assert stores.dead_letters.settle(stores.id, letter.id, DeadLetterStatus.DISCARDED, None, at(2))
    assert stores.dead_letters.settle(stores.id, letter.id, DeadLetterStatus.REPLAYED, "[3]", at(3))
    assert not stores.dead_letters.settle(stores.id, letter.id, DeadLetterStatus.DISCARDED, None, at(4))
    assert not stores.dead_letters.settle(stores.id, "dead-9", DeadLetterStatus.DISCARDED, None, at(4))
    kept = stores.dead_letters.find(stores.id, letter.id)
    assert kept == replace(letter, status=DeadLetterStatus.REPLAYED, answer="[3]", settled_at=at(3))


def test_pages_are_newest_first_and_filtered(stores: Stores) -> None:
    letters = [a_letter(stores, number) for number in range(1, 5)]
    others = [
        a_letter(stores, 5, charge_point_id="CP-2"),
        a_letter(stores, 6, action="Heartbeat"),
        a_letter(stores, 7, status=DeadLetterStatus.DISCARDED),
    ]
    stores.dead_letters.park(stores.id, letters + others)
    filters = {"charge_point_id": "CP-1", "action": "MeterValues", "status": "parked"}
    first = stores.dead_letters.list_page(stores.id, PageRequest(3, filters=filters))
    assert [letter.id for letter in first.items] == ["dead-4", "dead-3", "dead-2"]
    rest = stores.dead_letters.list_page(stores.id, PageRequest(3, first.next_cursor, filters))
    assert [letter.id for letter in rest.items] == ["dead-1"]
    assert stores.dead_letters.list_page("t-without-any", PageRequest()).items == ()
    assert stores.dead_letters.count_parked(stores.id) == 6
    assert stores.dead_letters.count_parked("t-without-any") == 0


def test_the_old_ones_are_forgotten_by_when_they_last_came(stores: Stores) -> None:
    old, repeated, new = a_letter(stores, 1), a_letter(stores, 2), a_letter(stores, 90)
    stores.dead_letters.park(stores.id, [old, repeated, new])
    stores.dead_letters.park(stores.id, [replace(repeated, last_at=at(80))])
    assert stores.dead_letters.prune(stores.id, at(50)) == 1
    assert stores.dead_letters.find(stores.id, old.id) is None
    assert stores.dead_letters.count_parked(stores.id) == 2
