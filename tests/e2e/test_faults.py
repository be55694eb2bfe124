"""Something is killed, and nothing is lost. Each test breaks a system of its own."""

import asyncio
import os
import signal
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import psutil
import pytest
import pytest_asyncio

from app.bootstrap import build_adapters, build_services
from app.services import Services
from app.storage.mongo import Databases
from bench.charge_point import SimulatedChargePoint
from tests.e2e.conftest import TestTenant, make_tenant, own_environment
from tests.e2e.mqtt_listener import MqttListener
from tests.e2e.system import RunningSystem

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def fragile(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[RunningSystem]:
    """A system that tests may break, as long as they mend it."""
    directory = tmp_path_factory.mktemp("fragile")
    names = ("servers", "gateway", "worker", "events", "beat")
    with RunningSystem(directory, names, **own_environment(worker_id, 1)) as running:
        yield running


@pytest.fixture(scope="module")
def fragile_services(fragile: RunningSystem) -> Services:
    made = build_services(fragile.settings)
    made.tenants.prepare_stores()
    return made


@pytest.fixture(scope="module")
def fragile_databases(fragile: RunningSystem) -> Databases:
    return build_adapters(fragile.settings).databases


@pytest.fixture(scope="module", params=["queue", "bypass"])
def fragile_tenant(
    request: pytest.FixtureRequest, fragile: RunningSystem, fragile_services: Services
) -> TestTenant:
    return make_tenant(fragile, fragile_services, request.param)


@pytest_asyncio.fixture
async def fragile_mqtt(fragile: RunningSystem, fragile_tenant: TestTenant) -> AsyncIterator[MqttListener]:
    topic = f"ocpp/events/{fragile_tenant.id}/#"
    async with MqttListener(fragile.settings.mqtt.url, f"test-{uuid.uuid4().hex[:8]}", topic) as listener:
        yield listener


def kill(system: RunningSystem, name: str) -> None:
    """End a process of this test's own system at once, without a last word."""
    os.kill(system.processes.pids[name], signal.SIGKILL)
    system.processes.stop([name])  # reap it


async def is_bypassed(system: RunningSystem) -> bool:
    """Whether some tenant's queue is bypassed right now."""
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{system.gateway_url}/health")
    return bool(answer.json()["bypassed_tenants"] > 0)


async def until_queue_is_used(system: RunningSystem) -> None:
    """Until the gateway has found its way back to the queue."""
    async with asyncio.timeout(60):
        while await is_bypassed(system):  # noqa: ASYNC110
            await asyncio.sleep(0.2)


async def charge(
    system: RunningSystem, tenant: TestTenant, rounds: int, register_step: int, stop: asyncio.Event
) -> list[tuple[int, int, int]]:
    """One charge point's sessions until `stop`, at most `rounds`: (transaction id, start, stop) of each."""
    ledger = []
    async with SimulatedChargePoint(system.ws_url, tenant.identity(), response_timeout_s=30) as charge_point:
        await charge_point.boot()
        register = 0
        for _ in range(rounds):
            started = await charge_point.start(1, tenant.id_tag, register)
            for _ in range(3):
                register += register_step
                await charge_point.meter_values(1, started.transaction_id, register)
            await charge_point.stop(started.transaction_id, register)
            ledger.append((started.transaction_id, register - 3 * register_step, register))
            if stop.is_set():
                break
    return ledger


def check_ledger(
    databases: Databases, tenant: TestTenant, ledgers: list[list[tuple[int, int, int]]]
) -> list[str]:
    """Every session that a charge point believes in is stored once, with its energy; answers their ids."""
    believed = {entry[0]: entry for ledger in ledgers for entry in ledger}
    assert len(believed) == sum(map(len, ledgers))
    stored = list(
        databases.collection(tenant.id, "sessions").find({"transaction_id": {"$in": list(believed)}})
    )
    assert {session["transaction_id"] for session in stored} == set(believed)
    for session in stored:
        _, start, stop = believed[session["transaction_id"]]
        assert (session["status"], session["start_meter_value"], session["stop_meter_value"]) == (
            "completed",
            start,
            stop,
        )
        assert len(session["meter_values"]) == 3
    return [session["_id"] for session in stored]


async def check_events(mqtt: MqttListener, session_ids: list[str]) -> None:
    """Every session's events came, in order; the first of each repeated one counts."""
    for session_id in session_ids:
        await mqtt.wait_for(
            lambda m, wanted=f"{session_id}:stopped": m.body["event_id"] == wanted,  # type: ignore[misc]
            timeout_s=60,
        )
        told = [
            m.body for m in mqtt.heard if m.body["session_id"] == session_id and m.topic.endswith("/session")
        ]
        first = list({body["event_id"]: body["event_type"] for body in told}.values())
        assert first == ["session_started", *["meter_value"] * 3, "session_stopped"]


async def test_killing_and_restarting_the_worker_loses_nothing(
    fragile: RunningSystem,
    fragile_tenant: TestTenant,
    fragile_databases: Databases,
    fragile_mqtt: MqttListener,
) -> None:
    stop = asyncio.Event()
    charging = [
        asyncio.create_task(charge(fragile, fragile_tenant, 200, 10 + number, stop)) for number in range(8)
    ]
    await asyncio.sleep(2)  # in the middle of the load, wherever that is
    kill(fragile, "worker")
    await asyncio.sleep(4)
    fragile.start("worker")
    await asyncio.to_thread(fragile.wait_ready)
    await until_queue_is_used(fragile)
    stop.set()
    ledgers = await asyncio.gather(*charging)
    await check_events(fragile_mqtt, check_ledger(fragile_databases, fragile_tenant, ledgers))


async def test_without_a_worker_calls_go_round_the_queue_and_back(
    fragile: RunningSystem, fragile_tenant: TestTenant
) -> None:
    if fragile_tenant.mode == "bypass":
        pytest.skip("a bypass tenant has no queue to go round")
    async with SimulatedChargePoint(fragile.ws_url, fragile_tenant.identity()) as charge_point:
        await charge_point.boot()
        assert not await is_bypassed(fragile)
        kill(fragile, "worker")
        await charge_point.heartbeat()
        assert await is_bypassed(fragile)
        fragile.start("worker")
        await until_queue_is_used(fragile)
        await charge_point.heartbeat()
        assert not await is_bypassed(fragile)


async def test_without_redis_charge_points_are_served(
    fragile: RunningSystem, fragile_tenant: TestTenant, fragile_databases: Databases
) -> None:
    """The broker hangs: calls go round it, sessions are stored, and the queue is used again afterwards."""
    servers = psutil.Process(fragile.processes.pids["servers"]).children(recursive=True)
    redis = next((child for child in servers if "valkey" in child.name()), None)
    if redis is None:
        pytest.skip("the Redis of this run is not ours to stop")
    identity = fragile_tenant.identity()
    async with SimulatedChargePoint(fragile.ws_url, identity) as charge_point:
        await charge_point.boot()
        redis.suspend()
        try:
            started = await charge_point.start(1, fragile_tenant.id_tag, 0)
            await charge_point.meter_values(1, started.transaction_id, 50)
            await charge_point.stop(started.transaction_id, 100)
        finally:
            redis.resume()
        await until_queue_is_used(fragile)
        await charge_point.heartbeat()
    sessions = fragile_databases.collection(fragile_tenant.id, "sessions")
    stored = sessions.find_one({"transaction_id": started.transaction_id})
    assert stored is not None
    assert (stored["status"], stored["stop_meter_value"]) == ("completed", 100)


async def test_the_mode_is_switched_live(
    fragile: RunningSystem, fragile_services: Services, fragile_tenant: TestTenant
) -> None:
    """`queue_enabled` takes effect on open connections, without a restart."""
    async with SimulatedChargePoint(fragile.ws_url, fragile_tenant.identity()) as charge_point:
        await charge_point.boot()
        batches = fragile.log("gateway").count("queue_bypassed")
        kill(fragile, "worker")
        fragile_services.tenants.configure(fragile_tenant.id, {"queue_enabled": False})
        await asyncio.sleep(2)  # promised: within two seconds, everywhere
        async with asyncio.timeout(1):  # with the queue it would take two seconds to go round it
            await charge_point.heartbeat()
        assert fragile.log("gateway").count("queue_bypassed") == batches
        fragile.start("worker")
        await asyncio.to_thread(fragile.wait_ready)
        fragile_services.tenants.configure(
            fragile_tenant.id, {"queue_enabled": fragile_tenant.mode == "queue"}
        )
        await asyncio.sleep(2)
        await charge_point.heartbeat()


async def test_the_relay_may_die_between_publishing_and_forgetting(
    fragile: RunningSystem,
    fragile_tenant: TestTenant,
    fragile_databases: Databases,
    fragile_mqtt: MqttListener,
) -> None:
    stop = asyncio.Event()
    charging = [asyncio.create_task(charge(fragile, fragile_tenant, 100, 5, stop)) for _ in range(4)]
    for _ in range(3):
        await asyncio.sleep(1)
        kill(fragile, "events")
        fragile.start("events")
    stop.set()
    ledgers = await asyncio.gather(*charging)
    await check_events(fragile_mqtt, check_ledger(fragile_databases, fragile_tenant, ledgers))


async def test_a_killed_gateway_leaves_its_charge_points_offline(
    fragile: RunningSystem, fragile_tenant: TestTenant, fragile_databases: Databases, tmp_path: Path
) -> None:
    """Presence survives a gateway's death: the sweep closes what the dead one held."""
    identity = fragile_tenant.identity()
    async with SimulatedChargePoint(fragile.ws_url, identity) as charge_point:
        await charge_point.boot()
        kill(fragile, "gateway")
        points = fragile_databases.collection(fragile_tenant.id, "charge_points")
        async with asyncio.timeout(40):
            while points.find_one({"_id": identity, "connection": None}) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.2)
    fragile.start("gateway")
    await asyncio.to_thread(fragile.wait_ready)
    async with SimulatedChargePoint(fragile.ws_url, identity) as charge_point:
        assert await charge_point.heartbeat() is not None
