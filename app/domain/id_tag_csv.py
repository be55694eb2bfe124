"""Id tags as CSV, both ways.

A cell that a spreadsheet would take for a formula is written with an apostrophe before it, which reading
takes away again: what was written is read back as it was, and opening the file runs nothing.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain

from app.domain.csv_table import ReadCell, Row, flag, read_table, text, token, whole
from app.domain.csv_text import csv_pieces
from app.domain.id_tag import IdTag
from app.domain.times import format_time, parse_time

COLUMNS = ("id_tag", "parent_id_tag", "expires_at", "blocked", "max_active_transactions", "note")


def write_csv(tags: Iterable[IdTag]) -> Iterator[str]:
    """The file, with commas, in pieces of many lines."""
    return csv_pieces(chain([COLUMNS], (_cells(tag) for tag in tags)))


def _cells(tag: IdTag) -> tuple[object, ...]:
    expires = format_time(tag.expires_at) if tag.expires_at else None
    blocked = "true" if tag.blocked else "false"
    return tag.id_tag, tag.parent_id_tag, expires, blocked, tag.max_active_transactions, tag.note


def read_csv(lines: Iterable[str]) -> Iterator[Row]:
    """The rows of a file; their values are fields of `IdTag`. Raises InvalidInput on a wrong header."""
    return read_table(lines, "id_tag", _READ)


def _time(cell: str) -> datetime | None:
    at = parse_time(cell) if cell.strip() else None
    if at is None and cell.strip():
        raise ValueError("Give a time as 2030-01-31T12:00:00Z, or nothing.")
    return at


_READ: dict[str, ReadCell] = {
    "id_tag": str.strip,
    "parent_id_tag": token,
    "expires_at": _time,
    "blocked": flag,
    "max_active_transactions": whole,
    "note": text,
}
