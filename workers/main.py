"""The Celery worker: `celery -A workers.main worker -P threads -Q sweeps ...` (see Procfile).

A worker that consumes the queue `sweeps` also consumes the queue of every tenant without a pool of its own,
new ones included. One that is started with `-Q ocpp.<tenant id>` serves that tenant alone; `workers.pools`
starts those.
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
from app.messaging.tasks import SWEEP_QUEUE, is_tenant_queue, tenant_queue
from app.process import Process, read_settings, start_process
from workers import ocpp, sweeps, watchdog
from workers.pools import is_shared

log = structlog.stdlib.get_logger(__name__)
_FOLLOW_EVERY_S = 0.5
_POLLS_WITHIN_S = 15.0  # it does so every second, unless all its threads are busy


settings = read_settings()
if not settings.is_production:  # Celery's warning of root is for production, where the image has a user
    warnings.simplefilter("ignore", SecurityWarning)


@cache
def process() -> Process:
    """This process's services and clients, made when first needed: never before a fork."""
    return start_process(settings, needs=["redis"], duties={"queue": check_consuming})


def check_consuming() -> None:
    """A connection alone does not make a worker: it must ask for work. Raises Retryable if it does not."""
    silent_s = time.monotonic() - Channel.polled_at
    if silent_s > _POLLS_WITHIN_S:
        raise Retryable(f"No queue was asked for {silent_s:.0f} seconds.")


app: Celery = build_celery(settings, Side.WORKER)
ocpp.register(app, process)
sweeps.register(app, process)


def shared_queues() -> set[str]:
    """Of the tenants without a pool of their own, as they are now."""
    tenants = process().services.tenants.directory.all()
    return {tenant_queue(tenant.id) for tenant in tenants if is_shared(tenant)}


watchdog.watch(shared_queues, lambda queues: queue_lengths(process().adapters.redis, queues))


@signals.setup_logging.connect
def _configure_logging(**_: Any) -> None:
    configure_logging(settings)


@signals.worker_init.connect
def _start(**_: Any) -> None:
    process()


@signals.worker_shutting_down.connect
def _drain(**_: Any) -> None:
    process().pulse.beat(Role.DRAINING)


class TenantQueues(bootsteps.StartStopStep):  # type: ignore[misc]
    """Consumes the queues of all tenants, following their coming and going without a restart."""

    requires = (Tasks,)

    def __init__(self, consumer: Any, **_: Any) -> None:
        self._entry: Any = None

    def start(self, consumer: Any) -> None:
        """Runs again after every reconnect; queues added before are added anew."""
        self._turn(consumer)
        self._entry = consumer.timer.call_repeatedly(_FOLLOW_EVERY_S, self._turn, (consumer,))

    def stop(self, consumer: Any) -> None:
        """The connection ends."""
        if self._entry is not None:
            self._entry.cancel()
            self._entry = None
        process().pulse.beat(Role.WAITING)

    def _turn(self, consumer: Any) -> None:
        """Of the loop that consumes: it tells that it lives."""
        if SWEEP_QUEUE in consumer.app.amqp.queues.consume_from:
            self._follow(consumer)
        process().pulse.beat(Role.ACTIVE)

    @staticmethod
    def _follow(consumer: Any) -> None:
        wanted = shared_queues()
        consumed = {queue.name for queue in consumer.task_consumer.queues if is_tenant_queue(queue.name)}
        for name in sorted(wanted - consumed):
            consumer.add_task_queue(name)
            log.info("queue_added", queue=name)
        for name in sorted(consumed - wanted):
            consumer.cancel_task_queue(name)
            log.info("queue_removed", queue=name)


app.steps["consumer"].add(TenantQueues)
