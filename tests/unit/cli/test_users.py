"""People on the command line: whoever locked themselves out is let in again."""

import io
import json

import pytest

from app.domain.errors import NotAuthenticated
from app.domain.user import Role
from tests.fakes.world import World
from tests.unit.cli.running import Run

PASSWORD = "correct horse battery"
ANN = "ann@example.com"


@pytest.fixture(autouse=True)
def _people(world: World) -> None:
    for tenant_id in ("acme", "beta"):
        world.services.tenants.create(tenant_id, tenant_id.title())
    for role, tenant_id in ((Role.OPERATOR, "acme"), (Role.TENANT_ADMIN, "acme"), (Role.VIEWER, "beta")):
        world.services.users.create(f"{role.value}@example.com", PASSWORD, role, tenant_id)
    world.services.users.create(ANN, PASSWORD, Role.OPERATOR, "acme")


def test_people_are_listed_each_tenants_own(run: Run, world: World) -> None:
    world.services.users.create("root@example.com", PASSWORD, Role.PLATFORM_ADMIN, None)
    listed = json.loads(run("users", "list", "--tenant", "acme", "--json").out)
    assert {row["email"] for row in listed} == {"operator@example.com", "tenant_admin@example.com", ANN}
    assert {row["disabled"] for row in listed} == {False}
    assert "argon2" not in str(listed)
    assert [row["email"] for row in json.loads(run("users", "list", "--json").out)] == ["root@example.com"]
    assert run("users", "list", "--tenant", "nobody").status == 1
    assert world.audit.entries == []


def test_who_is_disabled_stays_outside_until_they_are_enabled(run: Run, world: World) -> None:
    session = world.services.tokens.open(world.services.users.authenticate(ANN, PASSWORD))
    assert run("users", "disable", ANN.upper()).status == 0
    assert world.services.tokens.of_user(session.user_id) == []
    with pytest.raises(NotAuthenticated):
        world.services.users.authenticate(ANN, PASSWORD)
    assert run("users", "enable", ANN).status == 0
    assert world.services.users.authenticate(ANN, PASSWORD).email == ANN


def test_the_last_administrator_is_not_disabled(run: Run) -> None:
    refused = run("users", "disable", "tenant_admin@example.com")
    assert (refused.status, "last administrator" in refused.err) == (1, True)


def test_who_is_locked_is_unlocked_wherever_they_sit(run: Run, world: World) -> None:
    users = world.services.users
    for _ in range(5):
        with pytest.raises(NotAuthenticated):
            users.authenticate(ANN, "wrong horse", address="192.0.2.1")
    with pytest.raises(NotAuthenticated):
        users.authenticate(ANN, PASSWORD, address="192.0.2.1")
    assert run("users", "unlock", ANN).status == 0
    assert users.authenticate(ANN, PASSWORD, address="192.0.2.1").email == ANN


@pytest.mark.parametrize("command", ["set-password", "disable", "enable", "unlock"])
def test_nobody_is_guessed_where_several_have_the_same_email(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    world.services.users.create(ANN, PASSWORD, Role.VIEWER, "beta")
    more = ("--password-stdin",) if command == "set-password" else ()
    refused = run("users", command, ANN, *more)
    assert refused.status == 1
    assert "acme, beta" in refused.err
    monkeypatch.setattr("sys.stdin", io.StringIO("another good one\n"))
    assert run("users", command, ANN, "--tenant", "beta", *more).status == 0
    assert run("users", command, ANN, "--tenant", "", *more).status == 1
    own = world.services.users.find_by_email(ANN, "acme")
    assert own is not None
    assert not own.disabled
    assert world.services.users.authenticate(ANN, PASSWORD, "acme").id == own.id


def test_it_is_on_record_without_the_password(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("another good one\n"))
    run("users", "set-password", ANN, "--tenant", "acme", "--password-stdin")
    (entry,) = world.audit.of("acme")
    assert (entry.action, entry.target["email"]) == ("cli.users.set-password", ANN)
    assert "another good" not in repr(world.audit.entries)
