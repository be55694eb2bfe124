"""Several gateways on one machine: charge points are dealt out, commands find them, and one may die."""

import asyncio
import os
import signal
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import httpx
import pytest

from app.bootstrap import build_adapters, build_services
from app.services import Services
from app.storage.mongo import Databases
from bench.system import free_ports
from tests.e2e.conftest import RestClient, TestTenant, make_tenant, own_environment
from tests.e2e.mqtt_listener import Heard, MqttListener
from tests.e2e.persistent import PersistentChargePoint
from tests.e2e.system import ALL, RunningSystem

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio, pytest.mark.timeout(240)]
GATEWAYS = 4
CHARGE_POINTS = 6
OTHERS = [name for name in ALL if name != "gateway"]


class GatewayFarm(RunningSystem):
    """A system with several gateways that share a port; each tells of itself on one of its own."""

    def __enter__(self) -> "GatewayFarm":
        super().__enter__()
        self.own_ports = dict(
            zip((f"gateway-{n}" for n in range(GATEWAYS)), free_ports(GATEWAYS), strict=True)
        )
        return self

    def open(self, name: str) -> None:
        """Start this gateway."""
        command = f"env GATEWAY_METRICS_PORT={self.own_ports[name]} {self.commands['gateway']}"
        self.processes.start(name, command)

    @property
    def running(self) -> list[str]:
        """Names of the gateways that run."""
        return [name for name in self.processes.pids if name.startswith("gateway-")]

    async def keep(self, count: int) -> None:
        """So many run then, and answer."""
        wanted = list(self.own_ports)[:count]
        for name in self.running:
            if name not in wanted:
                self.processes.stop([name])
        for name in wanted:
            if name not in self.running:
                self.open(name)
            await self.until_ready(name)

    async def until_ready(self, name: str) -> None:
        """It says so itself."""
        async with asyncio.timeout(30), httpx.AsyncClient() as client:
            while True:
                try:
                    if (await client.get(f"{self._own_url(name)}/health/ready")).status_code == 200:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.1)

    async def connected(self) -> dict[str, int]:
        """Charge points by gateway, as each says."""
        async with httpx.AsyncClient() as client:
            told = {name: (await client.get(f"{self._own_url(name)}/health")).json() for name in self.running}
        return {name: health["connected"] for name, health in told.items()}

    def kill(self, name: str) -> None:
        """It dies."""
        os.kill(self.processes.pids[name], signal.SIGKILL)
        self.processes.stop([name])

    def _own_url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.own_ports[name]}"


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[GatewayFarm]:
    environment = own_environment(worker_id, 2) | {"GATEWAY_SHARED_PORT": "true", "GATEWAY_DRAIN_S": "3"}
    with GatewayFarm(tmp_path_factory.mktemp("farm"), OTHERS, **environment) as running:
        yield running


@pytest.fixture(scope="module")
def farm_services(farm: GatewayFarm) -> Services:
    made = build_services(farm.settings)
    made.tenants.prepare_stores()
    return made


@pytest.fixture(scope="module")
def farm_databases(farm: GatewayFarm) -> Databases:
    return build_adapters(farm.settings).databases


@dataclass
class Network:
    """A tenant with its charge points, one who sends commands, and one who listens."""

    farm: GatewayFarm
    tenant: TestTenant
    operator: RestClient
    ear: MqttListener
    charge_points: list[PersistentChargePoint]

    @property
    def identities(self) -> list[str]:
        return [one.identity for one in self.charge_points]

    async def is_there(self) -> bool:
        """REST tells that all its charge points are connected."""
        listed = await self.operator.get("/chargepoints", limit=100)
        return {one["charge_point_id"] for one in listed["items"] if one["connected"]} == set(self.identities)

    async def command_by_rest(self) -> None:
        """Each charge point gets one, and answers."""
        body = {"command_type": "trigger_message", "parameters": {"requested_message": "Heartbeat"}}
        for identity in self.identities:
            told = await self.operator.send("POST", f"/chargepoints/{identity}/commands?wait=20", body, 200)
            assert told["status"] == "accepted"

    async def command_by_mqtt(self) -> None:
        """The same by the other door."""
        wish = {"command_type": "trigger_message", "parameters": {"requested_message": "Heartbeat"}}
        ids = {identity: f"cmd-{uuid.uuid4()}" for identity in self.identities}
        for identity, command_id in ids.items():
            topic = f"ocpp/commands/{self.tenant.id}/{identity}"
            self.ear.publish(topic, wish | {"command_id": command_id})
        for command_id in ids.values():
            await self.ear.wait_for(partial(is_accepted, command_id), timeout_s=20)


