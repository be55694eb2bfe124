"""MQTT accounts on the command line."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.world import World
from tests.unit.cli.running import Run


@pytest.fixture(autouse=True)
def _tenants(world: World) -> None:
    for tenant_id in ("acme", "beta"):
        world.services.tenants.create(tenant_id, tenant_id.title())


def told(run: Run, *arguments: str) -> Any:
    outcome = run("mqtt", *arguments, "--json")
    assert outcome.status == 0, outcome.err
    return json.loads(outcome.out.splitlines()[-1])  # after the log


def test_an_account_comes_changes_and_goes(run: Run, world: World) -> None:
    made = told(run, "create", "acme", "billing", "--role", "integrator")
    assert (made["username"], made["role"]) == ("acme.billing", "integrator")
    assert world.mqtt_broker.passwords == {"acme.billing": made["password"]}
    listed = told(run, "list", "acme")
    assert [row["id"] for row in listed] == [made["id"]]
    assert "password" not in str(listed)
    changed = told(run, "rotate", "acme", made["id"])
    assert changed["password"] != made["password"]
    assert world.mqtt_broker.passwords == {"acme.billing": changed["password"]}
    assert run("mqtt", "remove", "acme", made["id"]).status == 0
    assert world.mqtt_broker.passwords == {}
    assert told(run, "list", "acme") == []
    assert made["password"] not in repr(world.audit.entries)


def test_another_tenants_account_does_not_exist(run: Run, world: World) -> None:
    made = told(run, "create", "acme", "billing")
    for command in ("rotate", "remove"):
        assert run("mqtt", command, "beta", made["id"]).status == 1
    assert world.mqtt_broker.passwords == {"acme.billing": made["password"]}
    assert run("mqtt", "create", "nobody", "billing").status == 1
    assert run("mqtt", "list", "nobody").status == 1


def test_while_the_broker_is_away_nothing_is_made(run: Run, world: World) -> None:
    world.mqtt_broker.is_away = True
    assert run("mqtt", "create", "acme", "billing").status == 1
    world.mqtt_broker.is_away = False
    assert told(run, "list", "acme") == []


def test_sync_names_what_was_lost(run: Run, world: World) -> None:
    told(run, "create", "acme", "billing")
    world.mqtt_broker.passwords = {"beta.stranger": "x"}
    assert told(run, "sync") == {
        "accounts": 1,
        "strangers_removed": ["beta.stranger"],
        "repaired": [],
        "missing": ["acme.billing"],
    }
    assert world.mqtt_broker.passwords == {}


def test_a_tenant_is_onboarded_although_the_broker_is_away(run: Run, world: World) -> None:
    """Its other secrets are made by then, and shown this once."""
    world.mqtt_broker.is_away = True
    outcome = run(
        "tenants", "onboard", "new", "--name", "New", "--prefix", "NEW-", "--admin-email", "a@new.example",
        "--json",
    )  # fmt: skip
    assert outcome.status == 0, outcome.err
    made = json.loads(outcome.out.splitlines()[-1])
    assert "mqtt create new integration" in made["mqtt_user"]
    assert world.services.users.authenticate("a@new.example", made["password"]).tenant_id == "new"
    assert world.services.api_keys.authenticate(made["api_key"]).tenant_id == "new"


def test_a_new_brokers_file_is_for_its_owner_and_takes_no_others_place(
    run: Run, world: World, tmp_path: Path
) -> None:
    told(run, "create", "acme", "billing")
    path = tmp_path / "dynamic-security.json"
    assert run("mqtt", "init", str(path)).status == 0
    assert path.read_text() == "acme.billing"
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("mine")
    again = run("mqtt", "init", str(path))
    assert again.status == 1
    assert "File exists" in again.err
    assert path.read_text() == "mine"
    assert run("mqtt", "init").out.strip() == "acme.billing"
