"""Charging sessions as a file for spreadsheets."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from flask import Response, stream_with_context

from app.api.blueprint import Blueprint
from app.api.current import services
from app.api.paging import MAX_LIMIT, page_request
from app.api.permissions import requires
from app.api.schemas.session import LISTED, SessionFilters
from app.api.tenancy import current_tenant
from app.domain.csv_text import csv_pieces
from app.domain.permissions import Permission
from app.domain.session import Session
from app.services.ports import Page, PageRequest
from app.services.sessions import SessionService

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
    request = page_request(query | {"limit": MAX_LIMIT, "cursor": None})
    service, tenant_id = services().sessions, current_tenant().id
    first = service.list_page(tenant_id, request)  # what is wrong with it shows before the first line is out
    lines = stream_with_context(csv_pieces(_lines(service, tenant_id, request, first)))
    return Response(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="sessions.csv"'},
    )


def _lines(
    service: SessionService, tenant_id: str, request: PageRequest, page: Page[Session]
) -> Iterator[list[object]]:
    """The heading, then page after page."""
    columns = [name for name in LISTED.dump_fields if name != "session_id"]
    yield list(columns)
    while True:
        for shown in LISTED.dump(page.items, many=True):
            yield [_cell(shown, name) for name in columns]
        if page.next_cursor is None:
            return
        page = service.list_page(tenant_id, replace(request, cursor=page.next_cursor))


def _cell(shown: Mapping[str, Any], name: str) -> object:
    value = shown[name]
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(value) if isinstance(value, list) else value
