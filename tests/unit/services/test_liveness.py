"""The heartbeat sweep: who fell silent, whose gateway died, and what Redis forgot (A40)."""

import pytest

from app.domain.context import ChargePointRef
from app.domain.errors import Retryable
from app.domain.tenant import Tenant
from app.services.batch import BatchNeeds
from tests.builders import NOON, REF, a_call, a_tenant, at
from tests.fakes.world import World


@pytest.fixture
def connected(world: World) -> World:
    """CP-1 has been connected since noon; it was told to send heartbeats every 300 s."""
    world.services.charge_points.open_connection(REF, "gw-1", "c-1")
    return world


def sweep(world: World, tenant: Tenant) -> int:
    """What is looked up for all tenants, and then this one's part of it."""
    return world.services.liveness.sweep(tenant, world.services.liveness.look([tenant]))


def is_live(world: World) -> bool:
    return world.services.charge_points.get(REF).is_live


def statuses(world: World) -> list[str]:
    return [event.body["status"] for event in world.outbox.events("acme")]


def test_a_charge_point_may_be_silent_for_three_intervals(connected: World, tenant: Tenant) -> None:
    connected.clock.advance(900)
    assert sweep(connected, tenant) == 0
    assert is_live(connected)
    connected.clock.advance(1)
    assert sweep(connected, tenant) == 1
    assert not is_live(connected)
    assert statuses(connected)[-1] == "Offline"


def test_a_second_sweep_changes_nothing(connected: World, tenant: Tenant) -> None:
    connected.clock.advance(1000)
    sweep(connected, tenant)
    told = statuses(connected)
    assert sweep(connected, tenant) == 0
    assert statuses(connected) == told


def test_the_interval_that_the_charge_point_was_told_counts_not_the_tenants_present_one(
    connected: World,
) -> None:
    service = connected.services
    batch = service.batches.load(a_tenant(heartbeat_interval=600), BatchNeeds(charge_points={"CP-1"}))
    service.boots.boot(batch, 0, a_call(), {})
    service.batches.flush(batch)
    now_shorter = a_tenant(heartbeat_interval=10)
    connected.clock.advance(600)
    assert sweep(connected, now_shorter) == 0
    connected.clock.advance(1201)
    assert sweep(connected, now_shorter) == 1


def test_any_call_proves_life(connected: World, tenant: Tenant) -> None:
    connected.clock.advance(800)
    connected.services.charge_points.hear("acme", {"CP-1": connected.clock.now()})
    connected.clock.advance(800)
    assert sweep(connected, tenant) == 0


def test_who_is_not_connected_is_not_marked_silent(connected: World, tenant: Tenant) -> None:
    connected.services.charge_points.close_connection(REF, 1)
    connected.last_seen.touch("acme", {"CP-1": NOON, "GONE": NOON})
    connected.clock.advance(1000)
    assert sweep(connected, tenant) == 0
    assert connected.last_seen.heard_since("acme", NOON) == {}


def test_connections_of_a_dead_gateway_are_closed_at_once(connected: World, tenant: Tenant) -> None:
    connected.link.dead.add("gw-1")
    assert sweep(connected, tenant) == 1
    assert connected.services.charge_points.get(REF).connection is None
    assert statuses(connected)[-1] == "Offline"
    connected.services.liveness.forget(connected.services.liveness.look([tenant]))
    assert connected.link.dead == set()


def test_connections_of_other_gateways_stay(connected: World, tenant: Tenant) -> None:
    connected.link.dead.add("gw-2")
    assert sweep(connected, tenant) == 0
    assert is_live(connected)


def test_a_charge_point_that_came_back_elsewhere_is_not_touched(connected: World, tenant: Tenant) -> None:
    connected.services.charge_points.open_connection(REF, "gw-2", "c-2")
    connected.link.dead.add("gw-1")
    assert sweep(connected, tenant) == 0
    assert is_live(connected)


@pytest.mark.parametrize("lost", ["link", "last_seen"])
def test_nobody_is_declared_dead_on_missing_evidence(connected: World, tenant: Tenant, lost: str) -> None:
    getattr(connected, lost).reachable = False
    connected.clock.advance(5000)
    with pytest.raises(Retryable):
        sweep(connected, tenant)
    assert is_live(connected)


# --- reconcile ---------------------------------------------------------------------------------------


def test_last_seen_times_are_copied_to_the_store(connected: World, tenant: Tenant) -> None:
    connected.services.charge_points.hear("acme", {"CP-1": at(30)})
    connected.clock.advance(60)
    connected.services.liveness.reconcile(tenant, NOON)
    assert connected.services.charge_points.get(REF).last_seen == at(30)


def test_connections_on_gateways_that_nobody_knows_are_closed(connected: World, tenant: Tenant) -> None:
    """A gateway that died while Redis lost its memory is on no list of dead ones."""
    connected.link.gateways.clear()
    connected.services.liveness.reconcile(tenant, NOON)
    assert connected.services.charge_points.get(REF).connection is None


def test_a_connected_charge_point_that_redis_forgot_is_heard_as_of_now(
    connected: World, tenant: Tenant
) -> None:
    connected.last_seen.forget("acme", "CP-1")
    connected.clock.advance(5000)
    connected.services.liveness.reconcile(tenant, NOON)
    assert connected.last_seen.heard_since("acme", NOON) == {"CP-1": at(5000)}
    assert sweep(connected, tenant) == 0


def test_a_silent_one_is_not_brought_to_life_by_it(connected: World, tenant: Tenant) -> None:
    connected.services.charge_points.mark_silent(REF, 1)
    connected.services.liveness.reconcile(tenant, NOON)
    assert connected.last_seen.heard_since("acme", NOON) == {}
    assert not is_live(connected)


def test_one_tenants_sweep_leaves_the_others_alone(connected: World) -> None:
    connected.services.tenants.create("beta", "Beta")
    connected.add_charge_point("beta", "CP-1")
    theirs = ChargePointRef("beta", "CP-1")
    connected.services.charge_points.open_connection(theirs, "gw-1", "c-9")
    connected.clock.advance(5000)
    sweep(connected, connected.services.tenants.get("acme"))
    assert connected.services.charge_points.get(theirs).is_live
