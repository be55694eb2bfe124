"""Charging sessions as files: CSV for spreadsheets, JSON Lines for programs. Both are sent page by page."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from flask import Response

from app.api.blueprint import Blueprint
from app.api.current import services
from app.api.exports import JSON_LINES, file_response, json_lines, whole_list
from app.api.permissions import requires
from app.api.schemas.session import LISTED, SessionFilters
from app.api.tenancy import current_tenant
from app.domain.csv_text import csv_pieces
from app.domain.permissions import Permission

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
    return file_response("sessions.csv", "text/csv", csv_pieces(_rows(_shown(query))))


@session_export.get("/sessions.jsonl")
@requires(Permission.SESSIONS_READ)
@session_export.query(SessionFilters)
@session_export.response(
    200, {"type": "string"}, content_type=JSON_LINES, description="One JSON object a line, a session each."
)
def export_sessions_as_json_lines(query: dict[str, Any]) -> Response:
    """Export sessions as JSON Lines

    All that the filters of the list let through, newest first: each line is one session, as the list shows
    it. The file is sent while it is made, so it may be of any length.
    """
    return file_response("sessions.jsonl", JSON_LINES, json_lines(_shown(query)))


def _shown(query: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Session after session, as lists show them. Raises InvalidInput, Retryable."""
    tenant_id = current_tenant().id
    return map(LISTED.dump, whole_list(partial(services().sessions.list_page, tenant_id), query))


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
