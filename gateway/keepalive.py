"""Is the peer still there? A socket whose other end lost power looks open for hours; so it is asked."""

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from math import ceil
from typing import Protocol

import structlog

from app.domain.charge_point import ChargePointSettings
from app.domain.context import ChargePointRef
from app.domain.liveness import SILENT_AFTER_INTERVALS
from app.domain.tenant import Tenant
from gateway.websocket import WebSocket

LOOK_EVERY_S = 0.25
_AT_ONCE = 200
_NEVER = -1
_GONE = 1011
_SECOND_LOOK_S = 1.0
_TCP = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}  # not every system has all of them


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A ping after `interval_s` without a frame, 0 for none.

    Who is not pinged may be silent for `silence_s`.
    """

    interval_s: float
    timeout_s: float
    silence_s: float


def rhythm_of(settings: ChargePointSettings, tenant: Tenant, timeout_s: float) -> Rhythm:
    """As the charge point's settings say, else its tenant's (A40, G5)."""
    wanted = tenant.configuration
    own = settings.ping_interval_s
    longest = max(wanted.heartbeat_interval, wanted.boot_retry_interval)
    interval_s = wanted.ping_interval_s if own is None else own
    return _shared_rhythm(interval_s, timeout_s, longest * SILENT_AFTER_INTERVALS)


_shared_rhythm = lru_cache(maxsize=1000)(Rhythm)  # thousands of connections have the same


class Peer(Protocol):
    """A connection, as its life is concerned. `heard_at` is by the monotonic clock, of its last frame."""

    @property
    def ref(self) -> ChargePointRef: ...

    @property
    def log(self) -> structlog.stdlib.BoundLogger: ...

    @property
    def websocket(self) -> WebSocket: ...

    @property
    def heard_at(self) -> float: ...

    @property
    def is_busy(self) -> bool: ...

    def close(self, code: int, reason: str) -> None: ...


@dataclass(slots=True, eq=False)
class _Watched:
    """A peer, in which turn it is looked at next, and since when it has owed us an answer."""

    peer: Peer
    rhythm: Rhythm
    turn: int = _NEVER
    asked_at: float | None = None
    is_late: bool = False

    def due_at(self, now: float) -> float:
        """When it has been quiet for an interval; another one, if it has been already."""
        interval_s = self.rhythm.interval_s or self.rhythm.silence_s
        quiet_s = now - self.peer.heard_at
        return now + interval_s - (quiet_s if quiet_s < interval_s else 0.0)


class KeepAlive:
    """Looks at the peers of this process, each when it is due. Each pong goes to `note`. On the event loop.

    Whoever sends frames, or whose frames wait for us, is there, whether it answers pings or not. Who is
    found to be gone is closed.
    """

    def __init__(self, note: Callable[[ChargePointRef], None], every_s: float = LOOK_EVERY_S) -> None:
        self._note = note
        self._every_s = every_s
        self._watched: dict[Peer, _Watched] = {}
        self._due: dict[int, list[_Watched]] = {}
        self._turn = int(time.monotonic() / every_s)

    def join(self, peer: Peer, rhythm: Rhythm) -> None:
        """From now on."""
        _let_the_network_ask(peer.websocket)
        watched = self._watched[peer] = _Watched(peer, rhythm)
        self._look_at(watched, watched.due_at(time.monotonic()))

    def leave(self, peer: Peer) -> None:
        """It is looked at no more."""
        watched = self._watched.pop(peer, None)
        if watched is not None:
            self._look_no_more(watched)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self._every_s)
            while self._turn < int(time.monotonic() / self._every_s):
                await self._look_at_all(self._due.pop(self._turn, []))
                self._turn += 1

    async def _look_at_all(self, due: list[_Watched]) -> None:
        for count, watched in enumerate(due, 1):
            if watched.turn == self._turn:  # else it answered, or went, while others were looked at
                try:
                    self._look(watched)
                except Exception:  # the edge: all the others are looked at all the same
                    watched.peer.log.exception("peer_not_asked")
            if not count % _AT_ONCE:
                await asyncio.sleep(0)

    def _look_at(self, watched: _Watched, when: float) -> None:
        self._look_no_more(watched)
        watched.turn = max(ceil(when / self._every_s), self._turn + 1)
        self._due.setdefault(watched.turn, []).append(watched)

    def _look_no_more(self, watched: _Watched) -> None:
        if watched.turn in self._due:
            self._due[watched.turn].remove(watched)
        watched.turn = _NEVER

    def _look(self, watched: _Watched) -> None:
        now, peer, rhythm = time.monotonic(), watched.peer, watched.rhythm
        if watched.asked_at is not None:
            self._miss(watched, watched.asked_at, now)
        elif now - peer.heard_at < (rhythm.interval_s or rhythm.silence_s):
            self._look_at(watched, watched.due_at(now))  # who speaks needs no asking
        elif rhythm.interval_s:
            watched.asked_at, watched.is_late = now, False
            self._look_at(watched, now + rhythm.timeout_s)
            peer.websocket.ask(partial(self._answered, watched))
        else:
            self._judge(watched, now, is_there=peer.is_busy)

    def _answered(self, watched: _Watched) -> None:
        if watched.asked_at is not None:
            watched.asked_at = None
            self._note(watched.peer.ref)
            self._look_at(watched, watched.due_at(time.monotonic()))

    def _miss(self, watched: _Watched, asked_at: float, now: float) -> None:
        """No pong came in time. Where we stood still ourselves, what came meanwhile is still to be read."""
        if not watched.is_late:
            watched.is_late = True
            self._look_at(watched, now + _SECOND_LOOK_S)
        else:
            watched.asked_at = None
            peer = watched.peer
            self._judge(watched, now, is_there=peer.is_busy or peer.heard_at > asked_at)

    def _judge(self, watched: _Watched, now: float, *, is_there: bool) -> None:
        peer = watched.peer
        if is_there:
            self._look_at(watched, watched.due_at(now))
            return
        self.leave(peer)
        if peer.websocket.close_code is None:  # else it has said goodbye meanwhile
            peer.log.info("peer_gone", pinged=watched.rhythm.interval_s > 0)
            peer.close(_GONE, "no sign of life")


def _let_the_network_ask(websocket: WebSocket) -> None:
    """Costs nobody a frame, and finds what is gone between here and the next proxy within two minutes."""
    plain: socket.socket | None = websocket.transport.get_extra_info("socket")
    if plain is None:
        return
    with suppress(OSError):  # it may be closed already
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _TCP.items():
            if hasattr(socket, name):
                plain.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
