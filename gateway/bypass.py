"""Bypass mode: the same handlers, in the gateway's own threads."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog

from app.ocpp import dispatch
from app.ocpp.envelope import BatchEnvelope, Reply
from app.services import Services
from app.tracing import traced

log = structlog.stdlib.get_logger(__name__)
handle_batch = traced(dispatch.handle_batch)


class BypassCarrier:
    """Handles envelopes. `on_replies` is called from a thread; with no replies if handling broke."""

    def __init__(
        self, services: Services, threads: int, on_replies: Callable[[int, Sequence[Reply]], None]
    ) -> None:
        self._services = services
        self._on_replies = on_replies
        self._stopped = False
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="bypass")

    def send(self, envelope: BatchEnvelope) -> None:
        """Handle soon. The lanes bound what waits here. After `stop` nothing is taken any more."""
        if self._stopped:
            log.warning("batch_dropped", tenant_id=envelope.tenant_id, calls=len(envelope.calls))
        else:
            self._threads.submit(self._handle, envelope)

    def _handle(self, envelope: BatchEnvelope) -> None:
        replies: Sequence[Reply] = ()
        try:
            replies = handle_batch(envelope, self._services)
        except Exception:  # the edge of the thread: its lane must know
            log.exception("batch_broke", tenant_id=envelope.tenant_id, calls=len(envelope.calls))
        self._on_replies(envelope.batch_id, replies)

    def stop(self) -> None:
        """Finish what was begun. Charge points send again what was not answered."""
        self._stopped = True
        self._threads.shutdown(wait=True, cancel_futures=True)
