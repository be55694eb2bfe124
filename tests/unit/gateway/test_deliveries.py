"""Commands that waited in the store: sent to who connects, and tried again until the store can say which."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.domain.command import CommandRequest
from app.domain.errors import Retryable
from app.ocpp.catalog import load_catalog
from gateway.deliveries import Deliveries
from tests.builders import REF
from tests.fakes.world import World, fake_world
from tests.unit.gateway.conftest import Line

pytestmark = pytest.mark.asyncio


@pytest.fixture
def world() -> World:
    """Of a charge point that is connected; a command waits for it."""
    world = fake_world(load_catalog())
    tenant = world.services.tenants.create("acme", "Acme")
    world.add_charge_point("acme", "CP-1")
    world.services.commands.submit(tenant, CommandRequest(REF, "reset", {"type": "Soft"}, "tests"))
    world.services.charge_points.open_connection(REF, "gw-1", "c-1")
    return world


@pytest.fixture
def deliveries(world: World) -> Iterator[Deliveries]:
    with ThreadPoolExecutor(2) as threads:
        yield Deliveries(world.services, threads)


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with Line() as line:
        yield line


@pytest.fixture
def failures(world: World, monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """What the store says first, one after the other."""
    failures: list[Exception] = []
    waiting = world.commands.waiting

    def fail_at_first(*asked: Any) -> Any:
        if failures:
            raise failures.pop(0)
        return waiting(*asked)

    monkeypatch.setattr(world.commands, "waiting", fail_at_first)
    return failures


async def settled(deliveries: Deliveries) -> None:
    async with asyncio.timeout(5):
        await asyncio.gather(*deliveries._tasks)


async def test_what_waited_in_the_store_is_delivered(
    world: World, deliveries: Deliveries, line: Line
) -> None:
    deliveries.begin(line.connection)
    await settled(deliveries)
    (command,) = world.link.delivered
    assert command[0] == "gw-1"


@pytest.mark.parametrize("failure", [Retryable("a step-down"), KeyError("a field that was never written")])
async def test_what_the_store_could_not_say_when_it_connected_is_delivered_when_it_can(
    world: World, deliveries: Deliveries, line: Line, failures: list[Exception], failure: Exception
) -> None:
    """Nobody else would send it while the charge point stays connected: the sweep takes it for delivered."""
    failures += [failure, failure]
    deliveries.begin(line.connection)
    await settled(deliveries)
    now = time.monotonic()
    for later_s, delivered in ((4.0, 0), (6.0, 0), (9.0, 0), (11.0, 1), (1000.0, 1)):
        deliveries.try_again(now + later_s)
        await settled(deliveries)
        assert len(world.link.delivered) == delivered


async def test_a_store_that_fails_costs_the_connection_nothing(
    deliveries: Deliveries, line: Line, failures: list[Exception]
) -> None:
    failures.append(Retryable("down"))
    assert not await deliveries.deliver(line.connection)
    assert line.websocket.closed_with is None


async def test_for_who_is_gone_nothing_is_tried_again(
    world: World, deliveries: Deliveries, line: Line, failures: list[Exception]
) -> None:
    failures.append(Retryable("down"))
    deliveries.begin(line.connection)
    await settled(deliveries)
    line.websocket.abort()
    deliveries.try_again(time.monotonic() + 60.0)
    await settled(deliveries)
    assert (world.link.delivered, deliveries._failed) == ([], {})
