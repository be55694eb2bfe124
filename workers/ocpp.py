"""The task that handles batches of calls, of one tenant after the other."""

import time
from collections.abc import Callable
from typing import Any

import structlog
from celery import Celery

from app.domain.errors import Retryable
from app.messaging.tasks import HANDLE_BATCHES
from app.metrics import BATCHES_LATE, PARTS, lap
from app.ocpp.dispatch import handle_batch
from app.ocpp.envelope import BatchEnvelope
from app.process import Process
from app.tracing import traced

log = structlog.stdlib.get_logger(__name__)


def register(app: Celery, process: Callable[[], Process]) -> None:
    """Add the task to `app`. The process is asked for when the first batch comes."""

    @app.task(name=HANDLE_BATCHES)
    def handle(wires: list[dict[str, Any]]) -> None:
        for wire in wires:
            _handle(BatchEnvelope.from_wire(wire), process())


@traced
def _handle(envelope: BatchEnvelope, process: Process) -> None:
    if envelope.deadline_ms < time.time() * 1000:
        # the gateway handles it itself by now; doing it twice would be harmless but costs time
        BATCHES_LATE.inc()
        log.info("batch_too_late", tenant_id=envelope.tenant_id, calls=len(envelope.calls))
        return
    if envelope.calls:
        PARTS["wait"].observe(max(0.0, time.time() - envelope.calls[0].received_ms / 1000))
    replies = handle_batch(envelope, process.services)
    since = time.perf_counter()
    try:
        process.adapters.link.reply(
            envelope.gateway_id, envelope.batch_id, [reply.to_wire() for reply in replies]
        )
    except Retryable as failure:
        log.warning("reply_not_sent", gateway_id=envelope.gateway_id, reason=failure.message)
    lap("reply", since)
