"""A worker falls silent and is replaced, or dies with a batch in hand, which comes again and does nothing."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from app.bootstrap import Adapters, build_adapters, build_services
from app.services import Services
from bench.charge_point import SimulatedChargePoint
from tests.e2e.conftest import TestTenant, make_tenant, own_environment
from tests.e2e.system import RunningSystem
from tests.e2e.test_faults import is_bypassed, kill, until_queue_is_used

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def deafened(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[RunningSystem]:
    """A system whose worker can be made deaf."""
    directory = tmp_path_factory.mktemp("deafened")
    system = RunningSystem(directory, ("servers", "gateway", "worker"), **own_environment(worker_id, 2))
    system.commands["worker"] = system.commands["worker"].replace("workers.main", "tests.e2e.deaf_worker")
    with system:
        yield system


@pytest.fixture(scope="module")
def services(deafened: RunningSystem) -> Services:
    made = build_services(deafened.settings)
    made.tenants.prepare_stores()
    return made


@pytest.fixture(scope="module")
def adapters(deafened: RunningSystem) -> Adapters:
    return build_adapters(deafened.settings)


@pytest.fixture(scope="module")
def tenant(deafened: RunningSystem, services: Services) -> TestTenant:
    return make_tenant(deafened, services, "queue")


async def test_a_worker_that_stops_consuming_is_replaced_in_its_place(
    deafened: RunningSystem, tenant: TestTenant
) -> None:
    async with SimulatedChargePoint(deafened.ws_url, tenant.identity()) as charge_point:
        await charge_point.boot()
        assert not await is_bypassed(deafened)
        pid = deafened.processes.pids["worker"]
        (Path(deafened.environment["VAR_DIR"]) / "deaf").touch()
        async with asyncio.timeout(20):
            while not await is_bypassed(deafened):
                await charge_point.heartbeat()
        await until_queue_is_used(deafened)
        await charge_point.heartbeat()
        assert not await is_bypassed(deafened)
    deafened.processes.check()  # nothing has ended, so honcho would have ended nothing
    assert deafened.processes.pids["worker"] == pid
    log = deafened.log("worker")
    assert log.count("worker_deaf") == 1
    assert log.count("ready.") == 2


async def until(is_so: Callable[[], bool], timeout_s: float) -> None:
    """Fails after that time."""
    async with asyncio.timeout(timeout_s):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_batch_in_a_killed_workers_hand_comes_again_within_seconds_and_does_nothing_twice(
    deafened: RunningSystem, tenant: TestTenant, adapters: Adapters
) -> None:
    """The database hangs, so the worker is still at it when it dies; the gateway handles the stop itself."""
    servers = psutil.Process(deafened.processes.pids["servers"]).children(recursive=True)
    mongodb = next((child for child in servers if "secantus" in " ".join(child.cmdline())), None)
    if mongodb is None:
        pytest.skip("the MongoDB of this run is not ours to stop")
    redis, handed_out = adapters.redis.client, "cel:unacked"
    async with SimulatedChargePoint(
        deafened.ws_url, tenant.identity(), response_timeout_s=30
    ) as charge_point:
        await charge_point.boot()
        started = await charge_point.start(1, tenant.id_tag, 0)
        await until(lambda: redis.hlen(handed_out) == 0, 30)
        mongodb.suspend()
        try:
            stopping = asyncio.create_task(charge_point.stop(started.transaction_id, 700))
            await until(lambda: redis.hlen(handed_out) > 0, 2)
            kill(deafened, "worker")
        finally:
            mongodb.resume()
        await stopping
        logged = len(deafened.log("worker"))
        deafened.start("worker")
        await until(lambda: "batch_too_late" in deafened.log("worker")[logged:], 40)
        await until(lambda: redis.hlen(handed_out) == 0, 30)
        await until_queue_is_used(deafened)
        await charge_point.heartbeat()
    databases = adapters.databases
    (stored,) = databases.collection(tenant.id, "sessions").find({"transaction_id": started.transaction_id})
    assert (stored["status"], stored["stop_meter_value"]) == ("completed", 700)
    said = databases.collection(tenant.id, "ocpp_messages").find({"action": "StopTransaction"})
    assert len(list(said)) == 1
    assert databases.collection(tenant.id, "dead_letters").count_documents({}) == 0
