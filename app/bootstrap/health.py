"""Whether the servers answer, and what can be counted in them."""

import time
from collections.abc import Callable, Collection, Mapping
from functools import partial

import structlog

from app.bootstrap.adapters import Adapters
from app.domain.errors import Retryable
from app.health import HealthChecks
from app.messaging import mqtt
from app.messaging.celery_app import queue_ages, queue_lengths
from app.messaging.last_seen import count_online
from app.settings import Settings
from app.storage.migrations import check_schema

log = structlog.stdlib.get_logger(__name__)


def build_health_checks(
    settings: Settings, adapters: Adapters, servers: Collection[str] = ("mongodb", "redis", "mqtt")
) -> HealthChecks:
    """One call for each of these servers; it raises Retryable if the server does not answer."""
    checks: HealthChecks = {
        "mongodb": adapters.databases.ping,
        "redis": adapters.redis.ping,
        "mqtt": partial(mqtt.ping, settings.mqtt.url),
    }
    return {name: check for name, check in checks.items() if name in servers}


def build_counts(
    adapters: Adapters,
) -> tuple[
    Callable[[str], int],
    Callable[[Collection[str]], Mapping[str, int]],
    Callable[[Collection[str]], Mapping[str, float]],
]:
    """Charge points online by tenant; by queue, tasks waiting and the oldest's age. All raise Retryable."""
    redis = adapters.redis
    return partial(count_online, redis), partial(queue_lengths, redis), partial(queue_ages, redis)


def wait_for_stores(settings: Settings, adapters: Adapters, timeout_s: float = 60.0) -> None:
    """Return when MongoDB and Redis answer. Raises Retryable when they still do not after `timeout_s`.

    Processes of one machine start together, in any order; MQTT is waited for where it is used.
    """
    checks = build_health_checks(settings, adapters)
    for name in ("mongodb", "redis"):
        _wait_for(name, checks[name], time.monotonic() + timeout_s)


def say_if_behind(adapters: Adapters) -> None:
    """Log what to run where the databases are of an earlier version; that is safe while everything runs.

    Raises Conflict if they are of a later version, Retryable.
    """
    if not check_schema(adapters.databases):
        log.warning("databases_behind", advice="Run: python -m app.cli migrate")


def _wait_for(name: str, check: Callable[[], None], deadline: float) -> None:
    told = False
    while True:
        try:
            check()
            return
        except Retryable as failure:
            if time.monotonic() > deadline:
                raise
            if not told:
                log.info("waiting_for_server", server=name, reason=failure.message[:200])
                told = True
            time.sleep(0.2)
