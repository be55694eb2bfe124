"""Contract of `ApiKeyRepository`."""

from dataclasses import replace

import pytest

from app.domain.api_key import ApiKey
from app.domain.errors import InvalidInput
from app.domain.permissions import Permission
from app.domain.user import Role
from app.services.ports import PageRequest
from tests.builders import NOON, at
from tests.contract.stores import Stores


def a_key(stores: Stores, name: str = "billing", **fields: object) -> ApiKey:
    key = ApiKey(
        id=f"{stores.unique}-{name}",
        tenant_id=stores.id,
        name=name,
        role=Role.OPERATOR,
        scopes=frozenset({Permission.SESSIONS_READ, Permission.COMMANDS_SEND}),
        secret_hash="0f" * 32,
        created_at=NOON,
        created_by="user-1",
    )
    return replace(key, **fields)  # type: ignore[arg-type]


def test_a_key_is_kept_as_it_is(stores: Stores) -> None:
    limited = a_key(stores, expires_at=at(60))
    everything = a_key(stores, "all", scopes=None, role=Role.VIEWER, last_used_at=at(1))
    platforms = a_key(stores, "root", tenant_id=None, role=Role.PLATFORM_ADMIN)
    for key in (limited, everything, platforms):
        stores.api_keys.insert(key)
        assert stores.api_keys.find(key.id) == key
    assert stores.api_keys.find(f"{stores.unique}-nobody") is None


def test_only_the_secret_is_replaced(stores: Stores) -> None:
    key, other = a_key(stores), a_key(stores, "other")
    stores.api_keys.insert(key)
    stores.api_keys.insert(other)
    stores.api_keys.replace_secret(key.id, "aa" * 32)
    assert stores.api_keys.find(key.id) == replace(key, secret_hash="aa" * 32)
    assert stores.api_keys.find(other.id) == other


def test_its_last_use_is_noted(stores: Stores) -> None:
    key = a_key(stores)
    stores.api_keys.insert(key)
    stores.api_keys.note_use(key.id, at(5))
    assert stores.api_keys.find(key.id) == replace(key, last_used_at=at(5))


def test_what_was_removed_is_gone_and_does_not_come_back(stores: Stores) -> None:
    key, other = a_key(stores), a_key(stores, "other")
    stores.api_keys.insert(key)
    stores.api_keys.insert(other)
    for _ in range(2):
        stores.api_keys.remove(key.id)
        stores.api_keys.note_use(key.id, at(5))
        stores.api_keys.replace_secret(key.id, "aa" * 32)
        assert stores.api_keys.find(key.id) is None
    assert stores.api_keys.find(other.id) == other


def test_keys_are_listed_newest_first_page_by_page_each_tenants_own(stores: Stores) -> None:
    for minutes in range(3):
        stores.api_keys.insert(a_key(stores, f"k{minutes}", created_at=at(minutes)))
    stores.api_keys.insert(a_key(stores, "foreign", tenant_id=f"{stores.unique}-other"))
    first = stores.api_keys.list_page(stores.id, PageRequest(2))
    assert [key.name for key in first.items] == ["k2", "k1"]
    rest = stores.api_keys.list_page(stores.id, PageRequest(2, first.next_cursor))
    assert ([key.name for key in rest.items], rest.next_cursor) == (["k0"], None)
    backwards = stores.api_keys.list_page(stores.id, PageRequest(2, backwards=True))
    assert [key.name for key in backwards.items] == ["k0", "k1"]
    with pytest.raises(InvalidInput):
        stores.api_keys.list_page(stores.id, PageRequest(2, "nonsense"))


def test_the_platforms_keys_are_nobody_elses(stores: Stores) -> None:
    mine, platforms = a_key(stores), a_key(stores, "root", tenant_id=None, role=Role.PLATFORM_ADMIN)
    stores.api_keys.insert(mine)
    stores.api_keys.insert(platforms)
    assert [key.id for key in stores.api_keys.list_page(stores.id, PageRequest()).items] == [mine.id]
    listed = {key.id for key in stores.api_keys.list_page(None, PageRequest(200)).items}
    assert platforms.id in listed
    assert mine.id not in listed


def test_all_of_a_tenant_go_and_nobody_elses(stores: Stores) -> None:
    mine = [a_key(stores, name) for name in ("a", "b")]
    others = [
        a_key(stores, "foreign", tenant_id=f"{stores.unique}-other"),
        a_key(stores, "root", tenant_id=None, role=Role.PLATFORM_ADMIN),
    ]
    for key in [*mine, *others]:
        stores.api_keys.insert(key)
    stores.api_keys.remove_all(stores.id)
    assert [stores.api_keys.find(key.id) for key in mine] == [None, None]
    assert [stores.api_keys.find(key.id) for key in others] == others
