"""A worker that has stopped consuming, and does not know it, is replaced.

After trouble with Redis a Celery consumer may be connected, answer remote control and take no message any
more (celery 8091, 8990, 9054). What gives it away: messages wait in a queue of its own, it has room for one,
Redis answers, and for 15 seconds it takes none from there.

It is replaced in its place: the process executes itself anew under its own number. So it makes no difference
who has started it, honcho, a container or `workers.pools`, and none of them notices. Nothing is given back
first: batches that it had taken are past their deadlines, and Redis hands out the rest again by itself.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, NoReturn

import structlog
from celery import signals
from celery.worker import state

from app.domain.errors import Retryable

log = structlog.stdlib.get_logger(__name__)
LOOK_EVERY_S = 2.5
DEAF_AFTER_LOOKS = 7
"""Counted and not timed: a process that was paused is not deaf when it wakes."""
_FINISH_S = 10.0
Lengths = Callable[[Collection[str]], Mapping[str, int]]
"""Messages that wait, by queue. Raises Retryable."""


class Watchdog:
    """Knows at how many looks running messages waited in which queue without one being taken between."""

    def __init__(self, queues: Collection[str], lengths: Lengths) -> None:
        self._queues = queues
        self._lengths = lengths
        self._passed_over: dict[str, int] = {}

    def took(self, queue: str) -> None:
        """A message came from there. From any thread."""
        self._passed_over.pop(queue, None)

    def look(self, *, is_busy: bool) -> str | None:
        """A queue that this worker is deaf to. Whoever is busy is not asked, nor is anybody without Redis."""
        try:
            lengths = {} if is_busy else self._lengths(self._queues)
        except Retryable:
            lengths = {}
        waiting = {queue for queue, length in lengths.items() if length}
        self._passed_over = {queue: self._passed_over.get(queue, 0) + 1 for queue in waiting}
        deaf_to = [queue for queue, looks in self._passed_over.items() if looks >= DEAF_AFTER_LOOKS]
        return min(deaf_to, default=None)


def watch(lengths: Lengths) -> None:
    """Watch this process from when it is ready until it is told to stop."""
    stopped = threading.Event()

    @signals.worker_ready.connect(weak=False)
    def _begin(sender: Any, **_: Any) -> None:
        """Comes again after every reconnect."""
        signals.worker_ready.disconnect(_begin)
        dog = Watchdog(set(sender.app.amqp.queues.consume_from), lengths)
        signals.task_received.connect(
            lambda request, **_: dog.took(request.delivery_info["routing_key"]), weak=False
        )
        places = sender.pool.limit
        threading.Thread(target=_watch, args=(dog, places, stopped), name="watchdog", daemon=True).start()

    @signals.worker_shutting_down.connect(weak=False)
    def _end(**_: Any) -> None:
        stopped.set()


def _watch(dog: Watchdog, places: int, stopped: threading.Event) -> None:
    while not stopped.wait(LOOK_EVERY_S):
        queue = dog.look(is_busy=len(state.reserved_requests) >= places)
        if queue is not None:
            log.critical("worker_deaf", queue=queue, pid=os.getpid())
            _finish(stopped)
            if not stopped.is_set():
                _replace_process()


def _finish(stopped: threading.Event) -> None:
    """Let what is being worked on end; a process that hangs is not waited for."""
    give_up_at = time.monotonic() + _FINISH_S
    while state.active_requests and time.monotonic() < give_up_at:
        stopped.wait(0.1)


def _replace_process() -> NoReturn:
    """The same command line in the same process. Connections close with the old program."""
    sys.stdout.flush()
    sys.stderr.flush()
    # our own command line, once more
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  # nosec B606
