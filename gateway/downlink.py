"""Reads this gateway's Redis stream: replies to batches, commands, and orders to close."""

import asyncio
from collections.abc import Callable

import redis.asyncio as redis
import structlog
from redis.exceptions import RedisError

from app.messaging.gateway_link import Downlink, decode, stream_key

log = structlog.stdlib.get_logger(__name__)
_BLOCK_MS = 2_000
_READ_AT_ONCE = 200
_PAUSE_S = 0.25


class DownlinkReader:
    """Hands every entry to `take`, in order; resumes where it stopped after Redis comes back.

    `restored` is called then: what Redis lost meanwhile does not come.
    """

    def __init__(
        self,
        redis_url: str,
        gateway_id: str,
        take: Callable[[Downlink], None],
        restored: Callable[[], None] = lambda: None,
    ) -> None:
        self._redis = redis.Redis.from_url(
            redis_url, socket_timeout=_BLOCK_MS / 1000 + 3, socket_connect_timeout=1
        )
        self._key = stream_key(gateway_id)
        self._take = take
        self._restored = restored
        self._last_id = b"0"
        self._read: list[bytes] = []

    async def run(self) -> None:
        """Until cancelled."""
        was_down = False
        while True:
            try:
                found = await self._redis.xread(
                    {self._key: self._last_id}, count=_READ_AT_ONCE, block=_BLOCK_MS
                )
            except (RedisError, OSError) as failure:
                if not was_down:
                    log.warning("downlink_broken", reason=f"{type(failure).__name__}: {failure}")
                was_down = True
                await asyncio.sleep(_PAUSE_S)
                continue
            if was_down:
                log.info("downlink_restored")
                was_down = False
                self._restored()
            for entry_id, fields in _entries(found):
                self._last_id = entry_id
                self._read.append(entry_id)
                self._take_entry(entry_id, fields)
            await self._forget()

    async def _forget(self) -> None:
        """What was read only takes memory, and a charge point's new key may be in it."""
        if not self._read:
            return
        try:
            await self._redis.xdel(self._key, *self._read)
        except (RedisError, OSError) as failure:  # tried again with what is read next
            log.warning("downlink_not_forgotten", reason=f"{type(failure).__name__}: {failure}")
        else:
            self._read.clear()

    def _take_entry(self, entry_id: bytes, fields: dict[bytes, bytes]) -> None:
        try:
            self._take(decode(fields[b"d"]))
        except Exception:  # the edge: one entry that cannot be read must not end the reading of all
            log.exception("downlink_entry_broke", entry_id=entry_id.decode())

    async def close(self) -> None:
        """Release the connection."""
        await self._redis.aclose()


def _entries(found: object) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """The entries of the one stream that was asked for, in either of redis-py's shapes."""
    if not found:
        return []
    streams = found.values() if isinstance(found, dict) else [entries for _, entries in found]  # type: ignore[attr-defined]
    entries: list[tuple[bytes, dict[bytes, bytes]]] = []
    for stream in streams:
        entries.extend(stream[0] if stream and isinstance(stream[0], list) else stream)
    return entries
