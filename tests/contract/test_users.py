"""Contract of `UserRepository`."""

import pytest

from app.domain.errors import Conflict
from app.domain.user import Role, User
from tests.builders import NOON
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
    assert stores.users.find_by_email(user.email) == user


def test_who_is_not_there_is_not_found(stores: Stores) -> None:
    assert stores.users.find("user-nobody") is None
    assert stores.users.find_by_email(f"nobody@{stores.unique}.example") is None
    stores.users.set_password_hash("user-nobody", "x")
    assert stores.users.find("user-nobody") is None


def test_an_email_is_taken_once(stores: Stores) -> None:
    first = a_user(stores)
    stores.users.insert(first)
    with pytest.raises(Conflict):
        stores.users.insert(User("user-other", first.email, "beta", Role.VIEWER, "x", NOON))
    assert stores.users.find_by_email(first.email) == first
    assert stores.users.find("user-other") is None


def test_a_password_is_replaced_for_one_user(stores: Stores) -> None:
    ann, bob = a_user(stores, "ann"), a_user(stores, "bob")
    for user in (ann, bob):
        stores.users.insert(user)
    stores.users.set_password_hash(ann.id, "$argon2id$other")
    changed = stores.users.find(ann.id)
    assert changed is not None
    assert changed.password_hash == "$argon2id$other"
    assert stores.users.find(bob.id) == bob
