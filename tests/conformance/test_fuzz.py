"""Broken frames without end, and then a normal session: nothing dies, nothing leaks, nothing is miscounted.

`FUZZ_SECONDS` says how long (10), `FUZZ_SEED` repeats what a failure reports. What each connection sends
follows from the seed alone; how much of it, from the time.
"""

import asyncio
import json
import os
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

import psutil
import pytest
from websockets.exceptions import ConnectionClosed

from app.domain.context import ChargePointRef
from app.services import Services
from app.services.ports import PageRequest
from bench.raw_client import RawClient
from tests.conformance.charge_point import BOOT, ScriptedChargePoint
from tests.conformance.corpus import frame, spoiled
from tests.conformance.specification import ERROR_CODES
from tests.e2e.conftest import TestTenant, make_tenant
from tests.e2e.system import RunningSystem

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]
SECONDS = float(os.environ.get("FUZZ_SECONDS", "10"))
SEED = os.environ.get("FUZZ_SEED", "1")
CONNECTIONS = 4  # in each mode
BURST = 8
MAY_CLOSE_WITH = {f"closed {code}" for code in (1002, 1006, 1007, 1008, 1009)}
MAY_GROW_BY = 150 * 1024 * 1024
OURS = ("web", "gateway", "worker", "commands", "events", "webhooks", "beat")


@dataclass
class Fuzzer:
    """One charge point that has gone mad."""

    system: RunningSystem
    identity: str
    dice: Random
    ends_at: float
    seen: Counter[str] = field(default_factory=Counter)
    transaction_ids: list[int] = field(default_factory=list)

    async def run(self) -> None:
        """Until the time is up, on as many sockets as it takes."""
        while time.monotonic() < self.ends_at:
            try:
                async with RawClient(self.system.ws_url, self.identity, close_timeout=1) as client:
                    await self._rave(client)
            except AttributeError:  # the client's library trips over its own abort of a socket that is gone
                self.seen["closed 1006"] += 1
            except ConnectionClosed as closed:
                self.seen[f"closed {closed.rcvd.code if closed.rcvd else 1006}"] += 1

    async def _rave(self, client: RawClient) -> None:
        await client.send_raw(json.dumps([2, "boot", "BootNotification", BOOT]))
        while time.monotonic() < self.ends_at:
            for _ in range(BURST):
                await self._throw(client)
            fence = f"fence-{self.dice.getrandbits(48):x}"
            await client.send_raw(json.dumps([2, fence, "Heartbeat", {}]))
            while (answer := await client.recv())[1] != fence:
                self._hear(answer)
            self._hear(answer)

    async def _throw(self, client: RawClient) -> None:
        call = frame(self.dice, self.transaction_ids)
        message = json.dumps(call) if self.dice.random() < 0.1 else spoiled(self.dice, call)
        self.seen["sent"] += 1
        as_text = self.dice.random() < 0.9
        if isinstance(message, str):
            message = message.encode("utf-8", "surrogatepass")
        await client.connection.send(message, text=as_text)

    def _hear(self, answer: Any) -> None:
        assert answer[0] in (3, 4), answer
        if answer[0] == 4:
            assert answer[2] in ERROR_CODES - {"InternalError"}, answer
            self.seen[answer[2]] += 1
            return
        self.seen["answered"] += 1
        if "transactionId" in answer[2]:
            self.transaction_ids = [*self.transaction_ids[-20:], answer[2]["transactionId"]]


def _memory(system: RunningSystem) -> dict[str, int]:
    """Resident bytes of each process of ours with its children. psutil.NoSuchProcess if one has died."""
    found = {}
    for name in OURS:
        root = psutil.Process(system.processes.pids[name])
        found[name] = sum(process.memory_info().rss for process in (root, *root.children(recursive=True)))
    return found


async def _normal_session(system: RunningSystem, services: Services, tenant: TestTenant) -> None:
    async with ScriptedChargePoint(system.ws_url, tenant.identity()) as charge_point:
        await charge_point.boot(0, 1)
        assert (await charge_point.authorize(tenant.id_tag))["status"] == "Accepted"
        transaction_id, info = await charge_point.start(tenant.id_tag, 10_000)
        assert info["status"] == "Accepted"
        await charge_point.meter_values([{"value": "11.2", "unit": "kWh"}], transactionId=transaction_id)
        await charge_point.stop(transaction_id, 12_345)
    ref = ChargePointRef(tenant.id, charge_point.identity)
    page = services.sessions.list_page(
        tenant.id, PageRequest(filters={"charge_point_id": ref.charge_point_id})
    )
    (session,) = page.items
    assert (session.status, session.energy_wh) == ("completed", 2345)


async def test_broken_frames_break_nothing(system: RunningSystem, services: Services) -> None:
    tenants = [make_tenant(system, services, mode) for mode in ("queue", "bypass")]
    logs_before = {name: len(system.log(name)) for name in OURS}
    ends_at = time.monotonic() + SECONDS
    fuzzers = [
        Fuzzer(system, tenant.identity(), Random(f"{SEED}:{tenant.mode}:{number}"), ends_at)
        for tenant in tenants
        for number in range(CONNECTIONS)
    ]
    print(f"FUZZ_SEED={SEED}")
    raving = asyncio.gather(*(fuzzer.run() for fuzzer in fuzzers))
    await asyncio.wait({raving}, timeout=SECONDS / 3)
    memory_before = _memory(system)
    await raving
    system.processes.check()
    seen = sum((fuzzer.seen for fuzzer in fuzzers), Counter())
    print(dict(seen))
    assert {name for name in seen if name.startswith("closed")} <= MAY_CLOSE_WITH
    assert seen["sent"] > 100 * SECONDS / 10
    for tenant in tenants:
        await _normal_session(system, services, tenant)
    for name in OURS:
        news = system.log(name)[logs_before[name] :]
        assert "Traceback" not in news, news[news.index("Traceback") - 2000 :][:6000]
    grown = {name: size - memory_before[name] for name, size in _memory(system).items()}
    assert all(growth < MAY_GROW_BY for growth in grown.values()), grown
