"""Last-seen times in Redis: a sorted set per tenant.

One round trip per batch, instead of a database write per heartbeat.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import cast

import structlog

from app.domain.errors import Retryable
from app.messaging.redis_client import KEY_PREFIX, RedisGuard

log = structlog.stdlib.get_logger(__name__)
Fallback = Callable[[str, Mapping[str, datetime]], None]


class RedisLastSeen:
    """Port `LastSeen`. Without Redis the times go to `fallback`, straight to the database."""

    def __init__(self, guard: RedisGuard, fallback: Fallback) -> None:
        self._guard = guard
        self._fallback = fallback

    def touch(self, tenant_id: str, seen: Mapping[str, datetime]) -> frozenset[str]:
        """Note times; answers which were marked silent, and unmarks them."""
        if not seen:
            return frozenset()
        try:
            return self._touch(tenant_id, seen)
        except Retryable:
            self._touch_fallback(tenant_id, seen)
            return frozenset()

    def _touch(self, tenant_id: str, seen: Mapping[str, datetime]) -> frozenset[str]:
        ids = list(seen)
        with self._guard.calling() as client:
            pipeline = client.pipeline(transaction=False)
            pipeline.zadd(_seen(tenant_id), {cp_id: at.timestamp() for cp_id, at in seen.items()}, gt=True)
            pipeline.smismember(_silent(tenant_id), ids)
            were_silent = pipeline.execute()[1]
            spoke = frozenset(cp_id for cp_id, silent in zip(ids, were_silent, strict=True) if silent)
            if spoke:
                client.srem(_silent(tenant_id), *spoke)
        return spoke

    def _touch_fallback(self, tenant_id: str, seen: Mapping[str, datetime]) -> None:
        try:
            self._fallback(tenant_id, seen)
        except Retryable as failure:
            log.warning("last_seen_lost", tenant_id=tenant_id, count=len(seen), reason=failure.message)

    def heard_before(self, by_tenant: Mapping[str, datetime]) -> dict[str, dict[str, datetime]]:
        """By tenant, last heard before its instant: one round trip for all. Raises Retryable."""
        with self._guard.calling() as client:
            pipeline = client.pipeline(transaction=False)
            for tenant_id, before in by_tenant.items():
                pipeline.zrangebyscore(_seen(tenant_id), "-inf", f"({before.timestamp()}", withscores=True)
            found = pipeline.execute()
        return {tenant_id: _times(some) for tenant_id, some in zip(by_tenant, found, strict=True) if some}

    def heard_since(self, tenant_id: str, since: datetime) -> dict[str, datetime]:
        """Last heard at or after this instant. Raises Retryable."""
        with self._guard.calling() as client:
            found = client.zrangebyscore(_seen(tenant_id), str(since.timestamp()), "+inf", withscores=True)
        return _times(cast("list[tuple[str, float]]", found))

    def mark_silent(self, tenant_id: str, charge_point_id: str) -> None:
        """Raises Retryable."""
        with self._guard.calling() as client:
            pipeline = client.pipeline(transaction=True)
            pipeline.zrem(_seen(tenant_id), charge_point_id)
            pipeline.sadd(_silent(tenant_id), charge_point_id)
            pipeline.execute()

    def forget(self, tenant_id: str, *charge_point_ids: str) -> None:
        """Never raises: what stays behind is sorted out by the sweep."""
        try:
            with self._guard.calling() as client:
                pipeline = client.pipeline(transaction=False)
                pipeline.zrem(_seen(tenant_id), *charge_point_ids)
                pipeline.srem(_silent(tenant_id), *charge_point_ids)
                pipeline.execute()
        except Retryable as failure:
            log.debug("last_seen_not_forgotten", tenant_id=tenant_id, reason=failure.message)

    def remove_all(self, tenant_id: str) -> None:
        """Of a tenant that goes. Raises Retryable."""
        with self._guard.calling() as client:
            client.delete(_seen(tenant_id), _silent(tenant_id))


def count_online(guard: RedisGuard, tenant_id: str) -> int:
    """Connected charge points that are not silent. Raises Retryable."""
    with guard.calling() as client:
        return int(client.zcard(_seen(tenant_id)))


def _times(scored: Iterable[tuple[str, float]]) -> dict[str, datetime]:
    return {cp_id: datetime.fromtimestamp(score, UTC) for cp_id, score in scored}


def _seen(tenant_id: str) -> str:
    return f"{KEY_PREFIX}seen:{tenant_id}"


def _silent(tenant_id: str) -> str:
    return f"{KEY_PREFIX}silent:{tenant_id}"
