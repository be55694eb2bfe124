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
    if page.backwards:
        wanted.reverse()
    start = 0 if page.cursor is None else _position_after(wanted, page)
    found = tuple(wanted[start : start + page.limit])
    more = start + len(found) < len(wanted)
    return Page(found, _cursor_of(found[-1], page) if more else None)


def _matches(item: object, page: PageRequest) -> bool:
    return all(_stored(item, name) == value for name, value in (page.filters or {}).items())


def _stored(item: object, name: str) -> Any:
    value = getattr(item, name)
    return getattr(value, "value", value)


def _cursor_of(item: Any, page: PageRequest) -> str:
    return base64.urlsafe_b64encode(_key_of(item, page).encode()).decode()


def _key_of(item: Any, page: PageRequest) -> str:
    return f"{'before' if page.backwards else 'after'}:{item.id}"


def _position_after(items: Sequence[Any], page: PageRequest) -> int:
    try:
        text = base64.urlsafe_b64decode((page.cursor or "").encode()).decode()
    except (binascii.Error, ValueError) as wrong:
        raise _bad_cursor() from wrong
    for position, item in enumerate(items):
        if text == _key_of(item, page):
            return position + 1
    raise _bad_cursor()


def _bad_cursor() -> InvalidInput:
    return InvalidInput(
        "The cursor is not one that this list gave.", problems={"cursor": ["Not a cursor of this list."]}
    )
