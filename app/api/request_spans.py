"""A trace of every request, where traces are on: its route as a template, never a path, and its status.

A caller's own `traceparent` is not followed: it would let whoever calls decide what is sampled.
"""

from http import HTTPStatus

from flask import Flask, Response, g, request
from opentelemetry.trace import Span, SpanKind, StatusCode

from app.traces import Traces

_SPAN = "ocpp.span"


def trace_requests(app: Flask, traces: Traces) -> None:
    """Register the hooks: before all others, so that a request which one of those refuses is seen."""

    def begin() -> None:
        rule = request.url_rule.rule if request.url_rule else "unmatched"
        named = {"http.request.method": request.method, "http.route": rule}
        traced = traces.span(f"{request.method} {rule}", named, SpanKind.SERVER)
        request.environ[_SPAN] = (traced, traced.__enter__())

    def describe(response: Response) -> Response:
        span: Span = request.environ[_SPAN][1]
        span.set_attribute("http.response.status_code", response.status_code)
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            span.set_status(StatusCode.ERROR)
        if "caller" in g and g.caller.tenant_id:
            span.set_attribute("tenant", g.caller.tenant_id)
        return response

    def end(failure: BaseException | None) -> None:
        """Requests that we make up within one, to see what it changed, have none."""
        if _SPAN in request.environ:
            traced, _ = request.environ.pop(_SPAN)
            traced.__exit__(type(failure) if failure else None, failure, None)

    app.before_request(begin)
    app.after_request(describe)
    app.teardown_request(end)
