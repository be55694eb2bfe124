"""What comes above the rate is handled later, in turn, and nothing is lost; a flood is ended."""

import asyncio
import gc
import heapq
import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from app.domain.context import ChargePointRef
from app.ocpp.envelope import ReportKind
from app.services.tenants import TenantDirectory
from gateway.pace import FLOOD_S, Pace, Paces
from tests.fakes.world import World, fake_world
from tests.unit.gateway.conftest import Line, a_delivery

pytestmark = pytest.mark.asyncio


class Timers:
    """A clock with alarms, moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self._alarms: list[tuple[float, int, Callable[[], Any]]] = []
        self._count = 0

    def monotonic(self) -> float:
        return self.now

    def call_later(self, delay_s: float, work: Callable[..., Any], *arguments: Any) -> asyncio.TimerHandle:
        self._count += 1
        alarm = (self.now + delay_s, self._count, lambda: work(*arguments))
        heapq.heappush(self._alarms, alarm)
        return cast(asyncio.TimerHandle, _Alarm(self._alarms, alarm))

    def advance(self, seconds: float) -> None:
        until = self.now + seconds
        while self._alarms and self._alarms[0][0] <= until:
            self.now, _, work = heapq.heappop(self._alarms)
            work()
        self.now = until


class _Alarm:
    def __init__(self, alarms: list[Any], alarm: Any) -> None:
        self._alarms, self._alarm = alarms, alarm

    def cancel(self) -> None:
        if self._alarm in self._alarms:
            self._alarms.remove(self._alarm)
            heapq.heapify(self._alarms)


class Talker:
    """Sends `waiting` calls, each as soon as it may; `spoke` has the times."""

    def __init__(self, timers: Timers, paces: Paces, name: str, tenant_id: str = "acme") -> None:
        self._timers = timers
        self.waiting = 0
        self.spoke: list[float] = []
        self.has_overrun = False
        self.pace: Pace = paces.join(ChargePointRef(tenant_id, name), self)

    def says(self, count: int = 1) -> None:
        self.waiting += count
        self.may_speak()

    def may_speak(self) -> None:
        while self.waiting and self.pace.may_go(crowded=self.waiting > 16):
            self.waiting -= 1
            self.spoke.append(self._timers.now)

    def overran(self) -> None:
        self.has_overrun = True
        self.pace.end()


@pytest.fixture
def world() -> World:
    world = fake_world()
    for tenant_id in ("acme", "beta"):
        world.services.tenants.create(tenant_id, tenant_id.title())
    world.services.tenants.directory.refresh()
    return world


@pytest.fixture
def timers() -> Timers:
    return Timers()


@pytest.fixture
def paces(world: World, timers: Timers) -> Paces:
    directory: TenantDirectory = world.services.tenants.directory
    return Paces(directory, timers.monotonic, timers.call_later)


def limit(world: World, **limits: int) -> None:
    world.services.tenants.configure("acme", limits)
    world.services.tenants.directory.refresh()


async def test_below_the_rate_nothing_waits(timers: Timers, paces: Paces, world: World) -> None:
    limit(world, ocpp_rate_limit=60)
    talker = Talker(timers, paces, "CP-1")
    talker.says(60)
    assert talker.spoke == [0.0] * 60
    assert paces.counts == {}


async def test_above_it_calls_wait_for_their_turn_and_all_come(
    timers: Timers, paces: Paces, world: World
) -> None:
    limit(world, ocpp_rate_limit=60)
    talker = Talker(timers, paces, "CP-1")
    talker.says(63)
    assert len(talker.spoke) == 60
    timers.advance(3.01)
    assert talker.spoke[60:] == pytest.approx([1.0, 2.0, 3.0], abs=0.01)
    assert paces.counts == {("acme", "charge_point", "delayed"): 3}


async def test_a_new_connection_has_the_bucket_of_the_one_before(
    timers: Timers, paces: Paces, world: World
) -> None:
    limit(world, ocpp_rate_limit=60)
    first = Talker(timers, paces, "CP-1")
    first.says(60)
    first.pace.end()
    second = Talker(timers, paces, "CP-1")
    second.says(1)
    assert second.spoke == []
    other = Talker(timers, paces, "CP-1", "beta")
    other.says(1)
    assert other.spoke == [0.0]


async def test_after_a_minute_it_is_forgotten(timers: Timers, paces: Paces) -> None:
    Talker(timers, paces, "CP-1").pace.end()
    assert len(paces._buckets) == 1
    timers.advance(61)
    gc.collect()
    assert len(paces._buckets) == 0


async def test_a_higher_limit_helps_at_once(timers: Timers, paces: Paces, world: World) -> None:
    limit(world, ocpp_rate_limit=1)
    talker = Talker(timers, paces, "CP-1")
    talker.says(3)
    assert len(talker.spoke) == 1
    limit(world, ocpp_rate_limit=60_000)
    timers.advance(1.1)
    assert len(talker.spoke) == 3


async def test_one_that_waits_for_its_answers_is_slowed_down_and_never_closed(
    timers: Timers, paces: Paces, world: World
) -> None:
    """A charge point that was offline sends thousands, one after the other."""
    limit(world, ocpp_rate_limit=60)
    talker = Talker(timers, paces, "CP-1")
    for _ in range(200):
        talker.says(1)
        timers.advance(1.0)
    assert len(talker.spoke) == 200
    assert not talker.has_overrun


async def test_a_flood_that_keeps_on_is_ended(timers: Timers, paces: Paces, world: World) -> None:
    limit(world, ocpp_rate_limit=60)
    talker = Talker(timers, paces, "CP-1")
    talker.says(160)
    timers.advance(FLOOD_S - 1)
    assert paces.counts["acme", "charge_point", "closed"] == 0
    timers.advance(3)
    assert talker.has_overrun
    assert paces.counts["acme", "charge_point", "closed"] == 1


async def test_a_flood_that_ends_in_time_is_forgiven(timers: Timers, paces: Paces, world: World) -> None:
    limit(world, ocpp_rate_limit=60)
    talker = Talker(timers, paces, "CP-1")
    for _ in range(5):
        talker.says(60 + 20)
        timers.advance(FLOOD_S - 2)
        talker.waiting = 0
        timers.advance(90)
    assert not talker.has_overrun


async def test_rubbish_counts_and_makes_the_socket_rest(timers: Timers, paces: Paces, world: World) -> None:
    limit(world, ocpp_rate_limit=60)
    talker = Talker(timers, paces, "CP-1")
    assert {talker.pace.spend() for _ in range(60)} == {0.0}
    assert talker.pace.spend() == pytest.approx(1.0)
    for _ in range(12):
        timers.advance(1.0)
        talker.pace.spend()
    assert talker.has_overrun


# --- a tenant's limit ---------------------------------------------------------------------------------


async def test_a_tenants_charge_points_share_its_tokens_in_turn(
    timers: Timers, paces: Paces, world: World
) -> None:
    """One that has much to say gets no more than the others."""
    limit(world, ocpp_tenant_rate_limit=60)
    loud, calm, other = (Talker(timers, paces, name) for name in ("CP-1", "CP-2", "CP-3"))
    loud.says(60 + 30)
    assert len(loud.spoke) == 60
    calm.says(5)
    other.says(5)
    timers.advance(15.01)
    assert (len(calm.spoke), len(other.spoke), len(loud.spoke)) == (5, 5, 60 + 5)
    timers.advance(30)
    assert len(loud.spoke) == 60 + 30
    assert paces.counts["acme", "tenant", "delayed"] == 40
    assert not loud.has_overrun


async def test_another_tenant_feels_nothing_of_it(timers: Timers, paces: Paces, world: World) -> None:
    limit(world, ocpp_tenant_rate_limit=60)
    Talker(timers, paces, "CP-1").says(300)
    foreign = Talker(timers, paces, "CP-1", "beta")
    foreign.says(500)
    assert foreign.spoke == [0.0] * 500


async def test_who_leaves_takes_nobodys_turn(timers: Timers, paces: Paces, world: World) -> None:
    limit(world, ocpp_tenant_rate_limit=60)
    first, second, third = (Talker(timers, paces, name) for name in ("CP-1", "CP-2", "CP-3"))
    first.says(60)
    second.says(1)
    third.says(1)
    second.pace.end()
    timers.advance(1.01)
    assert len(third.spoke) == 1


async def test_a_tenants_limit_that_is_lifted_lets_all_go(timers: Timers, paces: Paces, world: World) -> None:
    limit(world, ocpp_tenant_rate_limit=1)
    talker = Talker(timers, paces, "CP-1")
    talker.says(5)
    assert len(talker.spoke) == 1
    limit(world, ocpp_tenant_rate_limit=0)
    timers.advance(1.1)
    assert len(talker.spoke) == 5


# --- a connection -------------------------------------------------------------------------------------


def call(number: int) -> list[object]:
    return [2, str(number), "DataTransfer", {"vendorId": "v", "data": str(number)}]


async def test_a_connection_holds_its_calls_back_and_loses_none(
    timers: Timers, paces: Paces, world: World
) -> None:
    limit(world, ocpp_rate_limit=60)
    async with Line(paces=paces, max_waiting_calls=4) as line:
        line.websocket.says(*[call(number) for number in range(68)])
        for _ in range(60):
            await line.answer(await line.uplink.call())
        await line.settle()
        assert line.uplink.idle
        assert line.websocket.read == 64  # sixty were answered, four wait, the rest stays in the socket
        for number in range(60, 68):
            timers.advance(1.01)
            sent = await line.uplink.call()
            assert json.loads(sent.text)[1] == str(number)
            await line.answer(sent)
        assert line.websocket.closed_with is None


async def test_a_commands_answer_is_never_held_back(timers: Timers, paces: Paces, world: World) -> None:
    """A23: its lane waits for nothing, and it is no message of the charge point's own."""
    limit(world, ocpp_rate_limit=1)
    async with Line(paces=paces) as line:
        line.websocket.says(call(1), call(2))
        await line.answer(await line.uplink.call())
        line.connection.deliver(a_delivery())
        sent = await line.websocket.heard()
        line.websocket.says([3, sent[1], {"status": "Accepted"}])
        assert (await line.uplink.reported()).kind is ReportKind.SENT
        assert (await line.uplink.reported()).kind is ReportKind.ANSWERED
        assert line.uplink.idle
        assert paces.counts == {("acme", "charge_point", "delayed"): 1}


async def test_a_flooding_connection_is_closed_with_a_reason_and_logged_once(
    timers: Timers, paces: Paces, world: World
) -> None:
    limit(world, ocpp_rate_limit=60)
    async with Line(paces=paces, max_waiting_calls=8) as line:
        line.websocket.says(*[call(number) for number in range(100)])
        for _ in range(60):
            await line.answer(await line.uplink.call())
        with capture_logs() as logs:
            answered = 0
            while line.websocket.closed_with is None:
                timers.advance(1.0)
                await line.answer(await line.uplink.call())
                answered += 1
                await line.settle()
        assert 10 <= answered <= 13
        assert line.websocket.closed_with is not None
        assert line.websocket.closed_with[0] == 1008
        assert [entry["event"] for entry in logs].count("charge_point_floods") == 1
        handled = 0
        while not line.uplink.idle:  # what had been read is handled all the same
            line.connection.answer((await line.uplink.call()).sequence, "[4]", None)
            handled += 1
        assert handled == line.websocket.read - 60 - answered == 8
        assert not line.connection.is_busy
