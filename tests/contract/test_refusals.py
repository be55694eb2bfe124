"""Contract of `RefusedIdentityRepository`."""

import pytest

from app.services.ports import PageRequest
from app.services.refusals import RefusalReason, RefusedIdentity
from app.storage import refusals as storage
from tests.builders import at
from tests.contract.stores import Stores
from tests.fakes import refusals as fakes


def refused(identity: str, seconds: float, count: int = 1, **fields: str) -> RefusedIdentity:
    reason = RefusalReason(fields.get("reason", "unknown"))
    peer = fields.get("peer", "192.0.2.1")
    return RefusedIdentity(identity, reason, "Why.", peer, at(seconds), at(seconds), count)


def listed(stores: Stores, limit: int = 200) -> list[RefusedIdentity]:
    return list(stores.refused_identities.list_page(stores.id, PageRequest(limit=limit)).items)


def test_nobody_is_listed_at_first(stores: Stores) -> None:
    stores.refused_identities.record(stores.id, [])
    assert listed(stores) == []


def test_the_newest_refusal_is_listed_first(stores: Stores) -> None:
    stores.refused_identities.record(stores.id, [refused("A", 1), refused("B", 3), refused("C", 2)])
    assert [one.identity for one in listed(stores)] == ["B", "C", "A"]
    page = stores.refused_identities.list_page(stores.id, PageRequest(limit=2))
    rest = stores.refused_identities.list_page(stores.id, PageRequest(limit=2, cursor=page.next_cursor))
    assert [one.identity for one in rest.items] == ["A"]
    assert rest.next_cursor is None


def test_refusals_of_one_identity_add_up(stores: Stores) -> None:
    stores.refused_identities.record(stores.id, [refused("A", 1, count=2)])
    newer = refused("A", 5, count=3, reason="wrong_credentials", peer="192.0.2.9")
    stores.refused_identities.record(stores.id, [newer])
    (one,) = listed(stores)
    assert (one.count, one.first_at, one.last_at) == (5, at(1), at(5))
    assert (one.reason, one.peer) == (RefusalReason.WRONG_CREDENTIALS, "192.0.2.9")


def test_a_reason_is_a_filter(stores: Stores) -> None:
    stores.refused_identities.record(
        stores.id, [refused("A", 1), refused("B", 2, reason="wrong_credentials")]
    )
    page = PageRequest(filters={"reason": "wrong_credentials"})
    found = stores.refused_identities.list_page(stores.id, page).items
    assert [one.identity for one in found] == ["B"]


def test_the_list_is_bounded_and_the_oldest_leave(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of made-up identities must not fill the store."""
    for module in (fakes, storage):
        monkeypatch.setattr(module, "MAX_REFUSED", 10)
    stores.refused_identities.record(stores.id, [refused(f"X-{number}", number) for number in range(15)])
    assert [one.identity for one in listed(stores)] == [f"X-{number}" for number in range(14, 4, -1)]


@pytest.mark.parametrize("identity", ["a/b c", "$set", "a.b", "säule"])
def test_any_identity_is_listed_and_removed_as_it_is(stores: Stores, identity: str) -> None:
    stores.refused_identities.record(stores.id, [refused(identity, 1)])
    assert [one.identity for one in listed(stores)] == [identity]
    assert stores.refused_identities.remove(stores.id, identity) is True
    assert stores.refused_identities.remove(stores.id, identity) is False
    assert listed(stores) == []


def test_another_tenants_list_is_another_list(stores: Stores) -> None:
    stores.refused_identities.record(stores.id, [refused("A", 1)])
    elsewhere = stores.refused_identities.list_page("t-without-any", PageRequest())
    assert elsewhere.items == ()
    assert stores.refused_identities.remove("t-without-any", "A") is False
