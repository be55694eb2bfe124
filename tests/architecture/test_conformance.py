"""Every case has a test, and the table of conformance lists exactly the tests there are."""

import ast
import re

from tests.architecture.markdown import ROOT, text_of
from tests.conformance.cases import CASES, CERTIFICATION, QUIRKS, VECTORS, case_of

SUITE = ROOT / "tests" / "conformance"
_ROW = re.compile(r"\| (\w+) \| (.+) \| \[`(\w+)`\]\(\.\./(tests/conformance/\w+\.py)\) \| (.+) \| (.+) \|")


def cases_shown() -> set[tuple[str, str, str]]:
    """Case, test and file of each test that shows a case."""
    found = set()
    for path in SUITE.glob("test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
                case = case_of(node.name)
                if case is not None:
                    found.add((case.id, node.name, path.relative_to(ROOT).as_posix()))
    return found


def test_there_are_as_many_cases_as_the_obligations_have() -> None:
    assert (len(CERTIFICATION), len(VECTORS), len(QUIRKS)) == (77, 15, 30)
    assert len(CASES) == 77 + 15 + 30


def test_every_case_has_a_test() -> None:
    assert CASES.keys() - {case for case, _, _ in cases_shown()} == set()


def test_every_test_that_names_a_case_names_one_that_exists() -> None:
    for path in SUITE.glob("test_*.py"):
        for name in re.findall(r"def (test_(?:tc|vector|quirk)_\w+)", path.read_text(encoding="utf-8")):
            assert case_of(name) is not None, f"{path.name}: {name}"


def test_the_table_lists_exactly_the_tests_there_are() -> None:
    """`make conformance` writes it."""
    listed = {
        (case, test, file) for case, _, test, file, _, _ in _ROW.findall(text_of("docs/conformance.md"))
    }
    assert listed == cases_shown()


def test_the_suite_is_read_in_small_pieces() -> None:
    assert all(len(path.read_text().splitlines()) <= 300 for path in SUITE.glob("*.py"))
