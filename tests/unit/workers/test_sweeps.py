"""The sweeps: for every tenant, and one that fails does not stop the others."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery

from app.domain.command import CommandRequest, CommandStatus
from app.domain.context import ChargePointRef
from app.domain.errors import Retryable
from app.domain.reservation import ReservationStatus
from app.domain.session import SessionStatus
from app.messaging import tasks
from app.process import Process
from tests.builders import a_call, a_reservation, a_session, at
from tests.fakes.authority import a_csr
from tests.fakes.leases import FakeLeases
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


def test_sessions_that_cannot_be_alive_end_in_every_tenant(world: World, run: Any) -> None:
    for ref in (ACME, BETA):
        world.sessions.insert(a_session(1, ref), [], 1)
    world.clock.advance(90_000)
    run(tasks.RECONCILE_SESSIONS)
    for ref in (ACME, BETA):
        ended = world.services.sessions.get(ref.tenant_id, "session-1")
        assert (ended.status, ended.fault_reason) == (SessionStatus.FAULTED, "silence")
    assert world.link.woken == ["acme", "beta"]


def test_requested_certificates_are_signed_and_sent_by_one_process_at_a_time(
    world: World, run: Any, leases: FakeLeases
) -> None:
    """E22."""
    connect(world)
    tenant = world.services.tenants.get("acme")
    assert world.services.signing.request(tenant, a_call(ACME), a_csr())
    leases.hold("signing", "another process", world.clock.now(), 60)
    run(tasks.SIGN_CERTIFICATES)
    assert [one.state for one in world.services.keepers.certificates.own(ACME)] == ["requested"]
    leases.release("signing", "another process")
    run(tasks.SIGN_CERTIFICATES)
    assert [one.state for one in world.services.keepers.certificates.own(ACME)] == ["sent"]
    assert leases.hold("signing", "another process", world.clock.now(), 60)


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


def test_jobs_that_nobody_hears_of_are_given_up_in_every_tenant(world: World, run: Any) -> None:
    begun = [
        world.services.commands.submit(
            world.services.tenants.get(ref.tenant_id), CommandRequest(ref, command_type, parameters, "tests")
        )
        for ref, command_type, parameters in (
            (ACME, "GetDiagnostics", {}),
            (BETA, "UpdateFirmware", {"location": "https://example.com/fw.bin"}),
        )
    ]
    world.clock.advance(86_400)
    run(tasks.SWEEP_JOBS)
    keepers = world.services.keepers
    assert keepers.diagnostics.get("acme", begun[0].id).status == "stalled"
    assert keepers.firmware.get("beta", begun[1].id).status == "stalled"


def test_reservations_expire_in_every_tenant(world: World, run: Any) -> None:
    """C28."""
    for ref in (ACME, BETA):
        made = a_reservation(ref=ref, expires_at=at(60))
        world.services.keepers.reservations.note_answered(made, ReservationStatus.ACCEPTED)
    run(tasks.EXPIRE_RESERVATIONS)
    world.clock.advance(60)
    run(tasks.EXPIRE_RESERVATIONS)
    for ref in (ACME, BETA):
        kept = world.services.keepers.reservations.get(ref.tenant_id, "r-1")
        assert (kept.status, kept.changed_at) == (ReservationStatus.EXPIRED, at(60))
