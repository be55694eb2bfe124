"""Who may begin a handshake: bounded, refused before anything is asked of a server, and fair to tenants.

After an outage thousands come back within seconds. As many as the process can open are let in at once; the
others are told when to come back, each at another time. A place is held from the request until the first
call is answered, so whoever is in is served quickly, and a slow store lets fewer in by itself. All of it
runs on the event loop.
"""

import asyncio
import random
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from math import ceil
from typing import Protocol, Self

import structlog

from app.domain.token_bucket import TokenBucket
from app.gateway_settings import GatewaySettings

log = structlog.stdlib.get_logger(__name__)
MAX_SILENT = 4_000
"""Sockets that have not said yet who they are; one more, and the one that is silent longest goes."""
MAX_REMEMBERED = 20_000
_FIRST_ANSWER_S = 0.5
_TENANT_SHARE = 0.75  # of the places: the rest is for the others, whatever storm comes
_OVERLOAD_S = (3, 20)
_RESTART_S = (1, 5)
_TELL_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    """`at_once` handshakes in progress; a charge point and an address have so many a minute (0: any)."""

    at_once: int
    per_charge_point: int
    per_address: int = 0

    @classmethod
    def of(cls, settings: GatewaySettings) -> Self:
        """As the settings say."""
        return cls(
            settings.handshakes_at_once,
            settings.charge_point_handshakes_per_minute,
            settings.address_handshakes_per_minute,
        )


@dataclass(frozen=True, slots=True)
class Later:
    """Not now. `reason` is a label of the metric."""

    status: HTTPStatus
    reason: str
    retry_after_s: int


class Abortable(Protocol):
    """What a socket can always do."""

    def abort(self) -> None: ...


class Knocking(Protocol):
    """A connection that is not open yet."""

    @property
    def transport(self) -> Abortable: ...


class Admission:
    """Places for handshakes. `draining`: nobody is let in any more."""

    def __init__(
        self,
        limits: AdmissionLimits,
        monotonic: Callable[[], float] = time.monotonic,
        chance: random.Random | None = None,
        max_silent: int = MAX_SILENT,
    ) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._chance = chance or random.SystemRandom()
        self._max_silent = max_silent
        self._silent: dict[Knocking, None] = {}
        self._in_progress: dict[Knocking, str] = {}
        self._by_tenant: Counter[str] = Counter()
        self._charge_points = _Buckets(limits.per_charge_point, monotonic)
        self._addresses = _Buckets(limits.per_address, monotonic)
        self._told_at = -_TELL_EVERY_S
        self.draining = False
        self.refused: Counter[str] = Counter()
        """How many were refused, by reason."""

    @property
    def in_progress(self) -> int:
        """Handshakes in progress."""
        return len(self._in_progress)

    @property
    def silent(self) -> int:
        """Sockets that have not said yet who they are."""
        return len(self._silent)

    def knock(self, connection: Knocking) -> None:
        """A socket was accepted. Too many that say nothing: the oldest goes, who is alive speaks at once."""
        self._silent[connection] = None
        if len(self._silent) > self._max_silent:
            oldest = next(iter(self._silent))
            del self._silent[oldest]
            self._note("silent")
            oldest.transport.abort()

    def heard(self, connection: Knocking) -> None:
        """It has sent its request."""
        self._silent.pop(connection, None)

    def enter(self, connection: Knocking, tenant_id: str, address: str, path: str) -> Later | None:
        """None with a place taken until `leave`; else when to come back. Asks nobody, hashes nothing.

        A charge point is known by its path and its address: whoever only claims a name does not use up the
        attempts of the one that bears it, except behind the same proxy.
        """
        later = self._judge(tenant_id, address, path)
        if later is None:
            self._in_progress[connection] = tenant_id
            self._by_tenant[tenant_id] += 1
        else:
            self._note(later.reason)
        return later

    def leave_soon(self, connection: Knocking) -> None:
        """It is open: it gives its place back at its first answer, or after a moment of silence."""
        asyncio.get_running_loop().call_later(_FIRST_ANSWER_S, self.leave, connection)

    def leave(self, connection: Knocking) -> None:
        """It is open, refused or gone; also when it never had a place."""
        self._silent.pop(connection, None)
        tenant_id = self._in_progress.pop(connection, None)
        if tenant_id is not None:
            self._by_tenant[tenant_id] -= 1
            if not self._by_tenant[tenant_id]:
                del self._by_tenant[tenant_id]

    def later(self, reason: str) -> Later:
        """For another reason than those of `enter`: the gateway is `full`, or its `store` does not answer."""
        self._note(reason)
        return self._unavailable(reason, _OVERLOAD_S)

    def _judge(self, tenant_id: str, address: str, path: str) -> Later | None:
        if self.draining:
            return self._unavailable("draining", _RESTART_S)
        places = self._limits.at_once
        if len(self._in_progress) >= places:
            return self._unavailable("overload", _OVERLOAD_S)
        if self._by_tenant[tenant_id] >= max(1, ceil(places * _TENANT_SHARE)):
            return self._unavailable("tenant", _OVERLOAD_S)
        wait_s = self._addresses.claim(address)
        if wait_s > 0.0:
            return self._too_many("address", wait_s)
        wait_s = self._charge_points.claim((address, path))
        return self._too_many("charge_point", wait_s) if wait_s > 0.0 else None

    def _unavailable(self, reason: str, within_s: tuple[int, int]) -> Later:
        return Later(HTTPStatus.SERVICE_UNAVAILABLE, reason, self._chance.randint(*within_s))

    def _too_many(self, reason: str, wait_s: float) -> Later:
        spread = self._chance.uniform(1.0, 2.0)
        return Later(HTTPStatus.TOO_MANY_REQUESTS, reason, ceil(wait_s * spread))

    def _note(self, reason: str) -> None:
        self.refused[reason] += 1
        now = self._monotonic()
        if now - self._told_at > _TELL_EVERY_S:
            self._told_at = now
            log.warning("handshakes_put_off", reason=reason, in_progress=len(self._in_progress))


class _Buckets:
    """One for each key; of too many the one that was used longest ago is forgotten, and is full again."""

    def __init__(self, per_minute: int, monotonic: Callable[[], float]) -> None:
        self._per_minute = per_minute
        self._monotonic = monotonic
        self._buckets: OrderedDict[object, TokenBucket] = OrderedDict()

    def claim(self, key: object) -> float:
        """0.0 with a token taken, else the seconds until there is one."""
        if self._per_minute == 0:
            return 0.0
        now = self._monotonic()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(self._per_minute, now)
            if len(self._buckets) > MAX_REMEMBERED:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(key)
        return bucket.claim(self._per_minute, now)
