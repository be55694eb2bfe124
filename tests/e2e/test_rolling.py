"""A rolling restart: each process is told to end and started again, under load, and nothing is lost by it."""

import asyncio
import contextlib
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
import pytest_asyncio

from app.bootstrap import build_adapters, build_services
from app.services import Services
from app.storage.mongo import Databases
from tests.e2e.conftest import PASSWORD, TestTenant, make_tenant, own_environment
from tests.e2e.persistent import PersistentChargePoint, Session
from tests.e2e.system import ALL, RunningSystem

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
ROLLED = tuple(name for name in ALL if name != "servers")
DRAIN_S = 4
ENDS_WITHIN_S = 15.0
"""A process that were killed in the end would take twenty seconds."""
CHARGE_POINTS = 6
HONEST = {"accepted", "timed_out"}


@pytest.fixture(scope="module")
def rolling(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[RunningSystem]:
    """A whole system of which every process may be restarted."""
    directory = tmp_path_factory.mktemp("rolling")
    environment = own_environment(worker_id, 2) | {"GATEWAY_DRAIN_S": str(DRAIN_S)}
    with RunningSystem(directory, ALL, **environment) as running:
        yield running


@pytest.fixture(scope="module")
def rolling_services(rolling: RunningSystem) -> Services:
    made = build_services(rolling.settings)
    made.tenants.prepare_stores()
    return made


@pytest.fixture(scope="module")
def rolling_databases(rolling: RunningSystem) -> Databases:
    return build_adapters(rolling.settings).databases


@pytest.fixture(scope="module", params=["queue", "bypass"])
def rolling_tenant(
    request: pytest.FixtureRequest, rolling: RunningSystem, rolling_services: Services
) -> TestTenant:
    return make_tenant(rolling, rolling_services, request.param)


class Operator:
    """Sends commands over REST, again and again, whatever is restarted; keeps which were taken."""

    def __init__(self, system: RunningSystem, tenant: TestTenant) -> None:
        self._client = httpx.AsyncClient(base_url=f"{system.rest_url}/api/v1", timeout=20)
        self._tenant = tenant
        self.taken: list[str] = []

    async def login(self) -> None:
        body = {"email": f"operator@{self._tenant.id}.example", "password": PASSWORD}
        answer = await self._client.post("/auth/login", json=body)
        self._client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    async def work(self, identities: list[str], stop: asyncio.Event) -> None:
        """A command every tenth of a second. One whose answer got lost is asked for again, by its key."""
        body = {"command_type": "trigger_message", "parameters": {"requested_message": "Heartbeat"}}
        number = 0
        while not stop.is_set():
            path = f"/chargepoints/{identities[number % len(identities)]}/commands"
            headers = {"Idempotency-Key": str(uuid.uuid4())}
            self.taken.append((await self._until_taken(path, body, headers))["id"])
            number += 1
            await asyncio.sleep(0.1)

    async def _until_taken(self, path: str, body: Any, headers: dict[str, str]) -> Any:
        while True:
            with contextlib.suppress(httpx.TransportError):
                answer = await self._client.post(path, json=body, headers=headers)
                if answer.status_code in (200, 202):
                    return answer.json()
                assert answer.status_code in (409, 502, 503), answer.text  # 409: the first try still runs
            await asyncio.sleep(0.2)

    async def ends(self) -> Counter[str]:
        """How all of them ended, as soon as they have."""
        async with asyncio.timeout(60):
            while True:
                commands = [await self._get(command_id) for command_id in self.taken]
                if all(command["completed_at"] for command in commands):
                    return Counter(command["status"] for command in commands)
                await asyncio.sleep(0.5)

    async def _get(self, command_id: str) -> Any:
        answer = await self._client.get(f"/commands/{command_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def close(self) -> None:
        await self._client.aclose()


@pytest_asyncio.fixture
async def operator(rolling: RunningSystem, rolling_tenant: TestTenant) -> AsyncIterator[Operator]:
    someone = Operator(rolling, rolling_tenant)
    await someone.login()
    yield someone
    await someone.close()


async def restart(system: RunningSystem, name: str) -> float:
    """SIGTERM, then the next one; answers how long the first took to end."""
    began = time.monotonic()
    await asyncio.to_thread(system.processes.stop, [name])
    took_s = time.monotonic() - began
    system.start(name)
    await asyncio.to_thread(system.wait_ready)
    return took_s


def sessions_of(databases: Databases, tenant: TestTenant) -> list[Session]:
    """All that are stored, each with its three readings, and complete."""
    stored = list(databases.collection(tenant.id, "sessions").find({}))
    assert {session["status"] for session in stored} == {"completed"}
    assert {len(session["meter_values"]) for session in stored} == {3}
    return sorted((s["transaction_id"], s["start_meter_value"], s["stop_meter_value"]) for s in stored)


async def test_a_rolling_restart_under_load_loses_no_message_and_no_command(
    rolling: RunningSystem, rolling_tenant: TestTenant, rolling_databases: Databases, operator: Operator
) -> None:
    stop, took_s = asyncio.Event(), {}
    async with AsyncExitStack() as lines:
        points = [
            await lines.enter_async_context(
                PersistentChargePoint(rolling.ws_url, rolling_tenant.identity(), rolling_tenant.id_tag)
            )
            for _ in range(CHARGE_POINTS)
        ]
        charging = [asyncio.create_task(point.charge(stop)) for point in points]
        working = asyncio.create_task(operator.work([point.identity for point in points], stop))
        for name in ROLLED:
            await asyncio.sleep(1.0)  # in the middle of the load, wherever that is
            took_s[name] = await restart(rolling, name)
        await asyncio.sleep(1.0)
        stop.set()
        await asyncio.gather(*charging, working)
        ends = await operator.ends()
        asked = sum(point.commands.count("TriggerMessage") for point in points)
    believed = sorted(entry for point in points for entry in point.ledger)
    assert sessions_of(rolling_databases, rolling_tenant) == believed
    assert len(believed) > CHARGE_POINTS
    assert all(point.reconnects >= 2 for point in points)
    assert set(ends) <= HONEST, ends
    assert ends["accepted"] >= 0.9 * ends.total(), ends
    assert ends["accepted"] <= asked <= ends.total()
    late = {name: s for name, s in took_s.items() if s > ENDS_WITHIN_S}
    assert not late, took_s


async def test_who_is_sent_away_is_told_to_come_back(
    rolling: RunningSystem, rolling_tenant: TestTenant
) -> None:
    """1012, after the answer to its call; meanwhile others are told 503 and when to come back."""
    async with AsyncExitStack() as lines:
        point = await lines.enter_async_context(
            PersistentChargePoint(rolling.ws_url, rolling_tenant.identity(), rolling_tenant.id_tag)
        )
        connection = point._line.connection
        assert connection is not None
        await restart(rolling, "gateway")
        async with asyncio.timeout(5):
            await connection.wait_closed()
        assert (connection.close_code, connection.close_reason) == (1012, "the gateway restarts")
    assert "gateway_stopped" in rolling.log("gateway")
