"""The live feed in Redis: one short stream for each tenant that somebody looks at, and tickets to it.

A reader makes the stream and keeps it; without one there is none, and publishing is a single look.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import structlog

from app.domain.context import ChargePointRef
from app.domain.errors import Retryable
from app.domain.events import Event, EventChannel
from app.messaging.redis_client import KEY_PREFIX, RedisGuard
from app.services.ports import LiveEvent

log = structlog.stdlib.get_logger(__name__)
KEPT_S = 300
_MAX_ENTRIES = 500
_EVENTS_IN_AN_ENTRY = 200
_POSITION = re.compile(r"(\d{1,18})-(\d{1,18})\.(\d{1,5})", re.ASCII)


class RedisLiveFeed:
    """Port `LiveFeed`. A position is the id of a stream's entry and the number of the event in it."""

    def __init__(self, guard: RedisGuard) -> None:
        self._guard = guard

    def publish(self, tenant_id: str, events: Sequence[Event]) -> None:
        """Only where there is a stream."""
        key = _key(tenant_id)
        try:
            with self._guard.calling() as client:
                if events and client.exists(key):
                    pipeline = client.pipeline(transaction=False)
                    for entry in _entries(events):
                        pipeline.xadd(key, entry, maxlen=_MAX_ENTRIES, approximate=True, nomkstream=True)
                    pipeline.execute()
        except Retryable as failure:
            log.debug("live_events_lost", tenant_id=tenant_id, reason=failure.message)

    def open(self, tenant_id: str) -> str:
        """An entry without events marks the place."""
        key = _key(tenant_id)
        with self._guard.calling() as client:
            pipeline = client.pipeline()
            pipeline.xadd(key, {"d": "[]"}, maxlen=_MAX_ENTRIES, approximate=True)
            pipeline.expire(key, KEPT_S)
            made = pipeline.execute()[0]
        return f"{made}.0"

    def keep(self, tenant_id: str) -> None:
        """For minutes."""
        with self._guard.calling() as client:
            client.expire(_key(tenant_id), KEPT_S)

    def reaches_back_to(self, tenant_id: str, position: str) -> bool:
        """The oldest entry is that one, or older."""
        asked = _POSITION.fullmatch(position)
        if asked is None:
            return False
        with self._guard.calling() as client:
            first: Any = client.xrange(_key(tenant_id), count=1)
        if not first:
            return False
        time, _, sequence = str(first[0][0]).partition("-")
        return (int(time), int(sequence)) <= (int(asked[1]), int(asked[2]))

    def read(self, tenant_id: str, after: str, timeout_s: float) -> list[LiveEvent]:
        """Reads the entry of the position again: more of it may be wanted."""
        asked = _POSITION.fullmatch(after)
        if asked is None:
            raise ValueError(f"{after!r} is no position")
        time, sequence, number = (int(part) for part in asked.groups())
        from_here = f"{time}-{sequence}"
        with self._guard.calling() as client:
            rest: Any = client.xrange(_key(tenant_id), from_here, from_here)
            found = [live for live in _events_of(tenant_id, rest) if _number(live.position) > number]
            if found:
                return found
            block_ms = max(1, round(timeout_s * 1000))
            streams: Any = client.xread({_key(tenant_id): from_here}, count=20, block=block_ms)
        return list(_events_of(tenant_id, streams[0][1] if streams else []))

    def remove_all(self, tenant_id: str) -> None:
        """The tenant is no more. Raises Retryable."""
        with self._guard.calling() as client:
            client.delete(_key(tenant_id))


class RedisTickets:
    """Port `TicketStore`."""

    def __init__(self, guard: RedisGuard) -> None:
        self._guard = guard

    def put(self, name: str, value: str, seconds: int) -> None:
        """With an end."""
        with self._guard.calling() as client:
            client.set(f"{KEY_PREFIX}ticket:{name}", value, ex=seconds)

    def take(self, name: str) -> str | None:
        """Read and removed in one step, so that nobody else gets it too."""
        with self._guard.calling() as client:
            found = client.getdel(f"{KEY_PREFIX}ticket:{name}")
        return None if found is None else str(found)


def _key(tenant_id: str) -> str:
    return f"{KEY_PREFIX}live:{tenant_id}"


def _entries(events: Sequence[Event]) -> Iterator[dict[Any, Any]]:
    for start in range(0, len(events), _EVENTS_IN_AN_ENTRY):
        told = [
            [event.channel.value, event.charge_point.charge_point_id, event.body]
            for event in events[start : start + _EVENTS_IN_AN_ENTRY]
        ]
        yield {"d": orjson.dumps(told)}


def _events_of(tenant_id: str, entries: Sequence[tuple[str, dict[str, str]]]) -> Iterator[LiveEvent]:
    """Numbered from 1 in each entry; 0 is the place before the first."""
    for name, fields in entries:
        for number, (channel, charge_point_id, body) in enumerate(orjson.loads(fields["d"]), 1):
            event = Event(EventChannel(channel), ChargePointRef(tenant_id, charge_point_id), body)
            yield LiveEvent(f"{name}.{number}", event)


def _number(position: str) -> int:
    return int(position.rpartition(".")[2])
