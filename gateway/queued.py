"""Queue mode: one thread sends batches to Celery, one task each.

Celery's cost is per task, so a batch is a task; publishing blocks, so it has a thread of its own. The thread
never decides: a batch that could not be published goes back to the event loop.
"""

import queue
import threading
from collections.abc import Callable

import structlog
from celery import Celery
from kombu.exceptions import OperationalError

from app.messaging.tasks import HANDLE_BATCH, tenant_queue
from app.ocpp.envelope import BatchEnvelope

log = structlog.stdlib.get_logger(__name__)
_STOP = None
_EXPIRES_S = 60


class QueuedCarrier:
    """Publishes envelopes. `on_failure` is called from the thread for each that could not be published."""

    def __init__(self, celery: Celery, on_failure: Callable[[BatchEnvelope], None]) -> None:
        self._celery = celery
        self._on_failure = on_failure
        self._inbox: queue.SimpleQueue[BatchEnvelope | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def send(self, envelope: BatchEnvelope) -> None:
        """Publish soon. The lanes' credits bound what waits here."""
        self._inbox.put(envelope)

    def stop(self, timeout_s: float = 2.0) -> None:
        """Publish what waits, then end."""
        self._inbox.put(_STOP)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while (envelope := self._inbox.get()) is not _STOP:
            try:
                self._publish(envelope)
            except (OperationalError, OSError) as failure:
                log.warning("batch_not_published", tenant_id=envelope.tenant_id, reason=str(failure))
                self._on_failure(envelope)
            except Exception:  # the edge of the thread: it must outlive what nobody foresaw
                log.exception("batch_not_published", tenant_id=envelope.tenant_id)
                self._on_failure(envelope)

    def _publish(self, envelope: BatchEnvelope) -> None:
        self._celery.send_task(
            HANDLE_BATCH,
            args=(envelope.to_wire(),),
            queue=tenant_queue(envelope.tenant_id),
            expires=_EXPIRES_S,
            retry=False,
            ignore_result=True,
            argsrepr=f"<{len(envelope.calls)} calls>",  # else Celery spends half its time on a repr
            kwargsrepr="{}",
        )
