"""OpenTelemetry: spans, made and sent. Imported by `app.tracing` alone, when traces are on.

Attributes name tenants, charge points and commands, and never hold what a frame says. The exporter knows
OpenTelemetry's other variables itself: OTEL_EXPORTER_OTLP_HEADERS, ..._CERTIFICATE, OTEL_RESOURCE_ATTRIBUTES.
"""

import os
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import (
    Link,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from app.tracing import Traceable
from app.tracing_settings import TracingSettings

_PATH = "/v1/traces"
_TIMEOUT_S = 5.0
_LAST_WORDS_MS = 2_000
_HEADER = "traceparent"
_NO_PARENT = Context()
_propagator = TraceContextTextMapPropagator()


class _Sender(BatchSpanProcessor):
    """From a thread of its own. What it cannot keep, while the collector is away, is dropped."""

    def shutdown(self) -> None:
        """At the end of the process, and for a moment only: it is not the collector that we wait for."""
        self._batch_processor.shutdown(timeout_millis=_LAST_WORDS_MS)


class Traces:
    """Makes spans, in any thread, and sends those that are sampled."""

    def __init__(self, settings: TracingSettings, service: str) -> None:
        who = {SERVICE_NAME: f"ocpp-{service}", SERVICE_INSTANCE_ID: f"{socket.gethostname()}-{os.getpid()}"}
        provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(settings.sample_ratio)), resource=Resource.create(who)
        )
        exporter = OTLPSpanExporter(settings.endpoint.rstrip("/") + _PATH, timeout=_TIMEOUT_S)
        provider.add_span_processor(_Sender(exporter))
        self._tracer = provider.get_tracer("ocpp-server")

    def begin(self, name: str, **attributes: str | int) -> Span:
        """The first span of a trace, to be ended by the caller; not recording if it is not sampled."""
        return self._tracer.start_span(name, _NO_PARENT, SpanKind.CLIENT, attributes)

    @staticmethod
    def parent_for(span: Span) -> str | None:
        """What who continues this trace must know, as W3C's `traceparent` has it; None: it is not sampled."""
        carried: dict[str, str] = {}
        _propagator.inject(carried, set_span_in_context(span, _NO_PARENT))
        return carried[_HEADER] if span.is_recording() else None

    def present(self) -> str | None:
        """The same of the present span."""
        return self.parent_for(get_current_span())

    @staticmethod
    def fail(span: Span, why: str) -> None:
        """End it as an error."""
        span.set_status(StatusCode.ERROR, why)
        span.end()

    @contextmanager
    def span(
        self,
        name: str,
        attributes: Mapping[str, str | int],
        kind: SpanKind = SpanKind.INTERNAL,
        parent: Context = _NO_PARENT,
        follows: Iterable[str | None] = (),
    ) -> Iterator[Span]:
        """The present span of this thread, linked to those it `follows`. What is raised in it is noted."""
        links = [Link(_context_of(trace)) for trace in dict.fromkeys(follows) if trace]
        with self._tracer.start_as_current_span(name, parent, kind, attributes, links) as span:
            yield span

    @contextmanager
    def handling(self, envelope: Traceable) -> Iterator[None]:
        """A batch, as a child of the span that its gateway began."""
        parent = _parent_of(envelope.trace or "")
        named = {"tenant": envelope.tenant_id, "gateway": envelope.gateway_id}
        with self.span("handle_batch", named, SpanKind.SERVER, parent):
            yield

    def lap(self, part: str, since: float, until: float) -> None:
        """A part of the present span, by perf_counter; it ends now."""
        if get_current_span().is_recording():
            now_ns = time.time_ns()
            began_ns = now_ns - int((until - since) * 1e9)
            self._tracer.start_span(part, start_time=began_ns).end(now_ns)

    @staticmethod
    def note(name: str, **attributes: str) -> None:
        """In the present span, if there is one."""
        get_current_span().add_event(name, attributes)


def _parent_of(trace: str) -> Context:
    return _propagator.extract({_HEADER: trace}, _NO_PARENT)


def _context_of(trace: str) -> SpanContext:
    return get_current_span(_parent_of(trace)).get_span_context()
