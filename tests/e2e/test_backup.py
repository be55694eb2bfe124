"""A backup of a working system, restored on an empty one: charge points go on as if nothing had happened."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import build_adapters
from app.bootstrap.consistency import find_disagreements
from app.services import Services
from app.storage.mongo import Databases
from bench.charge_point import SimulatedChargePoint
from tests.e2e.conftest import TestTenant, make_tenant, own_environment
from tests.e2e.system import ROOT, RunningSystem

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def cli(system: RunningSystem, *arguments: str) -> Any:
    command = [sys.executable, "-m", "app.cli", *arguments, "--json"]
    done = subprocess.run(
        command, cwd=ROOT, env=system.environment, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def energies(databases: Databases, tenant_id: str) -> dict[str, Any]:
    """Of completed sessions, by id."""
    completed = databases.collection(tenant_id, "sessions").find({"status": "completed"})
    return {one["_id"]: (one["start_meter_value"], one["stop_meter_value"]) for one in completed}


@asynccontextmanager
async def charging_all_the_time(
    system: RunningSystem, tenant: TestTenant
) -> AsyncIterator[tuple[list[int], asyncio.Event]]:
    """Four charge points, one session after the other; the transaction ids given, and when they are 12."""
    given: list[int] = []
    stop, enough = asyncio.Event(), asyncio.Event()

    async def charge() -> None:
        async with SimulatedChargePoint(system.ws_url, tenant.identity()) as charge_point:
            await charge_point.announce()
            while not stop.is_set():
                start = await charge_point.start(1, tenant.id_tag, 1000)
                given.append(start.transaction_id)
                if len(given) == 12:
                    enough.set()
                for register in (1400, 1800):
                    await charge_point.meter_values(1, start.transaction_id, register)
                await charge_point.stop(start.transaction_id, 2000, "Local", tag=tenant.id_tag)

    at_work = [asyncio.create_task(charge()) for _ in range(4)]
    try:
        yield given, enough
    finally:
        stop.set()
        await asyncio.gather(*at_work)


@pytest.mark.timeout(300)
async def test_charge_points_go_on_at_the_restored_installation(
    system: RunningSystem, services: Services, databases: Databases, tmp_path: Path, worker_id: str
) -> None:
    tenant = make_tenant(system, services, "queue")
    lasting = tenant.identity()
    async with SimulatedChargePoint(system.ws_url, lasting) as charge_point:
        await charge_point.announce()
        running = await charge_point.start(1, tenant.id_tag, 5000)
        await charge_point.meter_values(1, running.transaction_id, 5500)
    async with charging_all_the_time(system, tenant) as (given, enough):
        await enough.wait()
        before = energies(databases, tenant.id)
        told = await asyncio.to_thread(cli, system, "backup", str(tmp_path / "backup"))
        assert tenant.id in told["tenants"]
    after = energies(databases, tenant.id)

    second = RunningSystem(tmp_path / "second", ("servers",), **own_environment(worker_id, 2))
    with second:
        assert await asyncio.to_thread(cli, second, "restore", str(tmp_path / "backup"))
        for name in ("gateway", "worker", "events"):
            second.start(name)
        second.wait_ready()
        restored = build_adapters(second.settings).databases
        assert before.items() <= energies(restored, tenant.id).items() <= after.items()
        assert await asyncio.to_thread(find_disagreements, second.settings, tenant.id) == []
        second.wait_for_tenant(tenant.prefix)
        async with SimulatedChargePoint(second.ws_url, lasting) as charge_point:
            await charge_point.announce()
            await charge_point.meter_values(1, running.transaction_id, 6000)
            await charge_point.stop(running.transaction_id, 6500, "Local", tag=tenant.id_tag)
            again = await charge_point.start(1, tenant.id_tag, 6500)
        assert again.transaction_id > max(given)
        session = energies(restored, tenant.id)[f"session-{running.transaction_id}"]
        assert session == (5000, 6500)
        assert await asyncio.to_thread(find_disagreements, second.settings, tenant.id) == []
        restored.client.close()
