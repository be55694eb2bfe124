"""Id tags as CSV, both ways.

A cell that a spreadsheet would take for a formula is written with an apostrophe before it, which reading
takes away again: what was written is read back as it was, and opening the file runs nothing.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from app.domain.csv_text import csv_pieces, plain
from app.domain.errors import InvalidInput
from app.domain.id_tag import IdTag
from app.domain.times import format_time, parse_time

COLUMNS = ("id_tag", "parent_id_tag", "expires_at", "blocked", "max_active_transactions", "note")
_YES, _NO = ("true", "1", "yes"), ("false", "0", "no", "")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file. `values` are fields of `IdTag`: those whose columns the file has."""

    line: int
    id_tag: str
    values: Mapping[str, Any]
    problems: tuple[str, ...] = ()


def write_csv(tags: Iterable[IdTag]) -> Iterator[str]:
    """The file, with commas, in pieces of many lines."""
    return csv_pieces(chain([COLUMNS], (_cells(tag) for tag in tags)))


def _cells(tag: IdTag) -> tuple[object, ...]:
    expires = format_time(tag.expires_at) if tag.expires_at else None
    blocked = "true" if tag.blocked else "false"
    return tag.id_tag, tag.parent_id_tag, expires, blocked, tag.max_active_transactions, tag.note


def read_csv(lines: Iterable[str]) -> Iterator[Row]:
    """The rows of a file with a header, with commas or semicolons; blank lines are passed over.

    Raises InvalidInput on a header that is missing or has wrong columns; what is wrong with a row is in it.
    """
    source = iter(lines)
    header = next(source, "")
    delimiter = ";" if ";" in header else ","
    columns = _columns(header, delimiter)
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    line = 2
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as wrong:
            yield Row(line, "", {}, (f"Not CSV: {wrong}.",))
            cells = []
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield _row(line, columns, cells)
        line = reader.line_num + 2


def _columns(header: str, delimiter: str) -> list[str]:
    names = [name.strip().strip('"').casefold() for name in header.strip().split(delimiter)]
    unknown = [name for name in names if name not in COLUMNS]
    if "id_tag" not in names or unknown or len(set(names)) < len(names):
        sentence = f"The first line names the columns: id_tag, and any of {', '.join(COLUMNS[1:])}."
        raise InvalidInput("The first line of the file is not valid.", problems={"line 1": [sentence]})
    return names


def _row(line: int, columns: list[str], cells: list[str]) -> Row:
    if len(cells) != len(columns):
        return Row(line, "", {}, (f"{len(cells)} cells where {len(columns)} are named.",))
    values: dict[str, Any] = {}
    problems = []
    for name, cell in zip(columns, cells, strict=True):
        try:
            values[name] = _READ[name](plain(cell))
        except ValueError as wrong:
            problems.append(f"{name}: {wrong}")
    return Row(line, values.pop("id_tag", ""), values, tuple(problems))


def _time(cell: str) -> datetime | None:
    at = parse_time(cell) if cell.strip() else None
    if at is None and cell.strip():
        raise ValueError("Give a time as 2030-01-31T12:00:00Z, or nothing.")
    return at


def _flag(cell: str) -> bool:
    word = cell.strip().casefold()
    if word not in (*_YES, *_NO):
        raise ValueError("Give true or false.")
    return word in _YES


def _whole(cell: str) -> int | None:
    text = cell.strip()
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError("Give a whole number, or nothing.")
    return int(text) if text else None


def _token(cell: str) -> str | None:
    return cell.strip() or None


def _text(cell: str) -> str | None:
    return cell or None


_READ: Mapping[str, Callable[[str], Any]] = {
    "id_tag": str.strip,
    "parent_id_tag": _token,
    "expires_at": _time,
    "blocked": _flag,
    "max_active_transactions": _whole,
    "note": _text,
}
