"""Problem details (RFC 9457): the one shape of every refusal and failure.

`type` is always about:blank, so `title` is the HTTP status; programs look at `code`, people at `detail`.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import orjson
from flask import Response, g

CONTENT_TYPE = "application/problem+json"


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Mapping[str, Sequence[str]] | None = None,
    feature: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document. `errors` maps a field's dotted path to what is wrong with it; `feature` names the
    feature that is switched off."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": g.get("request_id"),
    }
    if feature:
        body["feature"] = feature
    if errors:
        body["errors"] = {path: list(sentences) for path, sentences in errors.items()}
    return Response(orjson.dumps(body), status, headers, content_type=CONTENT_TYPE)
