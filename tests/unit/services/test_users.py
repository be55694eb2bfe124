"""Users: who they are, proven by password."""

from contextlib import nullcontext
from typing import Any
from unittest import mock

import pytest
from argon2 import PasswordHasher

from app.domain.errors import Conflict, InvalidInput, NotAuthenticated
from app.domain.user import Role
from app.services.users import UserService
from tests.fakes.world import QUICK_HASHER, World

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


def test_a_hash_of_former_strength_is_replaced_when_its_password_is_shown(world: World) -> None:
    user = create(world)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, hash_len=8).hash(PASSWORD)
    world.users.set_password_hash(user.id, weak)
    proven = world.services.users.authenticate(user.email, PASSWORD)
    kept = world.users.find(user.id)
    assert kept is not None
    assert kept.password_hash == proven.password_hash != weak
    assert world.services.users.open_session(proven).user_id == user.id


def test_a_password_that_is_changed_meanwhile_is_not_undone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody logs in with the former one while it is being changed: it must not be stored once more."""
    user = create(world)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, hash_len=8).hash(PASSWORD)
    world.users.set_password_hash(user.id, weak)
    store = world.users.set_password_hash

    def overtaken(user_id: str, password_hash: str, *, known: str | None = None) -> None:
        store(user_id, "the new one")
        store(user_id, password_hash, known=known)

    monkeypatch.setattr(world.users, "set_password_hash", overtaken)
    proven = world.services.users.authenticate(user.email, PASSWORD)
    kept = world.users.find(user.id)
    assert kept is not None
    assert kept.password_hash == "the new one"
    with pytest.raises(NotAuthenticated):
        world.services.users.open_session(proven)
    assert world.services.tokens.of_user(user.id) == []


@pytest.mark.parametrize("locked", [False, True])
def test_a_lock_costs_a_hash_too(world: World, locked: bool) -> None:
    """Nor does time tell who is locked."""
    user, users = create(world), world.services.users
    for _ in range(5 if locked else 4):
        with pytest.raises(NotAuthenticated):
            users.authenticate(user.email, "wrong horse!", address="192.0.2.1")
    with mock.patch.object(UserService, "_fits", return_value=True) as fits:
        refused = pytest.raises(NotAuthenticated) if locked else nullcontext()
        with refused:
            users.authenticate(user.email, PASSWORD, address="192.0.2.1")
    assert fits.call_count == 1


def test_the_platforms_own_come_first_where_no_tenant_is_named(world: World) -> None:
    root = create(world, role=Role.PLATFORM_ADMIN, tenant_id=None)
    acme = create(world)
    users = world.services.users
    assert users.find_by_email(root.email) == root
    assert users.find_by_email(root.email, "acme") == acme
    assert users.find_by_email(root.email, "beta") is None


def test_then_whoever_has_had_the_email_for_longest(world: World) -> None:
    """Nobody takes a login away from others by entering their emails."""
    users, first = world.services.users, create(world, "bob@example.com", tenant_id="beta")
    world.clock.advance(1)
    second = create(world, "bob@example.com")
    assert users.find_by_email("bob@example.com") == first
    assert users.find_by_email("bob@example.com", "acme") == second
    assert len(users.with_email("BOB@example.com")) == 2


def test_where_a_tenant_must_be_named_nothing_shows_that_others_have_the_email(world: World) -> None:
    """An admin may enter any email in the own tenant, and try it."""
    users = UserService(
        world.users,
        world.services.tokens,
        world.services.lockout,
        world.clock,
        QUICK_HASHER,
        login_needs_tenant=True,
    )
    root, only = create(world, "root@x.example", role=Role.PLATFORM_ADMIN, tenant_id=None), create(world)
    assert users.authenticate(root.email, PASSWORD) == root
    assert users.authenticate(only.email, PASSWORD, "acme") == only
    with pytest.raises(NotAuthenticated):
        users.authenticate(only.email, PASSWORD)


def test_of_many_guesses_at_the_same_moment_no_more_count_than_one_after_the_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them came in before the first was known to be wrong: the lock is looked at last."""
    user, users = create(world), world.services.users
    fits = UserService._fits

    def others_fail_meanwhile(service: UserService, password_hash: str, password: str) -> bool:
        for _ in range(5):
            world.services.lockout.note_failure(f"acme\n{user.email}", "192.0.2.1")
        return fits(service, password_hash, password)

    monkeypatch.setattr(UserService, "_fits", others_fail_meanwhile)
    with pytest.raises(NotAuthenticated):
        users.authenticate(user.email, PASSWORD, address="192.0.2.1")


@pytest.mark.parametrize("name", ["Ann\x00", "x" * 101, "a\nb", "\ud800"])
def test_a_name_is_something_to_read(world: World, name: str) -> None:
    user = create(world)
    for attempt in (
        lambda: create(world, "bob@example.com", name=name),
        lambda: world.services.users.change("acme", user.id, {"name": name}),
    ):
        with pytest.raises(InvalidInput) as refused:
            attempt()
        assert set(refused.value.problems) == {"name"}
