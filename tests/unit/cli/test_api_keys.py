"""API keys on the command line."""

import json

import pytest

from app.domain.errors import NotAuthenticated
from app.domain.permissions import Permission
from app.domain.times import format_time
from tests.builders import at
from tests.fakes.world import World
from tests.unit.cli.running import Run


@pytest.fixture(autouse=True)
def _tenant(world: World) -> None:
    world.services.tenants.create("acme", "Acme")


def create(run: Run, *arguments: str) -> dict[str, object]:
    made: dict[str, object] = json.loads(run("api-keys", "create", *arguments, "--json").out.splitlines()[-1])
    return made


def test_a_key_is_shown_once_and_works_until_it_is_revoked(run: Run, world: World) -> None:
    made = create(run, "billing", "--tenant", "acme", "--role", "viewer", "--days", "1")
    text = str(made["api_key"])
    assert made["expires_at"] == format_time(at(86_400))
    key = world.services.api_keys.authenticate(text)
    assert (key.tenant_id, key.role, key.scopes, key.created_by) == ("acme", "viewer", None, "cli")
    listed = run("api-keys", "list", "--tenant", "acme", "--json").out
    assert [row["id"] for row in json.loads(listed)] == [key.id]
    assert text not in listed
    assert key.secret_hash not in listed
    assert run("api-keys", "revoke", key.id).status == 1
    assert run("api-keys", "revoke", key.id, "--tenant", "acme").status == 0
    with pytest.raises(NotAuthenticated):
        world.services.api_keys.authenticate(text)


def test_scopes_and_the_platforms_own(run: Run, world: World) -> None:
    made = create(run, "ops", "--role", "platform_admin", "--scope", "tenants.read", "--scope", "audit.read")
    assert made["scopes"] == ["audit.read", "tenants.read"]
    assert world.services.api_keys.authenticate(str(made["api_key"])).scopes == frozenset(
        {Permission.AUDIT_READ, Permission.TENANTS_READ}
    )
    assert json.loads(run("api-keys", "list", "--tenant", "acme", "--json").out) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--tenant", "nobody", "--role", "viewer"), "no tenant"),
        (("--tenant", "acme", "--role", "platform_admin"), "role"),
        (("--role", "viewer"), "role"),
        (("--tenant", "acme", "--role", "viewer", "--scope", "users.manage"), "scopes"),
    ],
)
def test_what_is_no_good_key_is_refused(run: Run, arguments: tuple[str, ...], told: str) -> None:
    refused = run("api-keys", "create", "x", *arguments)
    assert refused.status == 1
    assert told in refused.err


@pytest.mark.parametrize("days", ["0", "-1", "1827"])
def test_a_life_that_is_none(run: Run, days: str) -> None:
    assert run("api-keys", "create", "x", "--tenant", "acme", "--role", "viewer", "--days", days).status == 2


def test_it_is_on_record_without_the_secret(run: Run, world: World) -> None:
    made = create(run, "billing", "--tenant", "acme", "--role", "viewer")
    run("api-keys", "revoke", str(made["id"]), "--tenant", "acme")
    created, revoked = sorted(world.audit.of("acme"), key=lambda entry: entry.action)
    assert (created.action, revoked.action) == ("cli.api-keys.create", "cli.api-keys.revoke")
    assert revoked.target["key_id"] == made["id"]
    assert str(made["api_key"]) not in repr(world.audit.entries)
