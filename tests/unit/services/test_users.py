"""Users: who they are, proven by password."""

from typing import Any

import pytest

from app.domain.errors import Conflict, InvalidInput, NotAuthenticated
from app.domain.user import Role
from tests.fakes.world import World

PASSWORD = "correct horse"


def create(world: World, email: str = "Ann@Example.com", **fields: Any) -> Any:
    known: dict[str, Any] = {"password": PASSWORD, "role": Role.VIEWER, "tenant_id": "acme"}
    return world.services.users.create(email, **(known | fields))


def test_the_right_password_proves_who_it_is(world: World) -> None:
    user = create(world)
    assert world.services.users.authenticate("ann@example.COM", PASSWORD) == user
    assert world.services.users.find(user.id) == user


def test_wrong_password_and_unknown_email_are_refused_in_the_same_words(world: World) -> None:
    """Nobody learns from the answer which emails exist."""
    create(world)
    refusals = []
    for email, password in (("ann@example.com", "wrong horse!"), ("bob@example.com", PASSWORD), ("", "")):
        with pytest.raises(NotAuthenticated) as refused:
            world.services.users.authenticate(email, password)
        refusals.append((refused.value.message, refused.value.context))
    assert len({str(refusal) for refusal in refusals}) == 1


def test_an_unknown_email_costs_a_hash_as_well(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor from the time it takes."""
    hasher = world.services.users._hasher
    checked: list[str] = []
    real = hasher.verify

    class Watching:
        def verify(self, known: str, password: str) -> bool:
            checked.append(known)
            return real(known, password)

    monkeypatch.setattr(world.services.users, "_hasher", Watching())
    with pytest.raises(NotAuthenticated):
        world.services.users.authenticate("nobody@example.com", PASSWORD)
    assert len(checked) == 1


def test_a_hash_that_is_damaged_lets_nobody_in(world: World) -> None:
    user = create(world)
    world.users.set_password_hash(user.id, "not a hash")
    with pytest.raises(NotAuthenticated):
        world.services.users.authenticate(user.email, PASSWORD)


def test_the_password_is_kept_as_a_hash_only(world: World) -> None:
    user = create(world)
    assert PASSWORD not in repr(user)
    assert user.password_hash.startswith("$argon2id$")


def test_an_email_belongs_to_one_user_in_any_case_of_letters(world: World) -> None:
    create(world)
    with pytest.raises(Conflict):
        create(world, "ANN@example.com")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"password": "short pas"}, {"password"}),
        ({"email": "ann"}, {"email"}),
        ({"email": "a@" + "b" * 253}, {"email"}),
        ({"tenant_id": None}, {"tenant_id"}),
        ({"role": Role.PLATFORM_ADMIN}, {"tenant_id"}),
        ({"email": "", "password": "", "tenant_id": None}, {"email", "password", "tenant_id"}),
    ],
)
def test_every_wrong_field_is_named(world: World, fields: dict[str, Any], named: set[str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        create(world, **fields)
    assert set(refused.value.problems) == named


def test_a_platform_admin_belongs_to_no_tenant(world: World) -> None:
    assert create(world, role=Role.PLATFORM_ADMIN, tenant_id=None).tenant_id is None


def test_a_changed_password_replaces_the_old_one(world: World) -> None:
    user = create(world)
    world.services.users.set_password(user, "another horse")
    assert world.services.users.authenticate(user.email, "another horse").id == user.id
    with pytest.raises(NotAuthenticated):
        world.services.users.authenticate(user.email, PASSWORD)
    with pytest.raises(InvalidInput):
        world.services.users.set_password(user, "short")
