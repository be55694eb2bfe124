"""What the command line changes is on record."""

import json

import pytest

from app.cli.audit import UNRECORDED, _leaves
from app.cli.root import cli
from app.domain.audit import ActorKind, AuditResult
from tests.fakes.world import World
from tests.unit.cli.running import Run


def test_a_tenant_that_is_made_is_on_its_own_record_and_the_platforms(run: Run, world: World) -> None:
    assert run("tenants", "create", "acme", "--name", "Acme").status == 0
    (own,), (platform,) = world.audit.of("acme"), world.audit.of(None)
    assert own.action == platform.action == "cli.tenants.create"
    assert (own.actor_kind, own.result) == (ActorKind.CLI, AuditResult.DONE)
    assert "@" in own.actor_name
    assert own.target["tenant_id"] == "acme"


def test_a_configuration_is_recorded_before_and_after_without_its_keys(run: Run, world: World) -> None:
    world.services.tenants.create("acme", "Acme")
    key = "0123456789abcdef0123456789abcdef"
    secret = json.dumps({"AuthorizationKey": key})
    run("tenants", "configure", "acme", "heartbeat_interval=120")
    run("tenants", "configure", "acme", f"boot_configuration={secret}")
    first = world.audit.of("acme")[0]
    assert (first.before, first.after) == ({"heartbeat_interval": 300}, {"heartbeat_interval": 120})
    assert key not in repr(world.audit.entries)


def test_what_fails_is_on_record(run: Run, world: World) -> None:
    world.services.tenants.create("acme", "Acme")
    assert run("tenants", "configure", "acme", "heartbeat_interval=no").status == 1
    (entry,) = world.audit.of("acme")
    assert (entry.result, entry.code) == (AuditResult.REFUSED, "invalid_input")


def test_a_user_is_recorded_without_the_password(
    run: Run, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.services.tenants.create("acme", "Acme")
    monkeypatch.setattr("app.cli.users.read_password", lambda **_: "a password of the tests 1")
    run("users", "create", "--email", "op@acme.example", "--role", "operator", "--tenant", "acme")
    (entry,) = world.audit.of("acme")
    assert entry.target == {"tenant_id": "acme", "email": "op@acme.example"}
    assert "a password" not in repr(entry)


def test_looking_is_not_on_record(run: Run, world: World) -> None:
    world.services.tenants.create("acme", "Acme")
    run("tenants", "list")
    run("tenants", "show", "acme")
    assert world.audit.entries == []


def test_only_what_exists_is_left_out() -> None:
    """A new command is recorded unless somebody says that it changes nothing."""
    assert {path for path, _ in _leaves(cli, "")} >= UNRECORDED
