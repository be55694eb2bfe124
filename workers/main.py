"""The Celery worker: `celery -A workers.main worker -P threads -Q sweeps ...` (see Procfile).

`-Q sweeps,calls` serves all tenants without a pool of their own, `-Q ocpp.<tenant id>` that tenant alone;
`workers.pools` starts those.
"""

import time
import warnings
from functools import cache
from typing import Any

import structlog
from celery import Celery, bootsteps, signals
from celery.platforms import SecurityWarning
from celery.worker.consumer.tasks import Tasks

from app.domain.errors import Retryable
from app.health import Role
from app.logs import configure_logging
from app.messaging.celery_app import Side, build_celery, queue_lengths
from app.messaging.redis_transport import Channel
from app.process import Process, read_settings, start_process
from app.tracing import start_tracing
from workers import ocpp, sweeps, watchdog

log = structlog.stdlib.get_logger(__name__)
_BEAT_EVERY_S = 0.5
_POLLS_WITHIN_S = 15.0  # it does so every second, unless all its threads are busy


settings = read_settings()
if not settings.is_production:  # Celery's warning of root is for production, where the image has a user
    warnings.simplefilter("ignore", SecurityWarning)


@cache
def process() -> Process:
    """This process's services and clients, made when first needed: never before a fork."""
    start_tracing(settings.tracing, "worker")
    return start_process(settings, needs=["redis"], duties={"queue": check_consuming})


def check_consuming() -> None:
    """A connection alone does not make a worker: it must ask for work. Raises Retryable if it does not."""
    silent_s = time.monotonic() - Channel.polled_at
    if silent_s > _POLLS_WITHIN_S:
        raise Retryable(f"No queue was asked for {silent_s:.0f} seconds.")


app: Celery = build_celery(settings, Side.WORKER)
ocpp.register(app, process)
sweeps.register(app, process)


watchdog.watch(lambda queues: queue_lengths(process().adapters.redis, queues))


@signals.setup_logging.connect
def _configure_logging(**_: Any) -> None:
    configure_logging(settings)


@signals.worker_init.connect
def _start(**_: Any) -> None:
    process()


@signals.worker_shutting_down.connect
def _drain(**_: Any) -> None:
    process().pulse.beat(Role.DRAINING)


class Pulse(bootsteps.StartStopStep):  # type: ignore[misc]
    """Tells that the loop which consumes lives."""

    requires = (Tasks,)

    def __init__(self, consumer: Any, **_: Any) -> None:
        self._entry: Any = None

    def start(self, consumer: Any) -> None:
        """Runs again after every reconnect."""
        self._beat()
        self._entry = consumer.timer.call_repeatedly(_BEAT_EVERY_S, self._beat)

    def stop(self, consumer: Any) -> None:
        """The connection ends."""
        if self._entry is not None:
            self._entry.cancel()
            self._entry = None
        process().pulse.beat(Role.WAITING)

    @staticmethod
    def _beat() -> None:
        process().pulse.beat(Role.ACTIVE)


app.steps["consumer"].add(Pulse)
