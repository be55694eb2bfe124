"""Half-open sockets are found by ping and by traffic; a pong is a sign of life (A40, G5)."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from app.domain.charge_point import ChargePointSettings
from app.domain.context import ChargePointRef
from app.domain.errors import Retryable
from gateway import keepalive
from gateway.keepalive import Pongs, Rhythm, keep_alive, rhythm_of
from tests.builders import REF, a_tenant
from tests.fakes.world import World, fake_world

pytestmark = pytest.mark.asyncio


@pytest.fixture(autouse=True)
def _short_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepalive, "_SECOND_LOOK_S", 0.05)


FAST = Rhythm(0.01, 0.05, 60)


@pytest.fixture
def world() -> World:
    made = fake_world()
    made.services.tenants.create("acme", "Acme", ["CP-"])
    made.services.tenants.directory.refresh()
    made.add_charge_point("acme", "CP-1")
    return made


class FakePeer:
    """A connection whose other end answers pings, or does not."""

    def __init__(self, *, pongs: bool = True) -> None:
        self.ref = REF
        self.pongs = pongs
        self.heard_at = time.monotonic()
        self.is_busy = False
        self.close_code: int | None = None
        self.pings = 0
        self.closed = asyncio.Event()
        self.pending_pings: dict[bytes, object] = {}
        self.websocket: Any = self
        self.transport = SimpleNamespace(get_extra_info=lambda _: None)

    async def ping(self, token: bytes) -> asyncio.Future[None]:
        self.pings += 1
        answer = asyncio.get_running_loop().create_future()
        self.pending_pings[token] = answer
        if self.pongs:
            answer.set_result(None)
        return answer

    def close(self, code: int, _: str) -> None:
        assert code == 1011
        self.closed.set()


async def watched(peer: FakePeer, rhythm: Rhythm, seconds: float) -> list[ChargePointRef]:
    """Who answered within this time, or until the connection was closed."""
    answered: list[ChargePointRef] = []
    watching = asyncio.ensure_future(keep_alive(peer, rhythm, answered.append))
    await asyncio.wait([watching], timeout=seconds)
    watching.cancel()
    return answered


async def test_each_pong_is_noted() -> None:
    peer = FakePeer()
    answered = await watched(peer, FAST, 0.3)
    assert len(answered) >= 2
    assert set(answered) == {REF}
    assert not peer.closed.is_set()


async def test_who_neither_answers_nor_speaks_is_gone() -> None:
    peer = FakePeer(pongs=False)
    assert await watched(peer, FAST, 5) == []
    assert (peer.closed.is_set(), peer.pings) == (True, 1)


async def test_an_answer_that_came_while_we_stood_still_ourselves_counts() -> None:
    """A gateway that was paused must not close everybody whose pong it has not read yet."""
    peer = FakePeer(pongs=False)
    watching = asyncio.ensure_future(keep_alive(peer, FAST, lambda _: None))
    while not peer.pending_pings:  # noqa: ASYNC110
        await asyncio.sleep(0)
    (answer,) = peer.pending_pings.values()
    asyncio.get_running_loop().call_soon(answer.set_result, None)  # type: ignore[attr-defined]
    time.sleep(0.1)  # noqa: ASYNC251 - longer than the ping's time
    peer.pongs = True
    await asyncio.sleep(0.2)
    watching.cancel()
    assert not peer.closed.is_set()


async def speak(peer: FakePeer, every_s: float) -> None:
    """A frame now and then, until cancelled."""
    while True:
        peer.heard_at = time.monotonic()
        await asyncio.sleep(every_s)


async def test_who_speaks_is_there_though_it_answers_no_ping() -> None:
    peer = FakePeer(pongs=False)
    speaking = asyncio.ensure_future(speak(peer, 0.04))
    await watched(peer, FAST, 0.4)
    speaking.cancel()
    assert not peer.closed.is_set()
    assert peer.pings >= 2
    assert len(peer.pending_pings) <= 1  # what is not answered is not remembered


async def test_who_speaks_more_often_than_it_would_be_asked_is_not_asked() -> None:
    peer = FakePeer()
    speaking = asyncio.ensure_future(speak(peer, 0.01))
    await watched(peer, Rhythm(0.2, 0.05, 60), 0.5)
    speaking.cancel()
    assert (peer.closed.is_set(), peer.pings) == (False, 0)


async def test_who_waits_for_our_answer_is_not_taken_for_gone() -> None:
    peer = FakePeer(pongs=False)
    peer.is_busy = True
    await watched(peer, FAST, 0.3)
    assert not peer.closed.is_set()


async def test_who_cannot_stand_pings_gets_none_and_is_known_by_its_traffic() -> None:
    peer = FakePeer()
    peer.heard_at = time.monotonic() - 59.5
    await watched(peer, Rhythm(0, 0.05, 60), 5)
    assert (peer.closed.is_set(), peer.pings) == (True, 0)


@pytest.mark.parametrize(("own", "expected"), [(None, 20), (0, 0), (7, 7)])
async def test_a_charge_points_own_interval_goes_before_its_tenants(own: int | None, expected: int) -> None:
    tenant = a_tenant(ping_interval_s=20, heartbeat_interval=100, boot_retry_interval=60)
    assert rhythm_of(ChargePointSettings(ping_interval_s=own), tenant, 30.0) == Rhythm(expected, 30.0, 300)


async def test_pongs_make_who_was_silent_be_online(world: World) -> None:
    """All of some seconds with one look at the store of times, and no write where nothing changes."""
    world.services.charge_points.open_connection(REF, "gw-1", "c-1")
    world.services.charge_points.mark_silent(REF, 1)
    with ThreadPoolExecutor(1) as threads:
        pongs = Pongs(world.services, threads)
        pongs.note(REF)
        pongs.note(REF)
        await pongs.flush()
    assert world.services.charge_points.get(REF).is_live


@pytest.mark.parametrize("failure", [Retryable("away"), ZeroDivisionError()])
async def test_pongs_that_cannot_be_noted_end_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr(world.services.charge_points, "hear", fail)
    with ThreadPoolExecutor(1) as threads:
        pongs = Pongs(world.services, threads)
        pongs.note(REF)
        await pongs.flush()
        pongs.note(REF)
        await pongs.flush()
