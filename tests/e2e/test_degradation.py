"""A server behind the system dies or hangs: what is said meanwhile, and that all returns by itself."""

import asyncio
import os
import signal
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import pytest_asyncio
from ocpp.exceptions import InternalError
from websockets.exceptions import InvalidStatus

from app.bootstrap import build_adapters, build_services
from app.embedded.server import EmbeddedServer
from app.embedded.servers import EmbeddedServers
from app.services import Services
from app.storage.mongo import Databases
from bench.charge_point import SimulatedChargePoint
from bench.raw_client import RawClient
from bench.system import free_ports
from tests.e2e.conftest import RestClient, TestTenant, make_tenant
from tests.e2e.mqtt_listener import MqttListener
from tests.e2e.system import RunningSystem
from tests.e2e.test_handshake import BareSocket

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
NAMES = ("web", "gateway", "worker", "commands", "events", "beat")
SILENT = ("worker", "commands", "events", "beat")
"""Processes that have no port but HEALTH_PORT."""
SAYS_SO_WITHIN_S = 12.0
"""Charge points wait for 30 seconds, usually."""


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServers]:
    """Servers that tests may kill one by one."""
    mongodb, redis, mqtt = free_ports(3)
    directory = tmp_path_factory.mktemp("stores")
    with EmbeddedServers.in_directory(
        directory, mongodb_port=mongodb, redis_port=redis, mqtt_port=mqtt
    ) as started:
        yield started


@pytest.fixture(scope="module")
def health_ports() -> dict[str, int]:
    return dict(zip((*SILENT, "second"), free_ports(len(SILENT) + 1), strict=True))


@pytest.fixture(scope="module")
def fragile(
    tmp_path_factory: pytest.TempPathFactory, stores: EmbeddedServers, health_ports: dict[str, int]
) -> Iterator[RunningSystem]:
    """A system over those servers."""
    system = RunningSystem(
        tmp_path_factory.mktemp("degraded"),
        NAMES,
        MONGODB_URI=stores.mongodb_uri,
        REDIS_URL=stores.redis_url,
        MQTT_URL=stores.mqtt_url,
        GATEWAY_PING_TIMEOUT_S="1.5",
    )
    for name in SILENT:
        system.commands[name] = f"env HEALTH_PORT={health_ports[name]} {system.commands[name]}"
    with system as running:
        yield running


@pytest.fixture(scope="module")
def services(fragile: RunningSystem) -> Services:
    made = build_services(fragile.settings)
    made.tenants.prepare_stores()
    return made


@pytest.fixture(scope="module")
def databases(fragile: RunningSystem) -> Databases:
    return build_adapters(fragile.settings).databases


@pytest.fixture(scope="module", params=["queue", "bypass"])
def tenant(request: pytest.FixtureRequest, fragile: RunningSystem, services: Services) -> TestTenant:
    return make_tenant(fragile, services, request.param, ping_interval_s=60)


@pytest_asyncio.fixture
async def operator(fragile: RunningSystem, tenant: TestTenant) -> AsyncIterator[RestClient]:
    client = RestClient(fragile, f"operator@{tenant.id}.example")
    await client.login()
    yield client
    await client.close()


@contextmanager
def out_of_order(server: EmbeddedServer, how: str) -> Iterator[None]:
    """Kill it and start it again at the end, or let it hang and go on."""
    pid = server.pid
    assert pid is not None
    if how == "killed":
        server.kill()
    else:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        if how == "killed":
            server.start()
            server.wait_ready()
        else:
            os.kill(pid, signal.SIGCONT)


async def until(is_so: Callable[[], Awaitable[bool]], within_s: float = 30.0) -> None:
    async with asyncio.timeout(within_s):
        while not await is_so():  # noqa: ASYNC110 - other processes bring it about
            await asyncio.sleep(0.2)


async def health(url: str) -> tuple[int, dict[str, Any]]:
    async with httpx.AsyncClient(timeout=5) as client:
        answer = await client.get(f"{url}/health/ready")
    return answer.status_code, answer.json()


def at(port: int) -> str:
    return f"http://127.0.0.1:{port}"


async def refused(call: Awaitable[Any]) -> float:
    """A call must get a CallError that says to try again; answers after how many seconds."""
    asked_at = time.monotonic()
    with pytest.raises(InternalError):
        await call
    return time.monotonic() - asked_at


async def insist(call: Callable[[], Awaitable[Any]], within_s: float = 30.0) -> Any:
    """What a charge point does with its transaction messages: again, until they are answered."""
    async with asyncio.timeout(within_s):
        while True:
            try:
                return await call()
            except InternalError:
                await asyncio.sleep(0.5)


async def queue_is_used(system: RunningSystem) -> bool:
    return bool((await health(system.gateway_url))[1]["bypassed_tenants"] == 0)


