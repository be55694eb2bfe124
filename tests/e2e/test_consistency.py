"""The consistency checker on a system that is used: it finds nothing, until somebody breaks something."""

import asyncio
import json
import subprocess
import sys

import pytest

from app.bootstrap.consistency import find_disagreements
from app.storage.mongo import Databases
from bench.charge_point import SimulatedChargePoint
from tests.e2e.conftest import TestTenant
from tests.e2e.system import ROOT, RunningSystem

pytestmark = pytest.mark.e2e


async def charge(system: RunningSystem, tenant: TestTenant, *, leave_running: bool) -> int:
    async with SimulatedChargePoint(system.ws_url, tenant.identity()) as charge_point:
        await charge_point.announce()
        start = await charge_point.start(1, tenant.id_tag, 1000)
        for register in (1500, 2000, 2500):
            await charge_point.meter_values(1, start.transaction_id, register)
        if not leave_running:
            await charge_point.stop(start.transaction_id, 3000, "Local", tag=tenant.id_tag)
        return int(start.transaction_id)


def check(system: RunningSystem, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "app.cli", "check", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=system.environment, capture_output=True, text=True, check=False, timeout=60
    )


async def test_a_busy_system_is_whole_and_what_is_broken_is_told(
    system: RunningSystem, tenant: TestTenant, databases: Databases
) -> None:
    charging = [
        asyncio.create_task(charge(system, tenant, leave_running=number % 3 == 0)) for number in range(9)
    ]
    for _ in range(3):  # also while it works
        assert await asyncio.to_thread(find_disagreements, system.settings, tenant.id) == []
    broken, *_ = [await task for task in charging]
    healthy = await asyncio.to_thread(check, system, "--tenant", tenant.id)
    assert (healthy.returncode, healthy.stdout) == (0, "Everything agrees.\n"), healthy.stderr
    databases.collection(tenant.id, "sessions").update_one(
        {"transaction_id": broken}, {"$set": {"status": "completed"}}
    )
    told = await asyncio.to_thread(check, system, "--tenant", tenant.id, "--json")
    assert told.returncode == 1
    subject = f"session-{broken}"
    assert {(one["check"], one["subject"]) for one in json.loads(told.stdout)} == {
        ("completed_without_stop", subject),
        ("session_readings_differ", subject),
    }
    databases.collection(tenant.id, "sessions").update_one(
        {"transaction_id": broken}, {"$set": {"status": "active"}}
    )
