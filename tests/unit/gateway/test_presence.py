"""Which charge points are connected here: opened, replaced, closed, fenced by epochs (A39)."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from app.domain.charge_point import ChargePoint, ChargePointSecurity
from app.domain.command import Command, CommandRequest
from app.domain.context import ChargePointRef
from app.domain.errors import NotFound, Retryable
from app.ocpp.catalog import load_catalog
from app.services.ports import OpenedConnection, PageRequest
from gateway import presence
from gateway.connection import ChargePointConnection
from gateway.credentials import Proof
from gateway.handshake import Admitted
from gateway.limits import ConnectionLimits
from gateway.pace import Paces
from gateway.presence import Presence
from gateway.subprotocol import Choice
from gateway.websocket import WebSocket
from tests.builders import REF
from tests.fakes.world import World, fake_world
from tests.unit.gateway.conftest import FakeUplink, FakeWebSocket

pytestmark = pytest.mark.asyncio


@pytest.fixture
def world() -> World:
    world = fake_world(load_catalog())
    world.services.tenants.create("acme", "Acme")
    world.add_charge_point("acme", "CP-1")
    return world


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def admitted(charge_point: ChargePoint | None = None, proof: Proof | None = None) -> Admitted:
    """What the handshake found out."""
    known = charge_point or ChargePoint("acme", "CP-1", None)
    return Admitted(known, Choice("ocpp1.6"), proof or Proof(0), ())


class House:
    """A gateway's presence over fakes. To be made inside the event loop."""

    def __init__(self, world: World, threads: ThreadPoolExecutor) -> None:
        self.uplink = FakeUplink()
        paces = Paces(world.services.tenants.directory)
        self.presence = Presence("gw-1", world.services, threads, self.uplink, ConnectionLimits(8, 1), paces)

    async def open(self, name: str = "c-1") -> tuple[ChargePointConnection | None, FakeWebSocket]:
        websocket = FakeWebSocket()
        opened = await self.presence.open(cast(WebSocket, websocket), admitted(), name)
        return opened, websocket


async def test_an_opened_connection_is_known_here_and_in_the_store(
    world: World, threads: ThreadPoolExecutor
) -> None:
    house = House(world, threads)
    connection, _ = await house.open("c-1")
    assert connection is not None
    assert (connection.epoch, connection.registration, connection.connection_id) == (1, "Accepted", "c-1")
    assert house.presence.find(REF) is connection
    assert (house.presence.count, house.presence.all()) == (1, [connection])
    stored = world.services.charge_points.get(REF).connection
    assert stored is not None
    assert (stored.gateway_id, stored.connection_id, stored.epoch) == ("gw-1", "c-1", 1)


async def test_the_newest_connection_replaces_the_one_before(
    world: World, threads: ThreadPoolExecutor
) -> None:
    house = House(world, threads)
    old, old_socket = await house.open("c-1")
    new, _ = await house.open("c-2")
    assert old is not None
    await old_socket.ended.wait()
    assert old_socket.closed_with == (1008, "replaced by a newer connection")
    assert house.presence.find(REF) is new
    await house.presence.close(old)
    assert house.presence.find(REF) is new
    assert world.services.charge_points.get(REF).is_live


async def test_a_connection_that_was_overtaken_while_it_opened_is_not_taken(
    world: World, threads: ThreadPoolExecutor
) -> None:
    """The store answered the later one first."""
    house = House(world, threads)
    newer, newer_socket = await house.open("c-2")
    assert newer is not None
    newer.epoch = 9
    overtaken, _ = await house.open("c-1")
    assert overtaken is None
    assert house.presence.find(REF) is newer
    assert newer_socket.closed_with is None


async def test_a_closed_connection_is_gone_here_and_in_the_store(
    world: World, threads: ThreadPoolExecutor
) -> None:
    house = House(world, threads)
    connection, _ = await house.open()
    assert connection is not None
    await house.presence.close(connection)
    assert house.presence.count == 0
    assert world.services.charge_points.get(REF).connection is None


