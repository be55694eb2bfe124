"""Tables that people write in CSV: a header, a key in each row, and every wrong line named.

A cell that was written with an apostrophe against spreadsheets' formulas is read as it was (`csv_text`).
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.csv_text import plain
from app.domain.errors import InvalidInput

ReadCell = Callable[[str], Any]
_YES, _NO = ("true", "1", "yes"), ("false", "0", "no", "")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file. `key` says what it is about; `values` are of those columns that the file has."""

    line: int
    key: str
    values: Mapping[str, Any]
    problems: tuple[str, ...] = ()


def read_table(lines: Iterable[str], key: str, columns: Mapping[str, ReadCell]) -> Iterator[Row]:
    """The rows of a file with a header, with commas or semicolons; blank lines are passed over.

    `columns` reads the cells of each column and raises ValueError; the column `key` must be there. Raises
    InvalidInput on a header that is missing or has wrong columns; what is wrong with a row is in it.
    """
    source = iter(lines)
    header = next(source, "")
    delimiter = ";" if ";" in header else ","
    names = _names(header, delimiter, key, columns)
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
            yield _row(line, cells, names, key, columns)
        line = reader.line_num + 2


def _names(header: str, delimiter: str, key: str, columns: Mapping[str, ReadCell]) -> list[str]:
    names = [name.strip().strip('"').casefold() for name in header.strip().split(delimiter)]
    unknown = [name for name in names if name not in columns]
    if key not in names or unknown or len(set(names)) < len(names):
        others = ", ".join(name for name in columns if name != key)
        sentence = f"The first line names the columns: {key}, and any of {others}."
        raise InvalidInput("The first line of the file is not valid.", problems={"line 1": [sentence]})
    return names


def _row(line: int, cells: list[str], names: list[str], key: str, columns: Mapping[str, ReadCell]) -> Row:
    if len(cells) != len(names):
        return Row(line, "", {}, (f"{len(cells)} cells where {len(names)} are named.",))
    values: dict[str, Any] = {}
    problems = []
    for name, cell in zip(names, cells, strict=True):
        try:
            values[name] = columns[name](plain(cell))
        except ValueError as wrong:
            problems.append(f"{name}: {wrong}")
    return Row(line, values.pop(key, ""), values, tuple(problems))


def flag(cell: str) -> bool:
    """True or false; nothing is false."""
    word = cell.strip().casefold()
    if word not in (*_YES, *_NO):
        raise ValueError("Give true or false.")
    return word in _YES


def whole(cell: str) -> int | None:
    """A whole number from 0 on, or nothing."""
    text = cell.strip()
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError("Give a whole number, or nothing.")
    return int(text) if text else None


def token(cell: str) -> str | None:
    """A text without blanks around it, or nothing."""
    return cell.strip() or None


def text(cell: str) -> str | None:
    """A text as it stands, or nothing."""
    return cell or None


def wrong_lines(count: int) -> str:
    """How a refusal begins."""
    return "1 line is wrong" if count == 1 else f"{count} lines are wrong"
