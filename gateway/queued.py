"""Queue mode: one thread sends tasks of batches to Celery.

Publishing blocks, so it has a thread of its own. The thread never decides: batches that could not be
published go back to the event loop.
"""

import queue
import threading
from collections.abc import Callable, Sequence

import structlog
from celery import Celery
from kombu.exceptions import OperationalError

from app.messaging.tasks import HANDLE_BATCHES
from app.ocpp.envelope import BatchEnvelope

log = structlog.stdlib.get_logger(__name__)
Task = tuple[str, Sequence[BatchEnvelope]]
"""A queue, and the batches of one task."""

_STOP = None
_EXPIRES_S = 60


class QueuedCarrier:
    """Publishes envelopes. `on_failure` is called from the thread for each that could not be published."""

    def __init__(self, celery: Celery, on_failure: Callable[[BatchEnvelope], None]) -> None:
        self._celery = celery
        self._on_failure = on_failure
        self._inbox: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def send(self, queue_name: str, envelopes: Sequence[BatchEnvelope]) -> None:
        """Publish soon, as one task. What is let depart bounds what waits here."""
        self._inbox.put((queue_name, envelopes))

    def stop(self, timeout_s: float = 2.0) -> None:
        """Publish what waits, then end."""
        self._inbox.put(_STOP)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while (task := self._inbox.get()) is not _STOP:
            queue_name, envelopes = task
            try:
                self._publish(queue_name, envelopes)
            except (OperationalError, OSError) as failure:
                log.warning("batch_not_published", queue=queue_name, reason=str(failure))
                self._return(envelopes)
            except Exception:  # the edge of the thread: it must outlive what nobody foresaw
                log.exception("batch_not_published", queue=queue_name)
                self._return(envelopes)

    def _return(self, envelopes: Sequence[BatchEnvelope]) -> None:
        for envelope in envelopes:
            self._on_failure(envelope)

    def _publish(self, queue_name: str, envelopes: Sequence[BatchEnvelope]) -> None:
        calls = sum(len(envelope.calls) for envelope in envelopes)
        self._celery.send_task(
            HANDLE_BATCHES,
            args=([envelope.to_wire() for envelope in envelopes],),
            queue=queue_name,
            expires=_EXPIRES_S,
            retry=False,
            ignore_result=True,
            argsrepr=f"<{calls} calls>",  # else Celery spends half its time on a repr
            kwargsrepr="{}",
        )
