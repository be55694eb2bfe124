"""Id tags as CSV: read with whatever a spreadsheet makes of it, written so that it runs nothing."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.csv_table import Row
from app.domain.errors import InvalidInput
from app.domain.id_tag import IdTag, id_tag_key
from app.domain.id_tag_csv import COLUMNS, read_csv, write_csv
from tests.builders import at

HEADER = ",".join(COLUMNS)


def read(text: str) -> list[Row]:
    return list(read_csv(io.StringIO(text, newline="")))


def a_tag(id_tag: str = "TAG", **fields: Any) -> IdTag:
    return IdTag(id_tag_key(id_tag), id_tag, **fields)


def test_a_row_with_everything() -> None:
    (row,) = read(f"{HEADER}\nTAG-1,GROUP,2030-01-31T12:00:00Z,true,2,Ann's card\n")
    assert (row.line, row.key, row.problems) == (2, "TAG-1", ())
    assert {**row.values, "expires_at": row.values["expires_at"].isoformat()} == {
        "parent_id_tag": "GROUP",
        "expires_at": "2030-01-31T12:00:00+00:00",
        "blocked": True,
        "max_active_transactions": 2,
        "note": "Ann's card",
    }


def test_columns_may_be_left_out_and_come_in_any_order() -> None:
    (row,) = read('"Blocked","id_tag"\nyes,TAG\n')
    assert (row.key, row.values) == ("TAG", {"blocked": True})


def test_an_empty_cell_is_nothing() -> None:
    (row,) = read(f"{HEADER}\nTAG,,,,,\n")
    assert row.values == dict.fromkeys(COLUMNS[1:], None) | {"blocked": False}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_semicolons_line_ends_and_blank_lines(end: str) -> None:
    rows = read(end.join(["id_tag;note", "A;x,y", "", ";", "B;"]))
    assert [(row.line, row.key, row.values["note"]) for row in rows] == [(2, "A", "x,y"), (5, "B", None)]


def test_lines_are_those_of_the_file_also_after_a_cell_of_several() -> None:
    rows = read('id_tag,note\nA,"one\ntwo"\nB,x\n')
    assert [(row.line, row.key) for row in rows] == [(2, "A"), (4, "B")]


@pytest.mark.parametrize("header", ["", "note", "id_tag,colour", "id_tag,id_tag", "TAG-1,GROUP"])
def test_a_header_that_is_none(header: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(f"{header}\nA,B\n")
    assert set(refused.value.problems) == {"line 1"}


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ("TAG", "1 cells where 3 are named."),
        ("TAG,soon,", "expires_at: Give a time"),
        ("TAG,,maybe", "blocked: Give true or false."),
        ('TAG,"x"y,', "Not CSV"),
        ('TAG,"x', "Not CSV"),
    ],
)
def test_what_is_wrong_with_a_row_is_in_it(cells: str, problem: str) -> None:
    (row,) = read(f"id_tag,expires_at,blocked\n{cells}")
    assert row.line == 2
    assert row.problems[0].startswith(problem)


def test_a_bad_row_does_not_spoil_the_next() -> None:
    rows = read('id_tag,max_active_transactions\n"A"x,1\nB,-1\nC,1.5\nD,3\n')
    assert [(row.line, bool(row.problems)) for row in rows] == [(2, True), (3, True), (4, True), (5, False)]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "'"])
def test_a_spreadsheet_finds_no_formula(start: str) -> None:
    text = "".join(write_csv([a_tag(f"{start}1+1", note=f"{start}HYPERLINK()")]))
    _, cells = csv.reader(io.StringIO(text))
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    (row,) = read(text)
    assert (row.key, row.values["note"]) == (f"{start}1+1", f"{start}HYPERLINK()")


def test_an_apostrophe_of_somebody_elses_file_stays() -> None:
    (row,) = read("id_tag,note\n'TAG,it's\n")
    assert (row.key, row.values["note"]) == ("'TAG", "it's")


odd = st.text("ab ;,'\"=+-@é", min_size=1, max_size=20)
plain = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)
texts = (odd | plain).map(str.strip).filter(bool)
tags = st.builds(
    a_tag,
    texts,
    blocked=st.booleans(),
    expires_at=st.none() | st.integers(-(10**6), 10**9).map(at),
    parent_id_tag=st.none() | texts,
    max_active_transactions=st.none() | st.integers(1, 1000),
    note=st.none() | odd,
)


@given(st.lists(tags))
def test_what_was_written_is_read_back(written: list[IdTag]) -> None:
    rows = read("".join(write_csv(written)))
    assert [a_tag(row.key, **row.values) for row in rows] == written
    assert not any(row.problems for row in rows)
