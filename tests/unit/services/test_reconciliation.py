"""The sweep over running sessions, and what comes after an estimate (B33, B35, B39)."""

from typing import Any

import pytest

from app.domain.context import ChargePointRef
from app.domain.meter import Attribution
from app.domain.session import EnergyValue, SessionStatus
from app.domain.tenant import Tenant
from app.services.batch import Batch, BatchNeeds, MeterRecord
from app.services.meter_values import MeterReport
from app.services.pieces import PIECE
from app.services.sessions import Stop
from tests.builders import (
    NOON,
    REF,
    a_call,
    a_charge_point,
    a_connection,
    a_connector,
    a_reading,
    a_session,
    at,
)
from tests.fakes.world import World


def available_since(world: World, seconds: float) -> None:
    connector = a_connector(1, "Available", last_update=at(seconds))
    world.charge_points.put(a_charge_point(connectors=(connector,), connection=a_connection()))


def read(world: World, tenant: Tenant, seconds: float, wh: str, session_id: str = "session-1") -> None:
    batch = Batch(tenant)
    record = MeterRecord(
        0,
        session_id,
        REF,
        1,
        1,
        a_reading(seconds, {"value": wh}),
        f"d{seconds}",
        NOON,
        Attribution.TRANSACTION,
    )
    batch.meter_records.append(record)
    assert world.batches.flush(batch) == {}


def sweep(world: World, tenant: Tenant, seconds: float = 1000) -> int:
    world.clock.set(at(seconds))
    return world.services.reconciliation.sweep(tenant)


def load(world: World, tenant: Tenant) -> Batch:
    batch = world.batches.load(tenant, BatchNeeds(transactions={1}))
    batch.order_key = world.clock.order_key()
    return batch


def test_a_session_whose_connector_is_free_is_closed_with_its_last_reading(
    world: World, tenant: Tenant
) -> None:
    world.sessions.insert(a_session(), [], 1)
    available_since(world, 200)
    read(world, tenant, 150, "1800")
    read(world, tenant, 100, "1500")
    assert sweep(world, tenant) == 1
    ended = world.services.sessions.get("acme", "session-1")
    assert (ended.status, ended.fault_reason, ended.estimated) == (
        SessionStatus.FAULTED,
        "connector_available",
        True,
    )
    assert (ended.stop_time, ended.stop_meter_value, ended.energy_wh) == (at(150), 1800, 800)
    assert ended.review == ("stop_missing",)


def test_the_world_is_told_of_the_estimate(world: World, tenant: Tenant) -> None:
    world.sessions.insert(a_session(), [], 1)
    available_since(world, 200)
    sweep(world, tenant)
    (told,) = world.outbox.events("acme")
    assert (told.body["event_type"], told.body["event_id"]) == ("session_stopped", "session-1:estimated")
    assert {name: told.body["data"][name] for name in ("status", "estimated", "fault_reason", "reason")} == {
        "status": "faulted",
        "estimated": True,
        "fault_reason": "connector_available",
        "reason": None,
    }


def test_a_reading_since_then_proves_that_it_lives(world: World, tenant: Tenant) -> None:
    world.sessions.insert(a_session(), [], 1)
    available_since(world, 200)
    read(world, tenant, 201, "1800")
    assert sweep(world, tenant) == 0
    assert world.services.sessions.get("acme", "session-1").status is SessionStatus.ACTIVE


def test_an_older_session_gives_way_to_a_newer_start(world: World, tenant: Tenant) -> None:
    """B33: it may be the same tag's, so it must not count for ConcurrentTx any longer (B35)."""
    world.sessions.insert(a_session(1), [], 1)
    world.sessions.insert(a_session(2, start_time=at(60)), [], 2)
    world.sessions.insert(a_session(3, connector_id=2), [], 3)
    assert sweep(world, tenant, 61) == 1
    assert world.services.sessions.get("acme", "session-1").fault_reason == "replaced_by_newer_start"
    assert [s.transaction_id for s in world.sessions.active_with_tag("acme", "tag-1")] == [2, 3]


def test_a_charge_point_that_never_came_back(world: World, tenant: Tenant) -> None:
    world.sessions.insert(a_session(), [], 1)
    assert sweep(world, tenant, 86_400) == 0
    assert sweep(world, tenant, 86_401) == 1
    assert world.services.sessions.get("acme", "session-1").fault_reason == "silence"


def test_readings_that_arrived_late_break_the_silence(world: World, tenant: Tenant) -> None:
    world.sessions.insert(a_session(), [], 1)
    read(world, tenant, 80_000, "1800")
    assert sweep(world, tenant, 100_000) == 0


def test_a_second_sweep_finds_nothing_more(world: World, tenant: Tenant) -> None:
    world.sessions.insert(a_session(), [], 1)
    available_since(world, 200)
    assert [sweep(world, tenant), sweep(world, tenant)] == [1, 0]
    assert len(world.outbox.events("acme")) == 1


def test_other_tenants_are_not_touched(world: World, tenant: Tenant) -> None:
    foreign = a_session(1, ChargePointRef("beta", "CP-1"))
    world.sessions.insert(foreign, [], 1)
    assert sweep(world, tenant, 1_000_000) == 0


def test_hundreds_are_looked_at_in_parts(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, PIECE + 3):
        world.sessions.insert(a_session(number, connector_id=number), [], number)
    asked: list[int] = []
    signs = world.charge_points.signs

    def counted(tenant_id: str, ids: Any) -> Any:
        asked.append(len(ids))
        return signs(tenant_id, ids)

    monkeypatch.setattr(world.charge_points, "signs", counted)
    assert sweep(world, tenant, 1_000_000) == PIECE + 2
    assert len(asked) == 2


# --- after the estimate ------------------------------------------------------------------------------


@pytest.fixture
def estimated(world: World, tenant: Tenant) -> World:
    """Session 1 was closed with a reading of 1800 Wh after 150 seconds."""
    world.sessions.insert(a_session(), [], 1)
    available_since(world, 200)
    read(world, tenant, 150, "1800")
    assert sweep(world, tenant) == 1
    return world


def test_a_late_stop_overwrites_the_estimate(estimated: World, tenant: Tenant) -> None:
    stop = Stop(1, 2500, at(190), "2026-03-01T12:03:10Z", "Local", None, ())
    batch = load(estimated, tenant)
    estimated.services.sessions.stop(batch, 0, a_call(), stop)
    estimated.batches.flush(batch)
    ended = estimated.services.sessions.get("acme", "session-1")
    assert (ended.status, ended.estimated, ended.fault_reason) == (SessionStatus.COMPLETED, False, None)
    assert (ended.stop_time, ended.stop_meter_value, ended.energy_wh) == (at(190), 2500, 1500)
    assert ended.review == ("stop_came_late",)
    assert ended.meter_values == (EnergyValue(at(150), 1800),)
    told = [event.body["event_id"] for event in estimated.outbox.events("acme")]
    assert told == ["session-1:estimated", "session-1:stopped"]


def test_late_readings_of_an_estimated_session_are_its_own_and_move_the_end(
    estimated: World, tenant: Tenant
) -> None:
    batch = load(estimated, tenant)
    report = MeterReport(1, 1, (a_reading(170, {"value": "2000"}),))
    estimated.services.meter_values.record(batch, 0, a_call(), report)
    assert estimated.batches.flush(batch) == {}
    ended = estimated.services.sessions.get("acme", "session-1")
    assert (ended.status, ended.estimated) == (SessionStatus.FAULTED, True)
    assert (ended.stop_time, ended.stop_meter_value, ended.energy_wh) == (at(170), 2000, 1000)
