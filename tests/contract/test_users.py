"""Contract of `UserRepository`."""

import uuid
from dataclasses import replace

import pytest
from pymongo.database import Database

from app.domain.errors import Conflict
from app.domain.user import Role, User
from app.services.ports import PageRequest
from app.storage.indexes import create_platform_indexes
from app.storage.mongo import Databases, Document
from app.storage.users import MongoUsers
from tests.builders import NOON, at
from tests.contract.stores import Stores


def a_user(
    stores: Stores, name: str = "ann", tenant_id: str | None = "acme", role: Role = Role.VIEWER
) -> User:
    return User(
        f"user-{stores.unique}-{name}",
        f"{name}@{stores.unique}.example",
        tenant_id,
        role,
        "$argon2id$hash",
        NOON,
    )


@pytest.mark.parametrize(("tenant_id", "role"), [("acme", Role.OPERATOR), (None, Role.PLATFORM_ADMIN)])
def test_what_was_inserted_is_found_by_id_and_email(
    stores: Stores, tenant_id: str | None, role: Role
) -> None:
    user = a_user(stores, tenant_id=tenant_id, role=role)
    stores.users.insert(user)
    assert stores.users.find(user.id) == user
    assert stores.users.with_email(user.email) == [user]


def test_who_is_not_there_is_not_found(stores: Stores) -> None:
    assert stores.users.find("user-nobody") is None
    assert stores.users.with_email(f"nobody@{stores.unique}.example") == []
    stores.users.set_password_hash("user-nobody", "x")
    stores.users.change("user-nobody", {"disabled": True})
    stores.users.remove("user-nobody")
    assert stores.users.find("user-nobody") is None


@pytest.mark.parametrize(("tenant_id", "role"), [("acme", Role.OPERATOR), (None, Role.PLATFORM_ADMIN)])
def test_an_email_is_taken_once_in_each_tenant_and_once_by_the_platform(
    stores: Stores, tenant_id: str | None, role: Role
) -> None:
    first = a_user(stores, tenant_id=tenant_id, role=role)
    elsewhere = replace(first, id=f"{first.id}-2", tenant_id="beta", role=Role.VIEWER)
    stores.users.insert(first)
    stores.users.insert(elsewhere)
    with pytest.raises(Conflict):
        stores.users.insert(replace(first, id=f"{first.id}-3"))
    assert sorted(user.id for user in stores.users.with_email(first.email)) == [first.id, elsewhere.id]
    assert stores.users.find(f"{first.id}-3") is None


def test_only_what_changes_is_written(stores: Stores) -> None:
    """Two who change one user at the same moment: neither undoes what the other did."""
    ann, bob = a_user(stores), a_user(stores, "bob")
    stores.users.insert(ann)
    stores.users.insert(bob)
    stores.users.change(ann.id, {"disabled": True})
    stores.users.change(ann.id, {"name": "Ann", "role": Role.OPERATOR})
    stores.users.change(ann.id, {})
    assert stores.users.find(ann.id) == replace(ann, disabled=True, name="Ann", role=Role.OPERATOR)
    assert stores.users.find(bob.id) == bob


def test_a_hash_that_is_no_longer_known_is_not_replaced(stores: Stores) -> None:
    ann = a_user(stores)
    stores.users.insert(ann)
    stores.users.set_password_hash(ann.id, "of a changed password")
    stores.users.set_password_hash(ann.id, "a stronger one of the former", known=ann.password_hash)
    assert stores.users.find(ann.id) == replace(ann, password_hash="of a changed password")
    stores.users.set_password_hash(ann.id, "a stronger one", known="of a changed password")
    assert stores.users.find(ann.id) == replace(ann, password_hash="a stronger one")


def test_people_are_listed_newest_first_each_tenants_own_and_filtered(stores: Stores) -> None:
    for minutes, name in enumerate(("ann", "bob", "carl")):
        stores.users.insert(replace(a_user(stores, name, stores.id), created_at=at(minutes)))
    stores.users.insert(a_user(stores, "foreign", f"{stores.unique}-other"))
    first = stores.users.list_page(stores.id, PageRequest(2))
    assert [user.email[:3] for user in first.items] == ["car", "bob"]
    rest = stores.users.list_page(stores.id, PageRequest(2, first.next_cursor))
    assert ([user.email[:3] for user in rest.items], rest.next_cursor) == (["ann"], None)
    stores.users.change(first.items[0].id, {"disabled": True})
    enabled = stores.users.list_page(stores.id, PageRequest(filters={"role": "viewer", "disabled": False}))
    assert [user.email[:3] for user in enabled.items] == ["bob", "ann"]


def test_who_was_removed_is_gone(stores: Stores) -> None:
    ann, bob = a_user(stores), a_user(stores, "bob")
    stores.users.insert(ann)
    stores.users.insert(bob)
    stores.users.remove(ann.id)
    stores.users.change(ann.id, {"disabled": True})
    assert stores.users.find(ann.id) is None
    assert stores.users.find(bob.id) == bob


def test_a_password_is_replaced_for_one_user(stores: Stores) -> None:
    ann, bob = a_user(stores, "ann"), a_user(stores, "bob")
    for user in (ann, bob):
        stores.users.insert(user)
    stores.users.set_password_hash(ann.id, "$argon2id$other")
    changed = stores.users.find(ann.id)
    assert changed is not None
    assert changed.password_hash == "$argon2id$other"
    assert stores.users.find(bob.id) == bob


def test_all_people_of_a_tenant_go_and_no_others(stores: Stores) -> None:
    mine, theirs = f"t{stores.unique}", f"u{stores.unique}"
    gone = [a_user(stores, name, mine) for name in ("ann", "bob")]
    stays = [a_user(stores, "carl", theirs), a_user(stores, "dora", None, Role.PLATFORM_ADMIN)]
    for user in (*gone, *stays):
        stores.users.insert(user)
    stores.users.remove_all(mine)
    stores.users.remove_all(mine)
    assert [stores.users.find(user.id) for user in gone] == [None, None]
    assert [stores.users.find(user.id) for user in stays] == stays


class OlderInstallation(Databases):
    """With a platform's database of its own, as a former version left it."""

    name = f"former_{uuid.uuid4().hex[:8]}"

    @property
    def platform(self) -> Database[Document]:
        return self.client.get_database(self.name)


@pytest.mark.integration
def test_where_an_email_was_taken_for_all_tenants_it_no_longer_is(real: Stores) -> None:
    """An installation of a former version is prepared, more than once."""
    assert isinstance(real.users, MongoUsers)
    older = OlderInstallation(real.users._databases.client)
    users, ann = MongoUsers(older), a_user(real)
    try:
        older.platform["users"].create_index("email", unique=True, name="email")
        users.insert(ann)
        with pytest.raises(Conflict):
            users.insert(replace(ann, id="user-2", tenant_id="beta"))
        for _ in range(2):
            create_platform_indexes(older)
        users.insert(replace(ann, id="user-2", tenant_id="beta"))
        with pytest.raises(Conflict):
            users.insert(replace(ann, id="user-3"))
    finally:
        older.client.drop_database(older.name)
