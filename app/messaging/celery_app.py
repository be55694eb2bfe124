"""The Celery application. Settings as measured for the Redis transport; the reasons stand beside them."""

import time
from collections.abc import Collection
from enum import StrEnum
from typing import Any

import orjson
from celery import Celery

from app.messaging.redis_client import RedisGuard
from app.messaging.redis_transport import QUEUED_AT, use_for_redis
from app.messaging.tasks import own_queue
from app.settings import Settings


class Side(StrEnum):
    """Who uses the broker: publishers must notice its death within a second, workers wait for its return."""

    PUBLISHER = "publisher"
    WORKER = "worker"


_KEY_PREFIX = "cel:"
_SHARED_TRANSPORT: dict[str, Any] = {
    "priority_steps": [0],  # one key per queue instead of four
    "global_keyprefix": _KEY_PREFIX,
    "queue_order_strategy": "round_robin",  # a tenant's backlog does not starve the others
    "visibility_timeout": 15,  # of a killed worker's messages; a batch is past its deadline long before
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_keepalive": True,
    "health_check_interval": 5,
}
_TRANSPORT: dict[Side, dict[str, Any]] = {
    Side.PUBLISHER: {
        "socket_timeout": 1,
        "socket_connect_timeout": 1,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.1,
    },
    Side.WORKER: {"socket_timeout": 5, "socket_connect_timeout": 2},
}


def build_celery(settings: Settings, side: Side) -> Celery:
    """A Celery application without result backend. Nothing connects before it is used."""
    use_for_redis()
    app = Celery("ocpp")
    app.conf.update(
        broker_url=settings.redis.url,
        broker_pool_limit=4 if side is Side.PUBLISHER else 20,  # Flower deadlocks with few
        broker_connection_timeout=1 if side is Side.PUBLISHER else 4,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=_SHARED_TRANSPORT | _TRANSPORT[side],
        task_publish_retry=side is Side.WORKER,
        result_backend=None,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_create_missing_queues=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_acks_on_failure_or_timeout=True,
        worker_prefetch_multiplier=1,
        worker_disable_rate_limits=True,
        worker_send_task_events=False,
        task_send_sent_event=False,
        worker_enable_prefetch_count_reduction=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        control_queue_expires=60,
        timezone="UTC",
        enable_utc=True,
    )
    return app


def queue_lengths(guard: RedisGuard, queues: Collection[str]) -> dict[str, int]:
    """Tasks that wait in each, which the Redis transport keeps as a list. Raises Retryable."""
    with guard.calling() as client, client.pipeline(transaction=False) as pipe:
        for queue in queues:
            pipe.llen(f"{_KEY_PREFIX}{queue}")
        return dict(zip(queues, pipe.execute(), strict=True))


def queue_ages(guard: RedisGuard, queues: Collection[str]) -> dict[str, float]:
    """Seconds that the task which is next in each has waited, 0 where none does. Raises Retryable.

    Tasks come in at the list's head and are taken from its tail, so that one is the oldest, unless a worker
    died: what it had in hand gets in line again. The clocks of two machines may differ.
    """
    with guard.calling() as client, client.pipeline(transaction=False) as pipe:
        for queue in queues:
            pipe.lindex(f"{_KEY_PREFIX}{queue}", -1)
        oldest = pipe.execute()
    now = time.time()
    return {queue: _waited_s(message, now) for queue, message in zip(queues, oldest, strict=True)}


def _waited_s(message: bytes | None, now: float) -> float:
    """A task of a former version of the program does not tell; it is gone within a minute."""
    properties = orjson.loads(message)["properties"] if message is not None else {}
    queued_at: float = properties.get(QUEUED_AT, now)
    return max(0.0, now - queued_at)


def remove_queue(guard: RedisGuard, tenant_id: str) -> None:
    """Of a tenant that goes. Raises Retryable."""
    with guard.calling() as client:
        client.delete(f"{_KEY_PREFIX}{own_queue(tenant_id)}")
