"""CSV for spreadsheets, in pieces: whatever a charge point or a user wrote into a cell, it runs nothing."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MARKED = (*_FORMULA, "'")
_WRITTEN = tuple(f"'{start}" for start in _MARKED)
_PIECE = 65_536


def csv_pieces(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The file, with commas, in pieces of many lines. None is an empty cell.

    A text that a spreadsheet would take for a formula, or that begins with an apostrophe, gets an apostrophe
    before it; `plain` takes it away.
    """
    piece = io.StringIO()
    writer = csv.writer(piece)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        if piece.tell() > _PIECE:
            yield piece.getvalue()
            piece.seek(0)
            piece.truncate()
    yield piece.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_MARKED):
        return f"'{value}"
    return "" if value is None else value


def plain(cell: str) -> str:
    """The text that was written."""
    return cell[1:] if cell.startswith(_WRITTEN) else cell