def is_accepted(command_id: str, heard: Heard) -> bool:
    return bool(heard.body.get("command_id") == command_id and heard.body.get("status") == "accepted")


@asynccontextmanager
async def network(farm: GatewayFarm, services: Services, mode: str) -> AsyncIterator[Network]:
    """All its charge points are connected."""
    tenant = make_tenant(farm, services, mode)
    async with AsyncExitStack() as opened:
        operator = RestClient(farm, f"operator@{tenant.id}.example")
        opened.push_async_callback(operator.close)
        await operator.login()
        name = f"farm-{uuid.uuid4().hex[:8]}"
        ear = MqttListener(farm.settings.mqtt.url, name, f"ocpp/+/{tenant.id}/#")
        await opened.enter_async_context(ear)
        charge_points = [
            await opened.enter_async_context(
                PersistentChargePoint(farm.ws_url, tenant.identity(), tenant.id_tag)
            )
            for _ in range(CHARGE_POINTS)
        ]
        yield Network(farm, tenant, operator, ear, charge_points)


async def everybody_is_there(farm: GatewayFarm, networks: Sequence[Network]) -> None:
    """Presence tells of all of them, and the gateways of as many."""
    count = sum(len(one.charge_points) for one in networks)
    async with asyncio.timeout(40):
        while True:
            held = sum((await farm.connected()).values())
            if held == count and all([await one.is_there() for one in networks]):
                return
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("count", [2, GATEWAYS])
async def test_one_of_several_gateways_dies_under_load_and_another_ends_and_nothing_is_lost(
    farm: GatewayFarm, farm_services: Services, farm_databases: Databases, count: int
) -> None:
    """With a tenant in each mode."""
    await farm.keep(count)
    stop = asyncio.Event()
    async with (
        network(farm, farm_services, "queue") as queued,
        network(farm, farm_services, "bypass") as bypassed,
    ):
        networks = (queued, bypassed)
        charging = [asyncio.create_task(cp.charge(stop)) for one in networks for cp in one.charge_points]
        await everybody_is_there(farm, networks)
        spread = await farm.connected()
        assert len(spread) == count
        assert sum(held > 0 for held in spread.values()) > 1, spread
        await asyncio.gather(*(one.command_by_rest() for one in networks))

        fullest = max(spread, key=lambda name: spread[name])
        farm.kill(fullest)
        await everybody_is_there(farm, networks)
        await asyncio.gather(*(one.command_by_mqtt() for one in networks))

        farm.open(fullest)
        await farm.until_ready(fullest)
        leaving = next(name for name in farm.running if name != fullest)
        await asyncio.to_thread(farm.processes.stop, [leaving])
        await everybody_is_there(farm, networks)
        await asyncio.gather(*(one.command_by_rest() for one in networks))
        stop.set()
        await asyncio.gather(*charging)

    for one in networks:
        sessions = list(farm_databases.collection(one.tenant.id, "sessions").find({}))
        stored = sorted(
            (s["transaction_id"], s["start_meter_value"], s["stop_meter_value"]) for s in sessions
        )
        assert stored == sorted(session for cp in one.charge_points for session in cp.ledger)
        assert {(s["status"], len(s["meter_values"])) for s in sessions} == {("completed", 3)}
