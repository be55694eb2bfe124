"""Live events and numbers, from a charge point's socket to a reader's."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from bench.charge_point import SimulatedChargePoint
from tests.e2e.conftest import PASSWORD, RestClient, TestTenant
from tests.e2e.system import RunningSystem

pytestmark = pytest.mark.e2e
Message = tuple[str, str, Any]


async def log_in(client: httpx.AsyncClient, tenant: TestTenant) -> dict[str, str]:
    body = {"email": f"viewer@{tenant.id}.example", "password": PASSWORD}
    answer = await client.post("/api/v1/auth/login", json=body)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def messages(answer: httpx.Response) -> AsyncIterator[Message]:
    """(id, event, data) of each."""
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "event" in fields:
            yield fields["id"], fields["event"], json.loads(fields["data"])
            fields = {}


@asynccontextmanager
async def following(
    client: httpx.AsyncClient, headers: dict[str, str], **query: str
) -> AsyncIterator[AsyncIterator[Message]]:
    async with client.stream("GET", "/api/v1/events", params=query, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/event-stream"
        yield messages(answer)


async def until(stream: AsyncIterator[Message], event_type: str) -> list[Message]:
    """All messages up to the first of this type."""
    seen = []
    async with asyncio.timeout(15):
        async for message in stream:
            seen.append(message)
            if message[2].get("event_type") == event_type:
                return seen
    raise AssertionError(seen)


async def test_a_page_follows_and_goes_on_where_it_stopped(
    system: RunningSystem, tenant: TestTenant, rest: RestClient
) -> None:
    identity = tenant.identity()
    async with httpx.AsyncClient(base_url=system.rest_url, timeout=30) as client:
        headers = await log_in(client, tenant)
        ticket = (await client.post("/api/v1/events/ticket", headers=headers)).json()["ticket"]
        async with following(client, {}, ticket=ticket, charge_point_id=identity) as stream:
            _, kind, data = await anext(stream)
            assert (kind, data) == ("ready", {"resumed": False})
            async with SimulatedChargePoint(system.ws_url, identity) as charge_point:
                await charge_point.boot()
                await charge_point.status(1, "Available")
                started = await charge_point.start(1, tenant.id_tag, 0)
                seen = await until(stream, "session_started")
                assert {kind for _, kind, _ in seen} == {"status", "session"}
                assert {data["charge_point_id"] for _, _, data in seen} == {identity}
                used = await client.get("/api/v1/events", params={"ticket": ticket})
                assert used.status_code == 401
                numbers = await rest.get("/stats", charge_point_id=identity)
                assert (numbers["charge_points"], numbers["connected"], numbers["charging"]) == (1, 1, 1)
                await charge_point.stop(started.transaction_id, 700)
        last = seen[-1][0]
        await asyncio.sleep(1)
        headers["Last-Event-ID"] = last
        async with following(client, headers, types="session", charge_point_id=identity) as stream:
            _, kind, data = await anext(stream)
            assert (kind, data) == ("ready", {"resumed": True})
            _, kind, data = await anext(stream)
            assert (kind, data["event_type"], data["data"]["energy_wh"]) == (
                "session",
                "session_stopped",
                700,
            )


async def test_places_come_back_when_readers_go(system: RunningSystem, tenant: TestTenant) -> None:
    """More readers than places; those who go make room, and others are served all the time."""
    async with httpx.AsyncClient(base_url=system.rest_url, timeout=30) as client:
        headers = await log_in(client, tenant)
        streams = [client.stream("GET", "/api/v1/events", headers=headers) for _ in range(12)]
        answers = [await stream.__aenter__() for stream in streams]
        statuses = [answer.status_code for answer in answers]
        assert set(statuses) == {200, 503}
        assert statuses.count(200) <= 8
        full = next(answer for answer in answers if answer.status_code == 503)
        assert json.loads(await full.aread())["code"] == "busy"
        assert "Retry-After" in full.headers
        assert (await client.get("/api/v1/stats", headers=headers)).status_code == 200
        for stream in streams:
            await stream.__aexit__(None, None, None)
        async with asyncio.timeout(30):
            while True:
                async with client.stream("GET", "/api/v1/events", headers=headers) as answer:
                    if answer.status_code == 200:
                        break
                await asyncio.sleep(0.5)
