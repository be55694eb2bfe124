"""A collector of traces on loopback: what any process of the system sends by OTLP over HTTP."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from app import tracing
from app.metrics import follow_laps
from app.tracing_settings import TracingSettings


@dataclass(frozen=True)
class SeenSpan:
    """A span that arrived. Times in nanoseconds; no `parent`: the first of its trace."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    attributes: dict[str, Any]
    events: list[tuple[str, dict[str, Any]]]
    links: list[str]
    failed: bool
    began: int
    ended: int


class Collector:
    """Context manager; `endpoint` is what OTEL_EXPORTER_OTLP_ENDPOINT is to be."""

    def __init__(self) -> None:
        self.spans: list[SeenSpan] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.spans))
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def named(self, name: str, **like: Any) -> list[SeenSpan]:
        """The spans of this name whose fields or attributes are these."""
        return [
            span
            for span in list(self.spans)
            if span.name == name
            and all(getattr(span, key, span.attributes.get(key)) == value for key, value in like.items())
        ]

    def wait_for(self, is_there: Callable[[], object], timeout_s: float = 10.0) -> None:
        """Until it is. Raises TimeoutError with what came instead."""
        ends_at = time.monotonic() + timeout_s
        while not is_there():
            if time.monotonic() > ends_at:
                raise TimeoutError(f"Only these came: {[(s.service, s.name) for s in self.spans]}")
            time.sleep(0.02)


def _handler(spans: list[SeenSpan]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v1/traces":
                spans.extend(_read(body))
            self.send_response(200 if self.path == "/v1/traces" else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    return Handler


def _read(body: bytes) -> list[SeenSpan]:
    request = ExportTraceServiceRequest.FromString(body)
    return [
        SeenSpan(
            service=_values(resource.resource.attributes)["service.name"],
            name=span.name,
            trace=span.trace_id.hex(),
            id=span.span_id.hex(),
            parent=span.parent_span_id.hex(),
            attributes=_values(span.attributes),
            events=[(event.name, _values(event.attributes)) for event in span.events],
            links=[link.trace_id.hex() for link in span.links],
            failed=span.status.code == 2,
            began=span.start_time_unix_nano,
            ended=span.end_time_unix_nano,
        )
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def _values(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}


@contextmanager
def traces_to_here(monkeypatch: pytest.MonkeyPatch, service: str) -> Iterator[Collector]:
    """Traces of this very process are on, and come here at once."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
    monkeypatch.setattr(tracing, "_traces", None)  # and None again afterwards
    with Collector() as collector:
        tracing.start_tracing(TracingSettings(collector.endpoint, 1.0), service)
        yield collector
    follow_laps(None)
