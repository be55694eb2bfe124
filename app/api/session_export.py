"""Charging sessions as files: CSV for spreadsheets, JSON Lines for programs. Both are sent page by page."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson
from flask import Response, stream_with_context

from app.api.blueprint import Blueprint
from app.api.current import services
from app.api.paging import MAX_LIMIT, page_request
from app.api.permissions import requires
from app.api.schemas.session import LISTED, SessionFilters
from app.api.tenancy import current_tenant
from app.domain.csv_text import csv_pieces
from app.domain.permissions import Permission

_JSON_LINES = "application/jsonl"
session_export = Blueprint(
    "session_export", __name__, url_prefix="/api/v1", description="Charging sessions as a file."
)


@session_export.get("/sessions.csv")
@requires(Permission.SESSIONS_READ)
@session_export.query(SessionFilters)
@session_export.response(200, {"type": "string"}, content_type="text/csv", description="One line a session.")
def export_sessions(query: dict[str, Any]) -> Response:
    """Export sessions as CSV

    All that the filters of the list let through, newest first, with the columns of the list. `review` holds
    its notes with blanks between. The file is sent while it is made, so it may be of any length.
    """
    return _file("sessions.csv", "text/csv", csv_pieces(_rows(_shown(query))))


@session_export.get("/sessions.jsonl")
@requires(Permission.SESSIONS_READ)
@session_export.query(SessionFilters)
@session_export.response(
    200, {"type": "string"}, content_type=_JSON_LINES, description="One JSON object a line, a session each."
)
def export_sessions_as_json_lines(query: dict[str, Any]) -> Response:
    """Export sessions as JSON Lines

    All that the filters of the list let through, newest first: each line is one session, as the list shows
    it. The file is sent while it is made, so it may be of any length.
    """
    return _file("sessions.jsonl", _JSON_LINES, _lines(_shown(query)))


def _file(name: str, content_type: str, pieces: Iterator[str] | Iterator[bytes]) -> Response:
    return Response(
        stream_with_context(pieces),
        content_type=f"{content_type}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _shown(query: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Session after session, as lists show them. The first page is read at once: a mistake shows before that.

    Raises InvalidInput, Retryable.
    """
    request = page_request(query | {"limit": MAX_LIMIT, "cursor": None})
    service, tenant_id = services().sessions, current_tenant().id
    first = service.list_page(tenant_id, request)

    def all_pages() -> Iterator[dict[str, Any]]:
        page = first
        while True:
            yield from LISTED.dump(page.items, many=True)
            if page.next_cursor is None:
                return
            page = service.list_page(tenant_id, replace(request, cursor=page.next_cursor))

    return all_pages()


def _lines(shown: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    for session in shown:
        yield orjson.dumps(session, option=orjson.OPT_APPEND_NEWLINE)


def _rows(shown: Iterator[Mapping[str, Any]]) -> Iterator[list[object]]:
    """The heading, then a row for each session."""
    columns = [name for name in LISTED.dump_fields if name != "session_id"]
    yield list(columns)
    for session in shown:
        yield [_cell(session, name) for name in columns]


def _cell(shown: Mapping[str, Any], name: str) -> object:
    value = shown[name]
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(value) if isinstance(value, list) else value
