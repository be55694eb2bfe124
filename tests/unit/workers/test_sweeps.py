"""The sweeps: for every tenant, and one that fails does not stop the others."""

from dataclasses import replace
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
from app.domain.user import Role
from app.messaging import tasks
from app.process import Process
from tests.builders import a_call, a_dead_letter, a_reservation, a_session, at
from tests.fakes.authority import a_csr
from tests.fakes.leases import FakeLeases
from tests.fakes.world import World
from workers import sweeps
from workers.turns import TENANTS_PER_S

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
    connected = world.charge_points.connections

    def fail_for_acme(tenant_id: str, gateway_id: str | None = None) -> Any:
        if tenant_id == "acme":
            raise Retryable("MongoDB: no primary")
        return connected(tenant_id, gateway_id)

    monkeypatch.setattr(world.charge_points, "connections", fail_for_acme)
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


def test_a_sweep_that_breaks_in_one_tenant_goes_on_in_the_next(
    run: Any, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept: list[str] = []

    def prune(tenant_id: str, _: datetime) -> int:
        swept.append(tenant_id)
        if tenant_id == "acme":
            raise KeyError("status")
        return 0

    monkeypatch.setattr(process.adapters, "messages", SimpleNamespace(prune=prune))
    run(tasks.PRUNE_MESSAGES)
    assert swept == ["acme", "beta"]


def test_dead_letters_are_forgotten_with_the_messages_of_their_time(
    world: World, run: Any, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.services.tenants.configure("acme", {"message_log_days": 7})
    world.services.tenants.directory.refresh()
    monkeypatch.setattr(process.adapters, "messages", SimpleNamespace(prune=lambda *_: 0))
    old, new = (
        a_dead_letter(name, last_at=at(0) - timedelta(days=days)) for name, days in (("old", 8), ("new", 6))
    )
    for tenant_id in ("acme", "beta"):
        world.dead_letters.park(tenant_id, [replace(one, tenant_id=tenant_id) for one in (old, new)])
    run(tasks.PRUNE_MESSAGES)
    assert [letter.id for letter in world.dead_letters.all("acme")] == ["new"]
    assert {letter.id for letter in world.dead_letters.all("beta")} == {"old", "new"}


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


def test_sessions_are_kept_as_long_as_each_tenant_wants(world: World, run: Any) -> None:
    world.services.tenants.configure("acme", {"session_days": 1})
    world.services.tenants.directory.refresh()
    for ref in (ACME, BETA):
        ended = {"status": SessionStatus.COMPLETED, "stop_time": at(60)}
        world.sessions.insert(a_session(1, ref, **ended), [], 1)
        world.sessions.insert(a_session(2, ref, start_key="running"), [], 2)
    world.clock.advance(86_000)
    run(tasks.PRUNE_SESSIONS)
    assert len(world.sessions.all("acme")) == 2
    world.clock.advance(1_000)
    run(tasks.PRUNE_SESSIONS)
    assert [session.transaction_id for session in world.sessions.all("acme")] == [2]
    assert len(world.sessions.all("beta")) == 2


def test_tenants_whose_day_has_come_go(world: World, run: Any) -> None:
    world.services.tenant_lifecycle.delete("acme", 1)
    world.services.tenants.directory.refresh()
    run(tasks.REMOVE_TENANTS)
    assert world.services.tenants.get("acme").delete_at is not None
    world.clock.advance(86_400 + 60)
    run(tasks.REMOVE_TENANTS)
    assert [tenant.id for tenant in world.tenants.all()] == ["beta"]


def test_the_audit_log_is_kept_as_long_as_each_has_it(world: World, run: Any) -> None:
    """And that something went is on record itself."""
    world.services.tenants.configure("beta", {"audit_log_days": 7})
    world.services.tenants.directory.refresh()
    for tenant_id in ("acme", "beta", None):
        world.services.audit.record_of_system("tests", tenant_id, {})
    world.clock.advance(8 * 86_400)
    run(tasks.PRUNE_AUDIT)
    assert [entry.action for entry in world.audit.of("acme")] == ["tests"]
    (told,) = world.audit.of("beta")
    assert (told.action, told.actor_kind) == ("sweeps.audit_log", "system")
    assert told.target == {"tenant_id": "beta", "deleted": "1"}
    assert [entry.action for entry in world.audit.of(None)] == ["tests"]
    world.clock.advance(358 * 86_400)
    run(tasks.PRUNE_AUDIT)
    assert world.audit.of(None) == []


def test_what_a_sweep_deletes_is_on_record(
    world: World, run: Any, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process.adapters, "messages", SimpleNamespace(prune=lambda tenant_id, before: 3))
    run(tasks.PRUNE_MESSAGES)
    for tenant_id in ("acme", "beta"):
        (entry,) = world.audit.of(tenant_id)
        assert (entry.action, entry.target["deleted"]) == ("sweeps.messages", "3")


def test_logins_that_are_over_are_forgotten(world: World, run: Any) -> None:
    services = world.services
    user = services.users.create("ann@acme.example", "correct horse", Role.VIEWER, "acme")
    over, live = services.tokens.open(user), services.tokens.open(user)
    services.tokens.end(user.id, over.id)
    services.lockout.note_failure("acme\nann@acme.example", "192.0.2.1")
    world.clock.advance(86_401)
    run(tasks.PRUNE_LOGINS)
    assert list(world.login_sessions.sessions) == [live.id]
    assert services.lockout.prune() == 0


def test_logins_are_forgotten_another_time_while_the_store_is_down(
    world: World, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: datetime) -> int:
        raise Retryable("MongoDB: no primary")

    monkeypatch.setattr(world.login_sessions, "prune", fail)
    run(tasks.PRUNE_LOGINS)


def test_the_brokers_accounts_are_brought_in_line(world: World, run: Any) -> None:
    world.mqtt_broker.passwords = {"acme.stranger": "x"}
    run(tasks.SYNC_MQTT)
    assert world.mqtt_broker.is_prepared
    assert world.mqtt_broker.passwords == {}


def test_a_broker_that_is_away_is_brought_in_line_later(world: World, run: Any) -> None:
    world.mqtt_broker.passwords = {"acme.stranger": "x"}
    world.mqtt_broker.is_away = True
    run(tasks.SYNC_MQTT)
    world.mqtt_broker.is_away = False
    run(tasks.SYNC_MQTT)
    assert world.mqtt_broker.passwords == {}


def test_of_very_many_tenants_a_turn_takes_a_part_and_the_next_turn_the_next(
    world: World, celery: Celery, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeps.register(celery, lambda: process)
    swept: list[str] = []
    monkeypatch.setattr(world.services.commands, "sweep", swept.append)
    for turn in range(4):
        celery.tasks[tasks.SWEEP_COMMANDS](every_s=1 / TENANTS_PER_S, turn=turn)
    assert swept == ["acme", "beta", "acme", "beta"]


def test_silence_is_looked_for_in_all_tenants_each_time(
    world: World, celery: Celery, process: Process
) -> None:
    """It costs one question for all, however many they are."""
    sweeps.register(celery, lambda: process)
    connect(world)
    world.clock.advance(5000)
    celery.tasks[tasks.SWEEP_LIVENESS](every_s=1 / TENANTS_PER_S, turn=0)
    assert not is_live(world, ACME)
    assert not is_live(world, BETA)
