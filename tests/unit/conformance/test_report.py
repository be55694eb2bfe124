"""The table of conformance says what happened, and nothing better."""

from pathlib import Path
from typing import Literal

import pytest

from tests.conformance.cases import CASES, case_of
from tests.conformance.report import ConformanceTable

FILE = "tests/conformance/test_charging.py"
Outcome = Literal["passed", "failed", "skipped"]
CASE = "| TC_001 | Cold Boot | "


def row(tmp_path: Path, *heard: tuple[str, Outcome]) -> str:
    """The row of TC_001 after these tests of it had these outcomes."""
    table = ConformanceTable(tmp_path / "table.md")
    for test, outcome in heard:
        table.pytest_runtest_logreport(
            pytest.TestReport(f"{FILE}::{test}", ("", 0, ""), {}, outcome, None, "call")
        )
    table.pytest_sessionfinish()
    lines = (tmp_path / "table.md").read_text().splitlines()
    return next(line for line in lines if line.startswith(CASE)).removeprefix(CASE)


def test_a_case_passes_in_each_mode_for_itself(tmp_path: Path) -> None:
    heard = row(tmp_path, ("test_tc_001_boot[queue]", "passed"), ("test_tc_001_boot[bypass]", "failed"))
    assert heard == f"[`test_tc_001_boot`](../{FILE}) | pass | **fail** |"


def test_every_run_of_a_test_must_pass(tmp_path: Path) -> None:
    runs: list[tuple[str, Outcome]] = [("test_tc_001_boot[queue-a]", "passed")]
    runs.append(("test_tc_001_boot[queue-b]", "failed"))
    assert row(tmp_path, *runs).endswith("| **fail** | not run |")
    assert row(tmp_path, ("test_tc_001_boot[bypass-a-b]", "skipped")).endswith("| not run | **fail** |")


def test_a_case_without_a_test_is_told(tmp_path: Path) -> None:
    assert row(tmp_path, ("test_something_else[queue]", "passed")) == "none | not run | not run |"


def test_the_table_counts_the_cases_that_pass_in_both_modes(tmp_path: Path) -> None:
    row(tmp_path, ("test_tc_001_boot[queue]", "passed"), ("test_tc_001_boot[bypass]", "passed"))
    text = (tmp_path / "table.md").read_text()
    assert "1 of 77 certification cases" in text
    assert "0 of 15 wire vectors" in text


@pytest.mark.parametrize(
    ("name", "case"),
    [
        ("test_tc_023_3_authorize_blocked", "TC_023_3"),
        ("test_tc_001_cold_boot", "TC_001"),
        ("test_vector_04_unknown_actions", "H04"),
        ("test_quirk_11_numbers_for_strings", "G11"),
        ("test_something_else", None),
    ],
)
def test_a_test_names_its_case(name: str, case: str | None) -> None:
    assert case_of(name) == (CASES[case] if case else None)


def test_a_case_that_there_is_not_is_an_error() -> None:
    with pytest.raises(KeyError):
        case_of("test_tc_999_nothing")
