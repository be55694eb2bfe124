"""Every request gets an id, log fields, a log line and safe headers."""

import re
import time
from typing import Any
from uuid import uuid4

from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars

from app.api.openapi import DOCS_PATH, DOCS_POLICY
from app.domain.redaction import HIDDEN, redact_text
from app.logs import get_logger

REQUEST_ID_HEADER = "X-Request-ID"
_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_ONLY_BY_TLS = "max-age=31536000"
_POLICY = "default-src 'none'; frame-ancestors 'none'"

_log = get_logger(__name__)


def accompany_requests(app: Flask) -> None:
    """Register the hooks."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    """A caller's own id is kept if it is harmless in a log, so that it can be followed through systems."""
    g.started = time.monotonic()
    sent = request.headers.get(REQUEST_ID_HEADER, "")
    g.request_id = sent if _ACCEPTABLE_ID.fullmatch(sent) else uuid4().hex
    clear_contextvars()  # server threads are used again
    bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers[REQUEST_ID_HEADER] = g.get("request_id", "")
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", _ONLY_BY_TLS)
    is_docs = request.path.startswith(DOCS_PATH)
    response.headers.setdefault("Content-Security-Policy", DOCS_POLICY if is_docs else _POLICY)
    if not is_docs:
        response.headers.setdefault("Cache-Control", "no-store")
    _write_log_line(response)
    return response


def _without_tokens(path_values: dict[str, Any]) -> dict[str, Any]:
    """The token of a signed link opens it to whoever reads the log."""
    shown = {name: redact_text(str(value)) for name, value in path_values.items()}
    return shown | {"token": HIDDEN} if "token" in shown else shown


def _write_log_line(response: Response) -> None:
    """Changes at info, reading at debug. Never a body, a query or a header."""
    write = _log.info if request.method in _CHANGES else _log.debug
    route = request.url_rule.rule if request.url_rule else None
    duration_ms = round((time.monotonic() - g.started) * 1000, 1)
    write(
        "request",
        method=request.method,
        route=route,
        path_values=_without_tokens(request.view_args or {}),
        status=response.status_code,
        duration_ms=duration_ms,
    )
