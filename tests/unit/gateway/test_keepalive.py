"""Half-open sockets are found by ping and by traffic; a pong is a sign of life (A40, G5)."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from app.domain.charge_point import ChargePointSettings
from app.domain.context import ChargePointRef
from gateway import keepalive
from gateway.keepalive import KeepAlive, Rhythm, rhythm_of
from tests.builders import REF, a_tenant

pytestmark = pytest.mark.asyncio


@pytest.fixture(autouse=True)
def _short_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepalive, "_SECOND_LOOK_S", 0.05)


FAST = Rhythm(0.01, 0.05, 60)


class FakePeer:
    """A connection whose other end answers pings, or does not."""

    def __init__(self, *, pongs: bool = True) -> None:
        self.ref = REF
        self.log = structlog.stdlib.get_logger()
        self.pongs = pongs
        self.heard_at = time.monotonic()
        self.is_busy = False
        self.close_code: int | None = None
        self.pings = 0
        self.closed = asyncio.Event()
        self.answered: Callable[[], None] | None = None
        self.websocket: Any = self
        self.transport = SimpleNamespace(get_extra_info=lambda _: None)

    def ask(self, answered: Callable[[], None]) -> None:
        self.pings += 1
        self.answered = answered
        if self.pongs:
            asyncio.get_running_loop().call_soon(answered)

    def close(self, code: int, _: str) -> None:
        assert code == 1011
        self.closed.set()


class Watching:
    """Over one peer."""

    def __init__(self, peer: FakePeer, rhythm: Rhythm) -> None:
        self.answered: list[ChargePointRef] = []
        self.keep_alive = KeepAlive(self.answered.append, every_s=0.005)
        self.keep_alive.join(peer, rhythm)
        self._running = asyncio.ensure_future(self.keep_alive.run())

    def __enter__(self) -> "Watching":
        return self

    def __exit__(self, *_: object) -> None:
        self._running.cancel()


async def watched(peer: FakePeer, rhythm: Rhythm, seconds: float) -> list[ChargePointRef]:
    """Who answered within this time, or until the connection was closed."""
    with Watching(peer, rhythm) as watching, suppress(TimeoutError):
        await asyncio.wait_for(peer.closed.wait(), seconds)
    return watching.answered


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
    with Watching(peer, FAST):
        while peer.answered is None:  # noqa: ASYNC110
            await asyncio.sleep(0)
        asyncio.get_running_loop().call_soon(peer.answered)
        time.sleep(0.1)  # noqa: ASYNC251 - longer than the ping's time
        peer.pongs = True
        await asyncio.sleep(0.2)
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


async def test_who_speaks_more_often_than_it_would_be_asked_is_not_asked() -> None:
    peer = FakePeer()
    speaking = asyncio.ensure_future(speak(peer, 0.01))
    await watched(peer, Rhythm(0.6, 0.05, 60), 1.5)
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


async def test_a_pong_that_came_too_late_is_none() -> None:
    peer = FakePeer(pongs=False)
    peer.is_busy = True
    peer.heard_at -= 9.99
    with Watching(peer, Rhythm(10.0, 0.01, 60)) as watching:
        watched = watching.keep_alive._watched[peer]
        async with asyncio.timeout(5):
            while peer.answered is None or watched.asked_at is not None:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        peer.answered()
    assert watching.answered == []


async def test_who_has_said_goodbye_is_not_closed_again() -> None:
    peer = FakePeer(pongs=False)
    peer.close_code = 1000
    await watched(peer, FAST, 0.3)
    assert not peer.closed.is_set()


async def test_who_has_left_is_not_asked_any_more() -> None:
    peer = FakePeer()
    with Watching(peer, FAST) as watching:
        watching.keep_alive.leave(peer)
        watching.keep_alive.leave(peer)
        await asyncio.sleep(0.1)
    assert peer.pings == 0


async def test_one_that_cannot_be_asked_takes_nothing_from_the_others() -> None:
    def break_down(_: object) -> None:
        raise ZeroDivisionError

    broken, other = FakePeer(), FakePeer()
    broken.websocket = SimpleNamespace(ask=break_down, transport=broken.transport)
    with capture_logs() as logs, Watching(broken, FAST) as watching:
        watching.keep_alive.join(other, FAST)
        await asyncio.sleep(0.2)
    assert other.pings >= 2
    assert "peer_not_asked" in [entry["event"] for entry in logs]


async def test_thousands_are_asked_without_the_loop_standing_still() -> None:
    """Each in its time, though all of them came at once."""
    peers = [FakePeer() for _ in range(2_000)]
    answered: list[ChargePointRef] = []
    keep_alive = KeepAlive(answered.append, every_s=0.005)
    for peer in peers:
        keep_alive.join(peer, Rhythm(0.05, 5.0, 60))
    running = asyncio.ensure_future(keep_alive.run())
    turns = 0
    async with asyncio.timeout(5):
        while len(answered) < 2_000:
            turns += len(answered) > 0
            await asyncio.sleep(0)
    running.cancel()
    assert turns >= 5
    assert all(peer.pings for peer in peers)


async def test_equal_rhythms_are_one() -> None:
    tenant = a_tenant(ping_interval_s=20)
    assert rhythm_of(ChargePointSettings(), tenant, 30.0) is rhythm_of(ChargePointSettings(), tenant, 30.0)


@pytest.mark.parametrize(("own", "expected"), [(None, 20), (0, 0), (7, 7)])
async def test_a_charge_points_own_interval_goes_before_its_tenants(own: int | None, expected: int) -> None:
    tenant = a_tenant(ping_interval_s=20, heartbeat_interval=100, boot_retry_interval=60)
    assert rhythm_of(ChargePointSettings(ping_interval_s=own), tenant, 30.0) == Rhythm(expected, 30.0, 300)
