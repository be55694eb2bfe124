"""Contract of `LocalListRepository`."""

from dataclasses import replace

from app.domain.context import ChargePointRef
from app.domain.id_tag import AuthorizationStatus
from app.domain.local_list import (
    ListEntry,
    ListPlan,
    ListState,
    ListUpdate,
    LocalList,
    Selection,
    UpdateMode,
    by_key,
)
from tests.builders import NOON, at
from tests.contract.stores import Stores

ENTRIES = (
    ListEntry("$A.b", AuthorizationStatus.ACCEPTED),
    ListEntry("B", AuthorizationStatus.BLOCKED, at(60), "GROUP"),
)


def full(stores: Stores) -> LocalList:
    updates = (ListUpdate(4, True, ENTRIES), ListUpdate(5, False, (), ("C",)))
    return LocalList(
        ChargePointRef(stores.id, "CP-1"),
        state=ListState.CONFLICT,
        version=3,
        entries=by_key(ENTRIES),
        wanted=Selection(("$A.b", "B")),
        plan=ListPlan("cmd-1", UpdateMode.AUTO, ENTRIES, Selection(all=True), updates, "cmd-1.send"),
        pending="cmd-1.send.full",
        answer="Failed",
        answered_at=at(1),
        decided_at=NOON,
    )


def test_of_a_new_charge_point_nothing_is_known(stores: Stores) -> None:
    ref = ChargePointRef(stores.id, "nobody")
    assert stores.local_lists.find(ref) == LocalList(ref)


def test_everything_is_kept(stores: Stores) -> None:
    stores.local_lists.put(full(stores))
    assert stores.local_lists.find(ChargePointRef(stores.id, "CP-1")) == full(stores)
    other = ChargePointRef("t-without-any", "CP-1")
    assert stores.local_lists.find(other) == LocalList(other)


def test_putting_again_replaces_all_of_it(stores: Stores) -> None:
    stores.local_lists.put(full(stores))
    bare = LocalList(ChargePointRef(stores.id, "CP-1"))
    stores.local_lists.put(bare)
    assert stores.local_lists.find(bare.charge_point) == bare
    known = replace(bare, entries={}, plan=ListPlan("cmd-2", UpdateMode.FULL, ()))
    stores.local_lists.put(known)
    assert stores.local_lists.find(bare.charge_point) == known
