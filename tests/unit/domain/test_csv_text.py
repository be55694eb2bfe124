"""CSV for spreadsheets: whole lines in pieces, and no cell that runs anything."""

import csv
import io

import pytest

from app.domain.csv_text import csv_pieces


def test_cells_are_quoted_where_they_must_be_and_none_is_empty() -> None:
    assert "".join(csv_pieces([["a", 1, None, 1.5], ['say "hi", you', ""]])) == (
        'a,1,,1.5\r\n"say ""hi"", you",\r\n'
    )


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_formula_is_a_text(text: str) -> None:
    (row,) = csv.reader(io.StringIO("".join(csv_pieces([[text]])), newline=""))
    assert row == [f"'{text}"]


def test_a_negative_number_is_a_number() -> None:
    assert "".join(csv_pieces([[-5]])) == "-5\r\n"


def test_a_long_file_comes_in_pieces_of_whole_lines() -> None:
    pieces = list(csv_pieces([["x" * 1000]] * 200))
    assert len(pieces) > 2
    assert all(piece.endswith("\r\n") for piece in pieces)
    assert "".join(pieces).count("\r\n") == 200
