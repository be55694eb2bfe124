"""Rate limits and connection limits: a flood is slowed down and loses nothing, and nobody else feels it."""

import asyncio
import json
import time

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from app.services import Services
from bench.charge_point import SimulatedChargePoint
from tests.e2e.conftest import RestClient, TestTenant, make_tenant
from tests.e2e.system import RunningSystem

pytestmark = pytest.mark.e2e
RATE = 120
EVERY_S = 60 / RATE


@pytest.fixture(params=["queue", "bypass"])
def tenant(request: pytest.FixtureRequest, system: RunningSystem, services: Services) -> TestTenant:
    """With a rate that a test can reach."""
    return make_tenant(system, services, request.param, ocpp_rate_limit=RATE)


def dial(system: RunningSystem, identity: str) -> connect:
    return connect(
        f"{system.ws_url}/{identity}", subprotocols=[Subprotocol("ocpp1.6")], compression=None, proxy=None
    )


def heartbeat(number: int) -> str:
    return json.dumps([2, str(number), "DataTransfer", {"vendorId": "flood", "data": str(number)}])


async def boot(line: ClientConnection) -> None:
    payload = {"chargePointVendor": "v", "chargePointModel": "m"}
    await line.send(json.dumps([2, "boot", "BootNotification", payload]))
    assert json.loads(await line.recv())[:2] == [3, "boot"]


async def read_all(line: ClientConnection) -> None:
    while True:
        await line.recv()


async def test_a_flood_loses_nothing_and_delays_nobody(
    system: RunningSystem, tenant: TestTenant, rest: RestClient
) -> None:
    """Without waiting for answers it sends more than its rate allows; all of it is answered, later."""
    more = 24
    async with dial(system, tenant.identity()) as flooder:
        await boot(flooder)
        async with SimulatedChargePoint(system.ws_url, tenant.identity()) as calm:
            await calm.boot()
            started = time.monotonic()
            for number in range(RATE + more):
                await flooder.send(heartbeat(number))
            answers: list[str] = []

            async def collect() -> None:
                while len(answers) < RATE + more:
                    answers.append(json.loads(await flooder.recv())[1])

            async with asyncio.timeout(60):
                reading = asyncio.ensure_future(collect())
                slowest = 0.0
                while not reading.done():
                    before = time.monotonic()
                    await calm.heartbeat()
                    slowest = max(slowest, time.monotonic() - before)
                    await asyncio.sleep(0.2)
                await reading
        assert answers == [str(number) for number in range(RATE + more)]
        assert time.monotonic() - started > (more - 1) * EVERY_S
        assert slowest < 2.0
    async with httpx.AsyncClient() as prometheus:
        metrics = (await prometheus.get(f"{system.gateway_url}/metrics")).text
    labels = f'limit="charge_point",outcome="delayed",tenant="{tenant.id}"'
    assert f"ocpp_rate_limited_total{{{labels}}}" in metrics


async def test_a_flood_that_keeps_on_is_closed_with_a_reason(
    system: RunningSystem, tenant: TestTenant
) -> None:
    identity = tenant.identity()
    async with dial(system, identity) as flooder:
        await boot(flooder)

        async def flood() -> None:
            for number in range(100_000):
                await flooder.send(heartbeat(number))

        sending = asyncio.ensure_future(flood())
        async with asyncio.timeout(60):
            with pytest.raises(ConnectionClosed) as ended:
                await read_all(flooder)
        await asyncio.gather(sending, return_exceptions=True)
        closed = ended.value.rcvd
        assert closed is not None
        assert (closed.code, "too many messages" in closed.reason) == (1008, True)
    assert system.log("gateway").count("charge_point_floods") >= 1
    async with SimulatedChargePoint(system.ws_url, tenant.identity()) as other:
        assert (await other.boot()).status == "Accepted"


async def test_a_tenants_limit_is_shared_in_turn_and_touches_no_other(
    system: RunningSystem, services: Services
) -> None:
    limited = make_tenant(system, services, "bypass", ocpp_tenant_rate_limit=60)
    other = make_tenant(system, services, "bypass")
    async with (
        dial(system, limited.identity()) as loud,
        SimulatedChargePoint(system.ws_url, limited.identity()) as calm,
        SimulatedChargePoint(system.ws_url, other.identity()) as foreign,
    ):
        await boot(loud)
        await calm.boot()
        await foreign.boot()
        for number in range(100):
            await loud.send(heartbeat(number))
        await asyncio.sleep(1)
        before = time.monotonic()
        await calm.heartbeat()
        assert time.monotonic() - before < 5.0  # in turn, and not after the forty that wait before it
        before = time.monotonic()
        for _ in range(20):
            await foreign.heartbeat()
        assert time.monotonic() - before < 5.0


async def test_above_max_connections_a_charge_point_is_to_come_back_later(
    system: RunningSystem, services: Services
) -> None:
    small = make_tenant(system, services, "bypass", max_connections=1)
    identity = small.identity()
    async with SimulatedChargePoint(system.ws_url, identity) as first:
        await first.boot()
        with pytest.raises(InvalidStatus) as refused:
            async with dial(system, small.identity()):
                pass
        assert refused.value.response.status_code == 429
        assert refused.value.response.headers["Retry-After"] == "60"
        async with dial(system, identity) as again:  # its old socket is still open
            await boot(again)
    for _ in range(50):
        try:
            async with dial(system, small.identity()) as next_one:
                await boot(next_one)
                return
        except InvalidStatus:
            await asyncio.sleep(0.1)
    pytest.fail("the place is never free again")


async def test_rest_tells_when_to_come_back(system: RunningSystem, services: Services) -> None:
    tenant = make_tenant(system, services, "bypass", api_user_rate_limit=5)
    client = RestClient(system, f"operator@{tenant.id}.example")
    await client.login()
    async with httpx.AsyncClient(base_url=system.rest_url, headers=client._client.headers) as raw:
        for _ in range(100):  # the web server hears of a new tenant a moment after it was made
            if (await raw.get("/api/v1/chargepoints")).headers["RateLimit-Limit"] == "5":
                break
            await asyncio.sleep(0.05)
        answers = [await raw.get("/api/v1/chargepoints") for _ in range(8)]
    await client.close()
    assert [answer.status_code for answer in answers].count(429) >= 2
    last = answers[-1]
    assert last.json()["code"] == "rate_limited"
    assert 1 <= int(last.headers["Retry-After"]) <= 12
    assert (last.headers["RateLimit-Limit"], last.headers["RateLimit-Remaining"]) == ("5", "0")
