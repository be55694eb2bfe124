"""How fast charge points may speak: what comes above the rate is handled later, and nothing is lost.

Each charge point has a bucket of tokens that outlives its connection, and each tenant with a limit has one
in this process. Below the rate this is arithmetic: no timer, no task, no server is asked. Above it the call
waits in its charge point's line; when that is full its socket is not read, which slows the sender down.
Everything here runs on the event loop.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from typing import Protocol
from weakref import WeakValueDictionary

import structlog

from app.domain.context import ChargePointRef
from app.domain.tenant_configuration import TenantConfiguration
from app.domain.token_bucket import TokenBucket
from app.services.tenants import TenantDirectory

log = structlog.stdlib.get_logger(__name__)
FLOOD_S = 10.0
"""A line that the rate keeps half full for so long is that of one which does not wait for answers."""
_LOOK_AGAIN_S = 1.0  # so that a limit that was raised helps at once
_FULL_AGAIN_S = 60.0
_TELL_EVERY_S = 60.0
_DEFAULTS = TenantConfiguration()


class Speaker(Protocol):
    """A connection, as its pace sees it."""

    def may_speak(self) -> None:
        """The first call of the line may go up now."""
        ...

    def overran(self) -> None:
        """It has flooded for too long."""
        ...


class _Line:
    """Of one tenant: who finds none of its tokens waits here, each charge point with one call, in turn."""

    def __init__(self, paces: "Paces", tenant_id: str) -> None:
        self._paces = paces
        self._tenant_id = tenant_id
        self._bucket: TokenBucket | None = None
        self._waiting: dict[Pace, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._told_at = 0.0

    def enter(self, pace: "Pace") -> bool:
        """True with a token taken; else the pace is granted its turn later."""
        limit = self._paces.limits_of(self._tenant_id).ocpp_tenant_rate_limit
        if not self._waiting and self._take(limit) == 0.0:
            return True
        self._waiting[pace] = None
        self._paces.note(self._tenant_id, "tenant", "delayed")
        if self._timer is None:
            self._tell(limit)
            self._grant()
        return False

    def leave(self, pace: "Pace") -> None:
        self._waiting.pop(pace, None)

    def _take(self, limit: int) -> float:
        """0.0 with a token taken, else the seconds until there is one."""
        if limit == 0:
            self._bucket = None
            return 0.0
        now = self._paces.monotonic()
        if self._bucket is None:
            self._bucket = TokenBucket(limit, now)
        return self._bucket.claim(limit, now)

    def _grant(self) -> None:
        """A turn to each that has waited longest, as far as tokens go."""
        self._timer = None
        limit = self._paces.limits_of(self._tenant_id).ocpp_tenant_rate_limit
        while self._waiting:
            wait_s = self._take(limit)
            if wait_s > 0.0:
                self._timer = self._paces.call_later(min(wait_s, _LOOK_AGAIN_S), self._grant)
                return
            pace = next(iter(self._waiting))
            del self._waiting[pace]
            pace.grant()

    def _tell(self, limit: int) -> None:
        now = self._paces.monotonic()
        if now - self._told_at > _TELL_EVERY_S:
            self._told_at = now
            log.warning("tenant_messages_delayed", tenant_id=self._tenant_id, ocpp_tenant_rate_limit=limit)


class Pace:
    """Of one connection."""

    def __init__(
        self, paces: "Paces", ref: ChargePointRef, bucket: TokenBucket, line: _Line, speaker: Speaker
    ) -> None:
        self._paces = paces
        self._ref = ref
        self._bucket = bucket
        self._line = line
        self._speaker = speaker
        self._is_waiting = False
        self._is_granted = False
        self._has_waited = False
        self._has_ended = False
        self._is_told = False
        self._flooding_since: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def may_go(self, *, crowded: bool) -> bool:
        """The first call in line may go up now, with its tokens taken; else `may_speak` is called in time.

        `crowded`: more calls wait than of one that waits for its answers.
        """
        if self._is_granted or self._has_ended:
            self._is_granted = False
            return True
        if self._is_waiting:
            return False
        limit, now = self._paces.limits_of(self._ref.tenant_id).ocpp_rate_limit, self._paces.monotonic()
        wait_s = self._bucket.claim(limit, now)
        if wait_s > 0.0:
            self._wait(wait_s, now, crowded=crowded)
            return False
        if not self._has_waited:
            self._flooding_since = None
        self._has_waited = False
        self._is_waiting = not self._line.enter(self)
        return not self._is_waiting

    def _wait(self, wait_s: float, now: float, *, crowded: bool) -> None:
        if not self._has_waited:
            self._note_delay(now, crowded=crowded)
        self._is_waiting = self._has_waited = True
        self._timer = self._paces.call_later(min(wait_s, _LOOK_AGAIN_S), self._try_again)

    def _try_again(self) -> None:
        self._timer, self._is_waiting = None, False
        self._speaker.may_speak()

    def grant(self) -> None:
        """It has its turn among its tenant's."""
        self._is_waiting, self._is_granted = False, True
        self._speaker.may_speak()

    def spend(self) -> float:
        """A frame came that is no new call: nothing waits in line, so the socket is to rest for so long."""
        limit, now = self._paces.limits_of(self._ref.tenant_id).ocpp_rate_limit, self._paces.monotonic()
        wait_s = self._bucket.wait_s(limit, now)
        self._bucket.take(limit, now)
        if wait_s > 0.0:
            self._note_delay(now, crowded=True)
        return min(wait_s, _LOOK_AGAIN_S)

    def _note_delay(self, now: float, *, crowded: bool) -> None:
        self._paces.note(self._ref.tenant_id, "charge_point", "delayed")
        if not self._is_told:
            self._is_told = True
            log.warning(
                "charge_point_delayed",
                tenant_id=self._ref.tenant_id,
                charge_point_id=self._ref.charge_point_id,
            )
        if not crowded:
            self._flooding_since = None
        elif self._flooding_since is None:
            self._flooding_since = now
        elif now - self._flooding_since > FLOOD_S and not self._has_ended:
            self._paces.note(self._ref.tenant_id, "charge_point", "closed")
            self._speaker.overran()

    def end(self) -> None:
        """What still waits goes up at once; the bucket stays as it is until it would be full again."""
        if self._has_ended:
            return
        self._has_ended = True
        self._line.leave(self)
        if self._timer is not None:
            self._timer.cancel()
        self._paces.call_later(_FULL_AGAIN_S, lambda bucket: None, self._bucket)


