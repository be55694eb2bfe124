"""Lists that are read page by page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; `next_cursor` is None on the last."""

    items: tuple[T, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page: `cursor` as a former page gave it; `filters` are exact matches by field; `backwards` is in
    the other order than the list's own."""

    limit: int = 50
    cursor: str | None = None
    filters: Mapping[str, Any] | None = None
    backwards: bool = False
