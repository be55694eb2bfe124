"""Contract of `AuditRepository`."""

from datetime import timedelta
from typing import Any

import pytest

from app.domain.audit import ActorKind, AuditEntry, AuditResult
from app.domain.errors import InvalidInput
from app.services.audit import AuditRepository
from app.services.ports import PageRequest
from tests.builders import NOON, at
from tests.contract.stores import Stores


def an_entry(**fields: Any) -> AuditEntry:
    known: dict[str, Any] = {
        "at": NOON,
        "actor_kind": ActorKind.USER,
        "actor_id": "user-1",
        "actor_name": "op@acme.example",
        "tenant_id": "acme",
        "action": "tenants.configure",
        "result": AuditResult.DONE,
    }
    return AuditEntry(**(known | fields))


def listed(stores: Stores, **filters: Any) -> list[AuditEntry]:
    return list(stores.audit.list_page(stores.id, PageRequest(50, filters=filters or None)).items)


def test_an_entry_is_kept_as_it_is(stores: Stores) -> None:
    entry = an_entry(
        tenant_id=stores.id,
        target={"charge_point_id": "any/identity.at $all"},
        before={"settings": {"a.b": 1}, "$x": [1, None]},
        after={"settings": {"a.b": 2}},
        method="PATCH",
        route="/api/v1/chargepoints/<charge_point_id>",
        status=200,
        code=None,
        source_ip="192.0.2.1",
        request_id="r-1",
    )
    stores.audit.append(stores.id, entry)
    (kept,) = listed(stores)
    assert kept.id
    fields = [name for name in AuditEntry.__dataclass_fields__ if name != "id"]
    assert {name: getattr(kept, name) for name in fields} == {name: getattr(entry, name) for name in fields}


def test_the_newest_comes_first_page_by_page(stores: Stores) -> None:
    for number in range(5):
        stores.audit.append(stores.id, an_entry(at=at(number), request_id=str(number)))
    first = stores.audit.list_page(stores.id, PageRequest(3))
    second = stores.audit.list_page(stores.id, PageRequest(3, first.next_cursor))
    assert [entry.request_id for entry in (*first.items, *second.items)] == ["4", "3", "2", "1", "0"]
    assert second.next_cursor is None
    with pytest.raises(InvalidInput):
        stores.audit.list_page(stores.id, PageRequest(3, "nonsense"))


def test_it_is_found_by_who_what_on_what_how_and_when(stores: Stores) -> None:
    stores.audit.append(stores.id, an_entry(target={"charge_point_id": "CP-1"}))
    stores.audit.append(
        stores.id,
        an_entry(
            at=at(60),
            actor_id="key-1",
            actor_name="billing",
            action="commands.send",
            result=AuditResult.REFUSED,
        ),
    )

    def found(**filters: Any) -> list[str]:
        return [entry.actor_id for entry in listed(stores, **filters)]

    assert found(actor="user-1") == found(actor="op@acme.example") == ["user-1"]
    assert found(action="commands.send") == ["key-1"]
    assert found(target="CP-1") == ["user-1"]
    assert found(target="CP-2") == []
    assert found(result="refused") == ["key-1"]
    assert found(from_at=at(1)) == ["key-1"]
    assert found(to_at=at(60)) == ["user-1"]
    assert found(from_at=NOON, to_at=at(61)) == ["key-1", "user-1"]
    assert found(actor="user-1", result="refused") == []


def test_the_platform_has_a_log_of_its_own(stores: Stores) -> None:
    unique = stores.unique
    stores.audit.append(None, an_entry(tenant_id=None, request_id=unique, actor_id=unique))
    assert listed(stores) == []
    (entry,) = stores.audit.list_page(None, PageRequest(5, filters={"actor": unique})).items
    assert (entry.tenant_id, entry.request_id) == (None, unique)


def test_what_is_old_goes(stores: Stores) -> None:
    for days in (0, 1, 2):
        stores.audit.append(stores.id, an_entry(at=NOON + timedelta(days=days)))
    assert stores.audit.prune(stores.id, NOON + timedelta(days=2)) == 2
    assert [entry.at for entry in listed(stores)] == [NOON + timedelta(days=2)]


def test_nothing_can_change_or_remove_an_entry() -> None:
    """Append-only: besides ageing there is no other way."""
    methods = {name for name in vars(AuditRepository) if not name.startswith("_")}
    assert methods == {"append", "list_page", "prune"}