# --- MongoDB ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["killed", "hanging"])
async def test_without_mongodb_nothing_is_taken_that_would_be_lost_and_nobody_loses_its_socket(
    fragile: RunningSystem, stores: EmbeddedServers, tenant: TestTenant, databases: Databases, how: str
) -> None:
    identity = tenant.identity()
    others = [SimulatedChargePoint(fragile.ws_url, tenant.identity()) for _ in range(12)]
    async with SimulatedChargePoint(fragile.ws_url, identity) as charge_point:
        await charge_point.boot()
        for other in others:
            await other.connect()
            await other.boot()
        started = await charge_point.start(1, tenant.id_tag, 0)
        with out_of_order(stores.mongodb, how):
            crowd = [refused(other.start(1, tenant.id_tag, 0)) for other in others]
            waited = [
                *await asyncio.gather(
                    refused(charge_point.meter_values(1, started.transaction_id, 50)), *crowd
                ),
                await refused(charge_point.stop(started.transaction_id, 100)),
                await refused(charge_point.status(1, "Available")),
            ]
            assert max(waited) < SAYS_SO_WITHIN_S
            asked_at = time.monotonic()
            await charge_point.heartbeat()
            assert time.monotonic() - asked_at < 3
            with pytest.raises(InvalidStatus) as turned_away:
                async with RawClient(fragile.ws_url, tenant.identity()):
                    pass
            assert turned_away.value.response.status_code == 503
            assert "Retry-After" in turned_away.value.response.headers
            status, told = await health(fragile.gateway_url)
            assert (status, told["status"], told["checks"]["mongodb"]) == (200, "degraded", "failed")
            assert (await health(fragile.rest_url))[0] == 503
        await insist(lambda: charge_point.meter_values(1, started.transaction_id, 50))
        await insist(lambda: charge_point.stop(started.transaction_id, 100))
        for other in others:
            assert other.connection is not None
            assert other.connection.close_code is None
            await insist(lambda other=other: other.start(1, tenant.id_tag, 0))  # type: ignore[misc]
            await other.disconnect()
    stored = databases.collection(tenant.id, "sessions").find_one({"transaction_id": started.transaction_id})
    assert stored is not None
    assert (stored["status"], stored["stop_meter_value"]) == ("completed", 100)
    assert len(stored["meter_values"]) == 1
    names = [other.identity for other in others]
    begun = databases.collection(tenant.id, "sessions").count_documents({"charge_point_id": {"$in": names}})
    assert begun == len(names)
    await until(lambda: queue_is_used(fragile))


# --- Redis --------------------------------------------------------------------------------------------


async def test_without_redis_charging_goes_on_and_commands_wait_and_say_so(
    fragile: RunningSystem,
    stores: EmbeddedServers,
    tenant: TestTenant,
    databases: Databases,
    operator: RestClient,
    health_ports: dict[str, int],
) -> None:
    identity = tenant.identity()
    async with SimulatedChargePoint(fragile.ws_url, identity) as charge_point:
        await charge_point.boot()
        with out_of_order(stores.redis, "killed"):
            asked_at = time.monotonic()
            started = await charge_point.start(1, tenant.id_tag, 0)
            assert time.monotonic() - asked_at < 4
            await charge_point.stop(started.transaction_id, 100)
            body = {"command_type": "reset", "parameters": {"type": "Soft"}}
            taken = await operator.send("POST", f"/chargepoints/{identity}/commands", body, 202)
            assert taken["status"] == "queued"
            assert "way to the charge point's gateway" in taken["warnings"][0]
            assert (await health(fragile.rest_url))[1]["checks"]["redis"] == "failed"
            await until(lambda: is_unready(health_ports["worker"]))
            await until(lambda: waits(health_ports["beat"]))
            paused = fragile.log("beat").count("sweeps_pause")
            await asyncio.sleep(2)  # of four sweeps that cannot be sent
            assert fragile.log("beat").count("sweeps_pause") == paused
        async with asyncio.timeout(40):
            while charge_point.commands != [("Reset", {"type": "Soft"})]:  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        await until(lambda: queue_is_used(fragile), 60)
        for name in ("worker", "beat"):
            await until(lambda name=name: is_ready(health_ports[name]))  # type: ignore[misc]
        assert "sweeps_go_on" in fragile.log("beat")
    stored = databases.collection(tenant.id, "sessions").find_one({"transaction_id": started.transaction_id})
    assert stored is not None
    assert (stored["status"], stored["stop_meter_value"]) == ("completed", 100)


async def is_ready(port: int) -> bool:
    return (await health(at(port)))[0] == 200


async def waits(port: int) -> bool:
    return bool((await health(at(port)))[1]["role"] == "waiting")


async def is_unready(port: int) -> bool:
    return not await is_ready(port)


# --- MQTT ---------------------------------------------------------------------------------------------


