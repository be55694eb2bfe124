"""Pages of a list in memory, with the filters and cursors that the ports promise."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any, TypeVar

from app.domain.errors import InvalidInput
from app.services.ports import Page, PageRequest

T = TypeVar("T")


def page_of(items: Sequence[T], page: PageRequest) -> Page[T]:
    """The page of `items` (in their final order, each with an `id`) that `page` asks for."""
    wanted = [item for item in items if _matches(item, page)]
    start = 0 if page.cursor is None else _position_after(wanted, page.cursor)
    found = tuple(wanted[start : start + page.limit])
    more = start + len(found) < len(wanted)
    return Page(found, _cursor_of(found[-1]) if more else None)


def _matches(item: object, page: PageRequest) -> bool:
    return all(_stored(item, name) == value for name, value in (page.filters or {}).items())


def _stored(item: object, name: str) -> Any:
    value = getattr(item, name)
    return getattr(value, "value", value)


def _cursor_of(item: Any) -> str:
    return base64.urlsafe_b64encode(f"after:{item.id}".encode()).decode()


def _position_after(items: Sequence[Any], cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor.encode()).decode()
    except (binascii.Error, ValueError) as wrong:
        raise _bad_cursor() from wrong
    for position, item in enumerate(items):
        if text == f"after:{item.id}":
            return position + 1
    raise _bad_cursor()


def _bad_cursor() -> InvalidInput:
    return InvalidInput(
        "The cursor is not one that this list gave.", problems={"cursor": ["Not a cursor of this list."]}
    )
