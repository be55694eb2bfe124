"""A document that nobody can read breaks the calls that need it: parked alone, replayed once it is mended."""

import asyncio
import json
from typing import Any

import pytest

from app.storage.mongo import Databases
from bench.charge_point import SimulatedChargePoint
from bench.raw_client import RawClient
from tests.e2e.conftest import RestClient, TestTenant
from tests.e2e.system import RunningSystem

pytestmark = pytest.mark.e2e
BOOT = '[2,"b","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]'
TIMES = ("2026-03-01T12:00:00Z", "2026-03-01T12:30:00Z")


def call(unique_id: str, action: str, payload: dict[str, Any]) -> str:
    return json.dumps([2, unique_id, action, payload])


async def as_admin(system: RunningSystem, tenant: TestTenant) -> RestClient:
    client = RestClient(system, f"tenant_admin@{tenant.id}.example")
    await client.login()
    return client


async def test_what_breaks_is_parked_alone_and_its_energy_is_billed_after_a_replay(
    system: RunningSystem, tenant: TestTenant, databases: Databases, rest: RestClient
) -> None:
    sessions = databases.collection(tenant.id, "sessions")
    identity = tenant.identity()
    async with (
        RawClient(system.ws_url, identity) as broken,
        SimulatedChargePoint(system.ws_url, tenant.identity()) as well,
    ):
        await broken.call_raw(BOOT)
        await well.boot()
        start = {"connectorId": 1, "idTag": tenant.id_tag, "meterStart": 0, "timestamp": TIMES[0]}
        number = (await broken.call_raw(call("start", "StartTransaction", start)))[2]["transactionId"]
        sessions.update_one({"transaction_id": number}, {"$rename": {"status": "lost"}})
        stop = {"transactionId": number, "meterStop": 4200, "timestamp": TIMES[1]}

        async def charge() -> None:
            for register in range(5):
                started = await well.start(1, tenant.id_tag, register)
                await well.stop(started.transaction_id, register + 1)

        charging = asyncio.create_task(charge())  # perhaps in the same batches
        for attempt in ("stop-1", "stop-2"):
            answer = await broken.call_raw(call(attempt, "StopTransaction", stop))
            assert (answer[0], answer[1], answer[2]) == (4, attempt, "InternalError")
        await charging
    (letter,) = (await rest.get("/dead-letters", charge_point_id=identity))["items"]
    assert (letter["action"], letter["status"], letter["count"]) == ("StopTransaction", "parked", 2)
    assert (letter["error"], letter["reason"]) == ("KeyError", "'status'")
    assert json.loads(letter["frame"])[1] == "stop-1"
    logs = system.log("worker") + system.log("gateway")
    assert letter["id"] in logs
    admin = await as_admin(system, tenant)
    path = f"/dead-letters/{letter['id']}"
    still = await admin.send("POST", f"{path}/replay", None, 200)
    assert (still["status"], json.loads(still["answer"])[2]) == ("parked", "InternalError")
    sessions.update_one({"transaction_id": number}, {"$rename": {"lost": "status"}})
    replayed = await admin.send("POST", f"{path}/replay", None, 200)
    assert (replayed["status"], json.loads(replayed["answer"])[0]) == ("replayed", 3)
    assert await admin.send("POST", f"{path}/replay", None, 200) == replayed
    await admin.close()
    session = await rest.get(f"/sessions/session-{number}")
    assert (session["status"], session["stop_meter_value"]) == ("completed", 4200)
