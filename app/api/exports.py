"""Lists of any length as files: read page by page, sent while they are made."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import orjson
from flask import Response, stream_with_context

from app.api.paging import MAX_LIMIT, page_request
from app.services.ports import Page, PageRequest

JSON_LINES = "application/jsonl"
T = TypeVar("T")


def whole_list(list_page: Callable[[PageRequest], Page[T]], query: Mapping[str, Any]) -> Iterator[T]:
    """Every item that the filters of `query` let through.

    The first page is read at once: a mistake shows before the first line is out..
    """
    wanted = page_request({**query, "limit": MAX_LIMIT, "cursor": None})
    first = list_page(wanted)

    def all_pages() -> Iterator[T]:
        page = first
        while True:
            yield from page.items
            if page.next_cursor is None:
                return
            page = list_page(replace(wanted, cursor=page.next_cursor))

    return all_pages()


def json_lines(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """One object a line."""
    for row in rows:
        yield orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def file_response(name: str, content_type: str, pieces: Iterator[str] | Iterator[bytes]) -> Response:
    """A download of that name, sent while `pieces` come."""
    return Response(
        stream_with_context(pieces),
        content_type=f"{content_type}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
