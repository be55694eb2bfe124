"""What is shown of an answer: only the `fields` that were asked for, under an ETag, and not twice.

An ETag is `"<revision>-<digest>"`: the digest of all that would be shown, after the resource's `revision`
where it has one, which only rises when somebody changes it. A reader's `If-None-Match` needs both to fit. A
writer's `If-Match` needs the revision alone, so that a charge point's next heartbeat does not refuse a change
of its settings; where there is no revision it needs the digest.
"""

import hashlib
from collections.abc import Mapping
from http import HTTPMethod
from typing import Any

import orjson
from flask import Flask, Response, current_app, g, request
from marshmallow import Schema, fields
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.exceptions import NotFound as NoRoute

from app.domain.errors import InvalidInput, NotFound, PreconditionFailed

FIELDS_PARAMETER = "fields"
_CHANGES = {HTTPMethod.PUT, HTTPMethod.PATCH, HTTPMethod.DELETE}


def note_shown(view: Any, schema: Schema) -> None:
    """Note at a view what its callers may ask for by `fields`: of a list, the fields of its items."""
    items = schema.fields.get("items")
    view.shows_one = "next_cursor" not in schema.fields
    if isinstance(items, fields.List) and isinstance(items.inner, fields.Nested):
        schema = items.inner.schema
    view.shows = frozenset(field.data_key or name for name, field in schema.dump_fields.items())


def selects_fields() -> bool:
    """This request is answered by a view that shows fields."""
    return _reads() and bool(_known())


def shown(answer: Any) -> Any:
    """Of a GET's `answer`, the fields that were asked for, and its ETag noted. Raises InvalidInput."""
    if not _reads() or not isinstance(answer, dict):
        return answer
    g.etag = _etag_of(answer)
    asked = request.args.get(FIELDS_PARAMETER)
    return answer if asked is None else _selected(answer, _names(asked))


def _reads() -> bool:
    return request.method in (HTTPMethod.GET, HTTPMethod.HEAD)


def _known() -> frozenset[str]:
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "shows", frozenset())


def _names(asked: str) -> frozenset[str]:
    names, known = frozenset(name.strip() for name in asked.split(",")), _known()
    if unknown := sorted(names - known):
        sentence = f"Unknown: {', '.join(unknown)}. Known: {', '.join(sorted(known))}."
        raise InvalidInput("There are no such fields.", problems={FIELDS_PARAMETER: [sentence]})
    return names


def _selected(answer: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    if isinstance(items := answer.get("items"), list):
        return {**answer, "items": [_selected(item, names) for item in items]}
    return {name: value for name, value in answer.items() if name in names}


def _etag_of(answer: Mapping[str, Any]) -> str:
    digest = hashlib.blake2b(orjson.dumps(answer, default=str), digest_size=12).hexdigest()
    return f"{answer['revision']}-{digest}" if "revision" in answer else digest


def tag_answers(app: Flask) -> None:
    """Send the ETag of what is read; who has it already gets 304."""

    @app.after_request
    def tag(response: Response) -> Response:
        etag = g.pop("etag", None)
        if etag is not None and response.status_code == 200:
            response.set_etag(etag)
            response.make_conditional(request)
        return response


def check_precondition() -> None:
    """Refuse a change whose `If-Match` does not fit any more.

    The ETag is that of the address itself or, where it cannot be read, of what it is a part of. Comes before
    the view; who keeps a revision asks for `expected_revision` as well, and so leaves no gap in between.
    Raises PreconditionFailed, NotFound.
    """
    if not request.if_match or request.method not in _CHANGES:
        return
    current = _current_etag()
    revision, dash, _ = current.partition("-")
    g.expected_revision = int(revision) if dash and not request.if_match.star_tag else None
    wanted = {etag.partition("-")[0] if dash else etag for etag in request.if_match}
    if not request.if_match.star_tag and (revision if dash else current) not in wanted:
        raise PreconditionFailed("It has changed since you read it. Read it again, and then change it.")


def expected_revision() -> int | None:
    """The revision that a change is meant for; None if its caller named none."""
    revision: int | None = g.get("expected_revision")
    return revision


def _current_etag() -> str:
    for path in (request.path, request.path.rpartition("/")[0]):
        found = _reader_of(path)
        if found is None:
            continue
        endpoint, values = found
        view: Any = current_app.view_functions[endpoint]
        try:
            with current_app.test_request_context():
                view.__wrapped__(**values)  # what `requires` guards
        except NotFound as missing:
            if request.method == HTTPMethod.PUT:
                raise PreconditionFailed("There is nothing yet that could be changed.") from missing
            raise
        return str(g.pop("etag"))
    raise PreconditionFailed("This has no ETag; leave If-Match out.")


def _reader_of(path: str) -> tuple[str, Mapping[str, Any]] | None:
    """The guarded view that shows what is at `path`, and its arguments."""
    try:
        endpoint, values = current_app.create_url_adapter(request).match(path, method="GET")  # type: ignore[union-attr]
    except (NoRoute, MethodNotAllowed):
        return None
    shows = getattr(current_app.view_functions[endpoint], "shows_one", False)
    return (endpoint, values) if shows else None


def representation_at(path: str) -> dict[str, Any] | None:
    """What a reader of this address is shown in full; None if nothing can be read there, or nothing is there.

    Raises Retryable.
    """
    found = _reader_of(path)
    if found is None:
        return None
    endpoint, values = found
    view: Any = current_app.view_functions[endpoint]
    etag = g.pop("etag", None)
    try:
        with current_app.test_request_context():
            response = current_app.make_response(view.__wrapped__(**values))  # within `requires`
    except NotFound:
        return None
    finally:
        g.pop("etag", None)
        if etag is not None:
            g.etag = etag
    body = response.get_json(silent=True)
    return body if isinstance(body, dict) else None
