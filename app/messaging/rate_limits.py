"""Buckets in Redis, shared by all processes of `web`: one script, one round trip for a request."""

import math
import time
from collections.abc import Sequence
from typing import Any, cast

import structlog

from app.domain.errors import Retryable
from app.domain.token_bucket import Allowance
from app.messaging.redis_client import KEY_PREFIX, RedisGuard
from app.services.rate_limits import Limit, LocalRateLimiter, RateLimiter

log = structlog.stdlib.get_logger(__name__)
_MILLI = 1000.0

# Each key holds tokens (in thousandths) and the time they were counted at, by Redis's own clock: the
# machines of `web` need not agree about the time. A bucket that is full again is forgotten.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local tokens, waits, must_wait = {}, {}, false
for i, key in ipairs(KEYS) do
  local limit = tonumber(ARGV[i])
  local kept = redis.call('HMGET', key, 't', 'a', 'l')
  local there = limit * 1000
  if kept[1] then
    there = tonumber(kept[1]) * limit / tonumber(kept[3])
    there = math.min(limit * 1000, there + math.max(0, now - tonumber(kept[2])) * limit / 60)
  end
  tokens[i] = there
  waits[i] = 0
  if there < 1000 then
    waits[i] = math.ceil((1000 - there) * 60 / limit)
    must_wait = true
  end
end
local said = {}
for i, key in ipairs(KEYS) do
  local limit = tonumber(ARGV[i])
  if not must_wait then tokens[i] = tokens[i] - 1000 end
  redis.call('HSET', key, 't', tostring(tokens[i]), 'a', now, 'l', limit)
  redis.call('PEXPIRE', key, 60001)
  said[#said + 1] = math.floor(tokens[i])
  said[#said + 1] = waits[i]
end
return said
"""


class RedisRateLimiter:
    """Port `RateLimiter`. While Redis is away, buckets in the process count: each `web` then for itself."""

    def __init__(self, guard: RedisGuard, fallback: RateLimiter | None = None) -> None:
        self._guard = guard
        self._script: Any = guard.client.register_script(_TAKE)
        self._fallback = fallback or LocalRateLimiter(time.monotonic)
        self._is_alone = False

    def take(self, limits: Sequence[Limit]) -> list[Allowance]:
        """As the port says."""
        try:
            with self._guard.calling():
                said = self._script([_key(limit) for limit in limits], [limit.per_minute for limit in limits])
        except Retryable as failure:
            self._tell(alone=True, reason=failure.message)
            return self._fallback.take(limits)
        self._tell(alone=False)
        numbers = cast("list[int]", said)
        return [_allowance(limit, numbers[2 * i], numbers[2 * i + 1]) for i, limit in enumerate(limits)]

    def _tell(self, *, alone: bool, reason: str = "") -> None:
        """Once for each change: a log line for every request would bury the rest."""
        if alone == self._is_alone:
            return
        self._is_alone = alone
        if alone:
            log.warning("rate_limits_counted_by_this_process_alone", reason=reason)
        else:
            log.info("rate_limits_shared_again")


def _key(limit: Limit) -> str:
    return f"{KEY_PREFIX}rate:{limit.kind}:{limit.name}"


def _allowance(limit: Limit, tokens: int, wait_ms: int) -> Allowance:
    missing = limit.per_minute - tokens / _MILLI
    full_after_s = missing * 60 / limit.per_minute
    return Allowance(limit.per_minute, max(0, math.floor(tokens / _MILLI)), full_after_s, wait_ms / _MILLI)