async def test_without_mqtt_only_events_wait(
    fragile: RunningSystem, stores: EmbeddedServers, tenant: TestTenant, operator: RestClient
) -> None:
    identity = tenant.identity()
    async with (
        MqttListener(
            fragile.settings.mqtt.url, f"test-{uuid.uuid4().hex[:8]}", f"ocpp/events/{tenant.id}/#"
        ) as mqtt,
        SimulatedChargePoint(fragile.ws_url, identity) as charge_point,
    ):
        await charge_point.boot()
        with out_of_order(stores.mqtt, "hanging"):
            started = await charge_point.start(1, tenant.id_tag, 0)
            await charge_point.stop(started.transaction_id, 100)
            body = {"command_type": "clear_cache", "parameters": {}}
            ended = await operator.send("POST", f"/chargepoints/{identity}/commands?wait=20", body, 200)
            assert ended["status"] == "accepted"
            listed = await operator.get("/sessions", charge_point_id=identity)
            assert [session["status"] for session in listed["items"]] == ["completed"]
        told = [
            (await mqtt.wait_for(lambda m, kind=kind: m.body.get("event_type") == kind, timeout_s=60)).body  # type: ignore[misc]
            for kind in ("session_started", "session_stopped")
        ]
        assert {body["charge_point_id"] for body in told} == {identity}


# --- sockets ------------------------------------------------------------------------------------------


async def test_a_pong_is_a_sign_of_life_and_who_gives_none_is_half_open(
    fragile: RunningSystem, services: Services, tenant: TestTenant, databases: Databases
) -> None:
    """A40: one that only answers pings stays online; one that does nothing at all loses its socket."""
    services.tenants.configure(tenant.id, {"heartbeat_interval": 1, "ping_interval_s": 1})
    points = databases.collection(tenant.id, "charge_points")

    def connection_of(identity: str) -> Any:
        found = points.find_one({"_id": identity})
        return found and found["connection"]

    await asyncio.sleep(2)  # until the gateway knows
    dead = await BareSocket.open(fragile.gateway_port, lost := tenant.identity())
    async with RawClient(fragile.ws_url, quiet := tenant.identity()):
        async with asyncio.timeout(20):
            while connection_of(lost) is not None:  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        await asyncio.sleep(5)  # longer than three heartbeat intervals and a sweep
        assert connection_of(quiet)["silent"] is False
    dead.writer.close()
    services.tenants.configure(tenant.id, {"heartbeat_interval": 300, "ping_interval_s": 60})


async def test_of_a_command_whose_gateway_dies_the_outcome_is_unknown(
    fragile: RunningSystem, services: Services, tenant: TestTenant, operator: RestClient
) -> None:
    services.tenants.configure(tenant.id, {"command_timeout_s": 1})
    await asyncio.sleep(2)
    async with RawClient(fragile.ws_url, identity := tenant.identity()) as charge_point:
        await charge_point.call_raw([2, "b", "BootNotification", BOOT])
        body = {"command_type": "reset", "parameters": {"type": "Soft"}}
        taken = await operator.send("POST", f"/chargepoints/{identity}/commands", body, 202)
        await charge_point.recv()
        await until(lambda: command_is(operator, taken["id"], "sent"))
        os.kill(fragile.processes.pids["gateway"], signal.SIGKILL)
        fragile.processes.stop(["gateway"])
    fragile.start("gateway")
    await until(lambda: command_is(operator, taken["id"], "unknown_outcome"), 40)
    shown = await operator.get(f"/commands/{taken['id']}")
    assert shown["error"]["code"] == "outcome_unknown"
    await asyncio.to_thread(fragile.wait_ready)


async def command_is(operator: RestClient, command_id: str, status: str) -> bool:
    return bool((await operator.get(f"/commands/{command_id}"))["status"] == status)


# --- who says how it is -------------------------------------------------------------------------------


async def test_a_relay_that_stands_by_says_so_and_takes_over(
    fragile: RunningSystem, tenant: TestTenant, health_ports: dict[str, int]
) -> None:
    if tenant.mode == "bypass":
        pytest.skip("no tenant's mode makes a difference here")
    for name in SILENT:
        await until(lambda name=name: is_ready(health_ports[name]))  # type: ignore[misc]
        assert (await health(at(health_ports[name])))[1]["role"] == "active"
    command = fragile.commands["events"].replace(str(health_ports["events"]), str(health_ports["second"]))
    fragile.processes.start("second", command)

    async def second_is(role: str) -> bool:
        try:
            return bool((await health(at(health_ports["second"])))[1].get("role") == role)
        except httpx.HTTPError:
            return False

    try:
        await until(lambda: second_is("standby"))
        fragile.processes.stop(["events"])
        await until(lambda: second_is("active"))
    finally:
        fragile.processes.stop(["second"])
        fragile.start("events")
    await until(lambda: is_ready_again(health_ports["events"]))


async def is_ready_again(port: int) -> bool:
    try:
        return await is_ready(port)
    except httpx.HTTPError:
        return False
