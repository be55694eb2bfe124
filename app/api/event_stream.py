"""A stream of server-sent events: what it says, and when it ends."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import orjson

from app.domain.errors import AppError
from app.domain.events import Event, EventChannel
from app.services.ports import LiveFeed

HEARTBEAT_S = 10.0
CHECK_EVERY_S = 5.0
_READ_WAIT_S = 0.8
_RECONNECT_MS = 3000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events a reader wants."""

    tenant_id: str
    channels: frozenset[EventChannel]
    charge_point_id: str | None

    def fits(self, event: Event) -> bool:
        """Is it one of them?"""
        here = self.charge_point_id in (None, event.charge_point.charge_point_id)
        return here and event.channel in self.channels


def stream_events(
    feed: LiveFeed,
    wanted: Wanted,
    position: str,
    check: Callable[[], None],
    *,
    resumed: bool,
    monotonic: Callable[[], float] = time.monotonic,
) -> Iterator[bytes]:
    """`ready`, then events after `position`, and comments in quiet times, for as long as `check` lets it be.

    `check` raises AppError when the reader may not read any more. The stream says why it ends.
    """
    yield b"retry: %d\n\n" % _RECONNECT_MS + _message("ready", {"resumed": resumed}, position)
    heard_at = checked_at = monotonic()
    while True:
        try:
            if monotonic() - checked_at >= CHECK_EVERY_S:
                check()
                feed.keep(wanted.tenant_id)
                checked_at = monotonic()
            found = feed.read(wanted.tenant_id, position, _READ_WAIT_S)
        except AppError as end:
            yield _message("end", {"code": end.code}, position)
            return
        for live in found:
            position = live.position
            if wanted.fits(live.event):
                heard_at = monotonic()
                yield _message(live.event.channel.value, live.event.body, position)
        if monotonic() - heard_at >= HEARTBEAT_S:
            heard_at = monotonic()
            yield b": still here\n\n"


def _message(kind: str, data: object, position: str) -> bytes:
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (position.encode(), kind.encode(), orjson.dumps(data))