class Paces:
    """Of all charge points of this gateway."""

    def __init__(
        self,
        tenants: TenantDirectory,
        monotonic: Callable[[], float] = time.monotonic,
        call_later: Callable[..., asyncio.TimerHandle] | None = None,
    ) -> None:
        self._tenants = tenants
        self._buckets: WeakValueDictionary[ChargePointRef, TokenBucket] = WeakValueDictionary()
        self._lines: dict[str, _Line] = {}
        self.monotonic = monotonic
        self.call_later = call_later or asyncio.get_running_loop().call_later
        self.counts: Counter[tuple[str, str, str]] = Counter()
        """How often, by tenant, whose limit it was, and what was done: `delayed` or `closed`."""

    def join(self, ref: ChargePointRef, speaker: Speaker) -> Pace:
        """The pace of a new connection; its charge point's bucket is the one it had lately."""
        bucket = self._buckets.get(ref)
        if bucket is None:
            limit = self.limits_of(ref.tenant_id).ocpp_rate_limit
            bucket = self._buckets[ref] = TokenBucket(limit, self.monotonic())
        line = self._lines.get(ref.tenant_id)
        if line is None:
            line = self._lines[ref.tenant_id] = _Line(self, ref.tenant_id)
        return Pace(self, ref, bucket, line, speaker)

    def limits_of(self, tenant_id: str) -> TenantConfiguration:
        """As they are now."""
        tenant = self._tenants.find(tenant_id)
        return tenant.configuration if tenant is not None else _DEFAULTS

    def note(self, tenant_id: str, limit: str, outcome: str) -> None:
        """For the metrics."""
        self.counts[tenant_id, limit, outcome] += 1
