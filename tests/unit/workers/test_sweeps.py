"""The sweeps: for every tenant, and one that fails does not stop the others."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery

from app.domain.command import CommandRequest, CommandStatus
from app.domain.context import ChargePointRef
from app.domain.errors import Retryable
from app.messaging import tasks
from app.process import Process
from tests.builders import at
from tests.fakes.world import World
from workers import sweeps

ACME, BETA = ChargePointRef("acme", "CP-1"), ChargePointRef("beta", "CP-1")


@pytest.fixture
def run(celery: Celery, process: Process) -> Any:
    """`run(name)` as a worker would."""
    sweeps.register(celery, lambda: process)
    return lambda name: celery.tasks[name]()


def connect(world: World) -> None:
    world.link.gateways.add("gw-1")
    for ref in (ACME, BETA):
        world.services.charge_points.open_connection(ref, "gw-1", f"c-{ref.tenant_id}")


def is_live(world: World, ref: ChargePointRef) -> bool:
    return world.services.charge_points.get(ref).is_live


def test_silence_is_found_in_every_tenant(world: World, run: Any) -> None:
    connect(world)
    world.clock.advance(5000)
    run(tasks.SWEEP_LIVENESS)
    assert not is_live(world, ACME)
    assert not is_live(world, BETA)


def test_a_dead_gateway_is_forgotten_after_all_tenants_were_swept(world: World, run: Any) -> None:
    connect(world)
    world.link.dead.add("gw-1")
    run(tasks.SWEEP_LIVENESS)
    assert world.services.charge_points.get(BETA).connection is None
    assert world.link.dead == set()


def test_while_one_tenant_fails_the_others_are_swept_and_the_gateway_is_not_forgotten(
    world: World, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(world)
    world.link.dead.add("gw-1")
    connected = world.charge_points.connected

    def fail_for_acme(tenant_id: str, gateway_id: str | None = None) -> Any:
        if tenant_id == "acme":
            raise Retryable("MongoDB: no primary")
        return connected(tenant_id, gateway_id)

    monkeypatch.setattr(world.charge_points, "connected", fail_for_acme)
    run(tasks.SWEEP_LIVENESS)
    assert is_live(world, ACME)
    assert not is_live(world, BETA)
    assert world.link.dead == {"gw-1"}


def test_overdue_commands_end_in_every_tenant(world: World, run: Any) -> None:
    commands = [
        world.services.commands.submit(
            world.services.tenants.get(ref.tenant_id), CommandRequest(ref, "reset", {"type": "Soft"}, "tests")
        )
        for ref in (ACME, BETA)
    ]
    world.clock.advance(61)
    run(tasks.SWEEP_COMMANDS)
    for command in commands:
        ended = world.services.commands.get(command.tenant_id, command.id)
        assert ended.status is CommandStatus.EXPIRED


def test_last_seen_times_of_the_last_minutes_are_copied(world: World, run: Any) -> None:
    connect(world)
    world.clock.advance(300)
    world.services.charge_points.hear("acme", {"CP-1": at(290)})
    run(tasks.RECONCILE_PRESENCE)
    assert world.services.charge_points.get(ACME).last_seen == at(290)


def test_the_message_log_is_pruned_by_each_tenants_own_age(
    world: World, run: Any, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.services.tenants.configure("beta", {"message_log_days": 7})
    world.services.tenants.directory.refresh()
    pruned: dict[str, datetime] = {}

    def prune(tenant_id: str, before: datetime) -> int:
        pruned[tenant_id] = before
        return 0

    monkeypatch.setattr(process.adapters, "messages", SimpleNamespace(prune=prune))
    run(tasks.PRUNE_MESSAGES)
    assert pruned == {"acme": at(0) - timedelta(days=90), "beta": at(0) - timedelta(days=7)}
