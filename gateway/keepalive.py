"""Is the peer still there? A socket whose other end lost power looks open for hours; so it is asked."""

import asyncio
import secrets
import socket
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from app.domain.charge_point import ChargePointSettings
from app.domain.context import ChargePointRef
from app.domain.liveness import SILENT_AFTER_INTERVALS
from app.domain.tenant import Tenant
from app.services import Services

log = structlog.stdlib.get_logger(__name__)
NOTE_EVERY_S = 2.0
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
    return Rhythm(wanted.ping_interval_s if own is None else own, timeout_s, longest * SILENT_AFTER_INTERVALS)


class Peer(Protocol):
    """A connection, as its life is concerned. `heard_at` is by the monotonic clock, of its last frame."""

    @property
    def ref(self) -> ChargePointRef: ...

    @property
    def websocket(self) -> ServerConnection: ...

    @property
    def heard_at(self) -> float: ...

    @property
    def is_busy(self) -> bool: ...

    def close(self, code: int, reason: str) -> None: ...


async def keep_alive(peer: Peer, rhythm: Rhythm, note: Callable[[ChargePointRef], None]) -> None:
    """Until the peer is found to be gone, which closes its connection. Each pong goes to `note`.

    Whoever sends frames, or whose frames wait for us, is there, whether it answers pings or not.
    """
    _let_the_network_ask(peer.websocket)
    while await _is_there(peer, rhythm, note):
        pass
    if peer.websocket.close_code is None:  # else it has said goodbye meanwhile
        log.info("peer_gone", pinged=rhythm.interval_s > 0)
        peer.close(_GONE, "no sign of life")


async def _is_there(peer: Peer, rhythm: Rhythm, note: Callable[[ChargePointRef], None]) -> bool:
    if not rhythm.interval_s:
        await asyncio.sleep(max(1.0, peer.heard_at + rhythm.silence_s - time.monotonic()))
        return peer.is_busy or time.monotonic() - peer.heard_at < rhythm.silence_s
    quiet_s = time.monotonic() - peer.heard_at
    await asyncio.sleep(rhythm.interval_s - (quiet_s if quiet_s < rhythm.interval_s else 0.0))
    asked_at = time.monotonic()
    if asked_at - peer.heard_at < rhythm.interval_s:
        return True  # who speaks needs no asking
    if await _answers(peer.websocket, rhythm.timeout_s):
        note(peer.ref)
        return True
    return peer.is_busy or peer.heard_at > asked_at


async def _answers(websocket: ServerConnection, timeout_s: float) -> bool:
    """Whether a pong comes in time."""
    token = secrets.token_bytes(4)
    asking = asyncio.ensure_future(_ask(websocket, token))
    try:
        await asyncio.wait([asking], timeout=timeout_s)
        if not asking.done():  # where we stood still ourselves, what came meanwhile is still to be read
            await asyncio.wait([asking], timeout=_SECOND_LOOK_S)
        return asking.done() and asking.result()
    finally:
        asking.cancel()
        websocket.pending_pings.pop(token, None)  # else some charge points would fill it for months


async def _ask(websocket: ServerConnection, token: bytes) -> bool:
    """Ends of connections are for `run` to tell."""
    try:
        await (await websocket.ping(token))
    except ConnectionClosed:
        return False
    return True


def _let_the_network_ask(websocket: ServerConnection) -> None:
    """Costs nobody a frame, and finds what is gone between here and the next proxy within two minutes."""
    plain: socket.socket | None = websocket.transport.get_extra_info("socket")
    if plain is not None:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _TCP.items():
            if hasattr(socket, name):
                plain.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


class Pongs:
    """A pong proves life like a Heartbeat (A40). All of some seconds are noted at once, for each tenant."""

    def __init__(self, services: Services, threads: Executor) -> None:
        self._services = services
        self._threads = threads
        self._seen: dict[str, dict[str, datetime]] = {}

    def note(self, ref: ChargePointRef) -> None:
        """It answered just now."""
        self._seen.setdefault(ref.tenant_id, {})[ref.charge_point_id] = datetime.now(UTC)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(NOTE_EVERY_S)
            await self.flush()

    async def flush(self) -> None:
        """What cannot be noted now is noted with the next pong."""
        seen, self._seen = self._seen, {}
        if seen:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._tell, seen)

    def _tell(self, seen: dict[str, dict[str, datetime]]) -> None:
        for tenant_id, times in seen.items():
            try:
                self._services.charge_points.hear(tenant_id, times)
            except Exception:  # the edge of a side path
                log.exception("pongs_not_noted", tenant_id=tenant_id, count=len(times))
