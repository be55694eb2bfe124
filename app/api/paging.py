"""Lists: `limit` and `cursor` in, `{"items": [...], "next_cursor": ...}` out."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import Length, Range

from app.services.ports import PageRequest

MAX_LIMIT = 200


class PageQuery(Schema):
    """Query parameters of every list; a list's own schema adds its filters."""

    limit = fields.Integer(
        load_default=50, validate=Range(1, MAX_LIMIT), metadata={"description": "How many items at most."}
    )
    cursor = fields.String(
        load_default=None,
        validate=Length(1, 1000),
        metadata={"description": "`next_cursor` of the page before, with the same filters."},
    )


def page_request(query: Mapping[str, Any]) -> PageRequest:
    """What a list's query asks for; everything but `limit` and `cursor` is a filter."""
    filters = {name: value for name, value in query.items() if name not in ("limit", "cursor")}
    return PageRequest(query["limit"], query["cursor"], filters or None)


def next_cursor_field() -> fields.String:
    """The field by which every page says how to go on."""
    return fields.String(allow_none=True, metadata={"description": "null on the last page."})
