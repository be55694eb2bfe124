"""This gateway tells the others that it lives, and how many are connected to it."""

import asyncio
import time
from concurrent.futures import Executor

import structlog

from app.domain.errors import Retryable
from app.messaging.gateway_link import ALIVE_S, RedisGatewayLink
from gateway.presence import Presence
from gateway.seats import Seats

log = structlog.stdlib.get_logger(__name__)
_EVERY_S = 4.0
_DOUBTFUL_S = 30.0


class SignsOfLife:
    """The link is used in `threads`."""

    def __init__(
        self, gateway_id: str, link: RedisGatewayLink, threads: Executor, presence: Presence, seats: Seats
    ) -> None:
        self._gateway_id = gateway_id
        self._link = link
        self._threads = threads
        self._presence = presence
        self._seats = seats

    async def announce(self) -> bool:
        """Once; False if nobody hears."""
        loop, counts = asyncio.get_running_loop(), self._presence.counts()
        try:
            await loop.run_in_executor(self._threads, self._link.announce, self._gateway_id, counts)
            self._seats.elsewhere = await loop.run_in_executor(
                self._threads, self._link.connected_elsewhere, self._gateway_id
            )
        except Retryable as failure:
            log.warning("no_sign_of_life", reason=failure.message)
            return False
        return True

    async def run(self) -> None:
        """After too long a pause the sweep has closed our connections in the store: open them again."""
        heard_at, doubtful_until = time.monotonic(), 0.0
        while True:
            await asyncio.sleep(_EVERY_S)
            if not await self.announce():
                continue
            now = time.monotonic()
            if now - heard_at > ALIVE_S - _EVERY_S:
                doubtful_until = now + _DOUBTFUL_S  # a sweep that is under way may still close some
            heard_at = now
            if now < doubtful_until:
                log.info("connections_resumed", count=await self._presence.resume())
