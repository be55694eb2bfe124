"""Traces of batches: a span from where one leaves to its answers, which whoever handles it continues.

Beside the dispatcher and not in it: where traces are off, as they mostly are, they cost no batch anything.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from app.ocpp.envelope import BatchEnvelope, Reply
from app.services.ports import Clock
from app.services.tenants import TenantDirectory
from app.tracing import find_traces
from gateway.departures import SendTask
from gateway.dispatcher import Dispatcher, Send
from gateway.measures import tier_of

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from app.traces import Traces


def make_dispatcher(
    gateway_id: str,
    tenants: TenantDirectory,
    clock: Clock,
    answer_timeout_s: float,
    send_queued: SendTask,
    send_bypass: Send,
) -> Dispatcher:
    """One that traces its batches, if traces are on."""
    traces = find_traces()
    if traces is None:
        return Dispatcher(gateway_id, tenants, clock, answer_timeout_s, send_queued, send_bypass)
    return _Traced(traces, gateway_id, tenants, clock, answer_timeout_s, send_queued, send_bypass)


class _Traced(Dispatcher):
    """Knows the spans of the batches that have left and are sampled. On the event loop, as the dispatcher."""

    def __init__(
        self,
        traces: "Traces",
        gateway_id: str,
        tenants: TenantDirectory,
        clock: Clock,
        answer_timeout_s: float,
        send_queued: SendTask,
        send_bypass: Send,
    ) -> None:
        def queued(queue: str, envelopes: Sequence[BatchEnvelope]) -> None:
            send_queued(queue, [self._leaves(envelope, queue) for envelope in envelopes])

        def bypass(envelope: BatchEnvelope) -> None:
            send_bypass(self._leaves(envelope, "bypass"))

        super().__init__(gateway_id, tenants, clock, answer_timeout_s, queued, bypass)
        self._traces = traces
        self._spans: dict[int, Span] = {}

    def _leaves(self, envelope: BatchEnvelope, way: str) -> BatchEnvelope:
        """With its trace, if it is sampled. A canary is nobody's batch."""
        if not (envelope.calls or envelope.reports or envelope.strays):
            return envelope
        tier = tier_of(self._tenants.find(envelope.tenant_id))
        span = self._traces.begin("batch", tenant=envelope.tenant_id, tier=tier, way=way)
        trace = self._traces.parent_for(span)
        if trace is None:
            return envelope
        self._spans[envelope.batch_id] = span
        span.set_attributes({"calls": len(envelope.calls), "reports": len(envelope.reports)})
        for call in envelope.calls:
            span.add_event(
                "call",
                {
                    "action": self.measures.action_of(call.text),
                    "charge_point": call.charge_point_id,
                    "connection": call.connection_id,
                    "waited_s": max(0.0, time.time() - call.received_ms / 1000),
                },
            )
        return replace(envelope, trace=trace)

    def take_replies(self, batch_id: int, replies: Sequence[Reply]) -> None:
        """It was handled, by whom its span was carried to."""
        span = self._spans.pop(batch_id, None)
        if span is not None:
            span.set_attribute("replies", len(replies))
            span.end()
        super().take_replies(batch_id, replies)

    def _go_round(self, batch_id: int) -> None:
        """What is in it leaves again, as another batch with a trace of its own."""
        span = self._spans.pop(batch_id, None)
        if span is not None:
            self._traces.fail(span, "The queue did not answer; its calls go round it.")
        super()._go_round(batch_id)