async def test_closing_is_tried_until_the_store_takes_it(
    world: World, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(world, threads)
    connection, _ = await house.open()
    assert connection is not None
    close, failures = world.charge_points.close_connection, [Retryable("down"), Retryable("down")]

    def fail_twice(*args: Any) -> Any:
        if failures:
            raise failures.pop()
        return close(*args)

    monkeypatch.setattr(presence, "_CLOSE_RETRY_S", 0)
    monkeypatch.setattr(world.charge_points, "close_connection", fail_twice)
    await house.presence.close(connection)
    assert world.services.charge_points.get(REF).connection is None


async def test_who_is_unknown_by_now_is_not_let_in(world: World, threads: ThreadPoolExecutor) -> None:
    house = House(world, threads)
    with pytest.raises(NotFound):
        await house.presence.open(
            cast(WebSocket, FakeWebSocket()), admitted(ChargePoint("acme", "nobody", None)), "c-1"
        )
    assert house.presence.count == 0


async def test_a_connection_older_than_one_elsewhere_is_closed(
    world: World, threads: ThreadPoolExecutor
) -> None:
    house = House(world, threads)
    connection, websocket = await house.open()
    assert connection is not None
    house.presence.close_older(REF, connection.epoch)
    house.presence.close_older(ChargePointRef("acme", "other"), 99)
    assert websocket.closed_with is None
    house.presence.close_older(REF, connection.epoch + 1)
    await websocket.ended.wait()
    assert websocket.closed_with == (1008, "closed by the central system, connect again")


async def test_what_waited_in_the_store_is_delivered(world: World, threads: ThreadPoolExecutor) -> None:
    request = CommandRequest(REF, "reset", {"type": "Soft"}, "tests")
    command = world.services.commands.submit(world.services.tenants.get("acme"), request)
    house = House(world, threads)
    connection, _ = await house.open()
    assert connection is not None
    await house.presence.deliveries.deliver(connection)
    assert [(gateway_id, d.command_id) for gateway_id, d in world.link.delivered] == [("gw-1", command.id)]


async def test_what_redis_may_have_lost_is_delivered_again(world: World, threads: ThreadPoolExecutor) -> None:
    """A command that was on its way when Redis died: its sender believes that it was handed over."""
    house = House(world, threads)
    await house.open()
    request = CommandRequest(REF, "reset", {"type": "Soft"}, "tests")
    command = world.services.commands.submit(world.services.tenants.get("acme"), request)
    await house.presence.deliver_all_waiting()
    assert [delivery.command_id for _, delivery in world.link.delivered] == [command.id, command.id]


async def test_more_commands_than_the_line_holds_are_delivered_once_it_is_empty(
    world: World, threads: ThreadPoolExecutor
) -> None:
    house = House(world, threads)
    connection, _ = await house.open()
    assert connection is not None
    connection._commands._left_in_store = True
    request = CommandRequest(REF, "reset", {"type": "Soft"}, "tests")
    world.services.commands.submit(world.services.tenants.get("acme"), request)
    before = len(world.link.delivered)
    connection._commands.hold(0)  # its release finds the line empty
    async with asyncio.timeout(5):
        while len(world.link.delivered) == before:  # noqa: ASYNC110 - a thread delivers
            await asyncio.sleep(0.01)


# --- what was pending, and is used now (E4, E6) ------------------------------------------------------


PENDING = ChargePointSecurity(1, "old", "new", pending_profile=2)


@pytest.mark.parametrize(
    ("proof", "expected"),
    [
        (Proof(2, uses_pending_profile=True), ChargePointSecurity(2, "old", "new")),
        (Proof(1, uses_pending_key=True), ChargePointSecurity(1, "new", pending_profile=2)),
        (Proof(2, uses_pending_profile=True, uses_pending_key=True), ChargePointSecurity(2, "new")),
        (Proof(1), PENDING),
    ],
)
async def test_what_was_pending_is_the_rule_once_it_is_used(
    world: World, threads: ThreadPoolExecutor, proof: Proof, expected: ChargePointSecurity
) -> None:
    known = ChargePoint("acme", "CP-1", None, security=PENDING)
    world.charge_points.put(known)
    await House(world, threads).presence.note_proof(admitted(known, proof))
    assert world.services.charge_points.get(REF).security == expected


async def test_a_proof_that_changes_nothing_wakes_up_no_thread(world: World) -> None:
    """As nearly all of those that come back in a storm."""
    gone = ThreadPoolExecutor(1)
    gone.shutdown()
    await House(world, gone).presence.note_proof(admitted(proof=Proof(1)))


async def test_a_certificate_is_seen_in_use(
    world: World, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """E25: the old one retires by it."""
    seen: list[tuple[ChargePointRef, str]] = []
    certificates = type(world.services.keepers.certificates)
    monkeypatch.setattr(certificates, "note_seen", lambda _, *told: seen.append(told))
    await House(world, threads).presence.note_proof(admitted(proof=Proof(3, serial_hex="0A1B")))
    assert seen == [(REF, "0A1B")]


async def test_a_store_that_fails_meanwhile_lets_the_charge_point_in_all_the_same(
    world: World, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise Retryable("down")

    monkeypatch.setattr(world.charge_points, "change", fail)
    await House(world, threads).presence.note_proof(admitted(proof=Proof(2, uses_pending_profile=True)))


# --- the status after a reconnect --------------------------------------------------------------------


def commands_of(world: World) -> tuple[Command, ...]:
    return world.services.commands.list_page("acme", PageRequest()).items


async def test_a_tenant_may_want_to_know_the_status_after_a_reconnect(
    world: World, threads: ThreadPoolExecutor
) -> None:
    world.services.tenants.directory.refresh()
    house = House(world, threads)
    connection, _ = await house.open()
    assert connection is not None
    await house.presence.ask_for_status(connection, 0)
    (command,) = commands_of(world)
    assert (command.action, command.requested_by) == ("TriggerMessage", "system")
    assert command.parameters == {"requested_message": "StatusNotification"}


@pytest.mark.parametrize("registration", [None, "Pending", "Rejected"])
async def test_but_not_of_one_that_is_not_accepted(
    world: World, threads: ThreadPoolExecutor, registration: str | None
) -> None:
    """A37."""
    world.services.tenants.directory.refresh()
    house = House(world, threads)
    connection, _ = await house.open()
    assert connection is not None
    connection.registration = registration
    await house.presence.ask_for_status(connection, 0)
    assert commands_of(world) == ()


async def test_and_not_of_one_that_is_gone_by_then(world: World, threads: ThreadPoolExecutor) -> None:
    world.services.tenants.directory.refresh()
    house = House(world, threads)
    connection, _ = await house.open()
    assert connection is not None
    await house.presence.close(connection)
    await house.presence.ask_for_status(connection, 0)
    assert commands_of(world) == ()


async def test_connections_that_open_at_once_keep_their_order(
    world: World, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A39: the thread of the first one is slow; the second is the newest all the same."""
    began, go_on = threading.Event(), threading.Event()
    really_open = world.services.charge_points.open_connection

    def open_slowly(ref: ChargePointRef, gateway_id: str, connection_id: str) -> OpenedConnection:
        if connection_id == "first":
            began.set()
            go_on.wait(5)
        return really_open(ref, gateway_id, connection_id)

    monkeypatch.setattr(type(world.services.charge_points), "open_connection", staticmethod(open_slowly))
    house = House(world, threads)
    first = asyncio.create_task(house.open("first"))
    await asyncio.to_thread(began.wait, 5)
    second = asyncio.create_task(house.open("second"))
    await asyncio.sleep(0)
    go_on.set()
    (older, _), (newer, _) = await first, await second
    assert older is not None
    assert newer is not None
    assert older.epoch < newer.epoch
    assert house.presence.find(REF) is newer


async def test_connections_of_a_tenant_that_is_not_served_end(
    world: World, threads: ThreadPoolExecutor
) -> None:
    house = House(world, threads)
    _, websocket = await house.open()
    world.services.tenants.directory.refresh()
    house.presence.close_unserved()
    assert websocket.closed_with is None
    world.services.tenant_lifecycle.suspend("acme")
    world.services.tenants.directory.refresh()
    house.presence.close_unserved()
    async with asyncio.timeout(5):
        await websocket.ended.wait()
    assert websocket.closed_with == (1008, "the tenant is not served")
