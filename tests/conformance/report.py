"""A pytest plugin that writes the table of conformance from a test run (`--conformance-table FILE`).

A case passes in a mode if every run of each of its tests passes there, set-up and tear-down included.
"""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.conformance.cases import CERTIFICATION, QUIRKS, VECTORS, Case, case_of

MODES = ("queue", "bypass")
_TEST = re.compile(r"(?P<file>[\w/]+\.py)::(?P<name>\w+)(?:\[(?P<parameters>.*)\])?")
_HEAD = """# Conformance

Written by `make conformance` from a run of `tests/conformance`, never by hand. Each test drives a scripted
charge point over a real socket against the running system, once with its calls handled through the queue and
once in bypass mode. Every frame that the system sends in these tests is held against the official schema,
compact JSON, and the order of members in the specification's tables.
"""
_PARTS = (
    ("Certification", "certification cases of the Open Charge Alliance for central systems", CERTIFICATION),
    ("Wire vectors", "wire vectors", VECTORS),
    ("Quirks", "quirks of charge points in the field", QUIRKS),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the table goes."""
    parser.addoption(
        "--conformance-table", metavar="FILE", help="write the table of conformance to this file"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Only the process that hears of all tests writes."""
    target = config.getoption("--conformance-table")
    if target and not hasattr(config, "workerinput"):
        config.pluginmanager.register(ConformanceTable(Path(target)))


class ConformanceTable:
    """Listens to a run. `outcomes`: file and name of a test -> mode -> outcomes of its runs."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._outcomes: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Set-up, call and tear-down of a test, each on its own."""
        found = _TEST.fullmatch(report.nodeid)
        if found is None or case_of(found["name"]) is None:
            return
        mode = next((mode for mode in MODES if mode in (found["parameters"] or "").split("-")), None)
        if mode is not None:
            self._outcomes[found["file"], found["name"]][mode].add(report.outcome)

    def pytest_sessionfinish(self) -> None:
        """Write the table."""
        self._target.write_text(self._text(), encoding="utf-8")

    def _text(self) -> str:
        return _HEAD + "".join(self._part(*part) for part in _PARTS)

    def _part(self, title: str, what: str, cases: tuple[Case, ...]) -> str:
        lines = [line for case in cases for line in self._lines(case)]
        passed = sum(self._passes(case) for case in cases)
        return (
            f"\n## {title}\n\n{passed} of {len(cases)} {what} pass in both modes.\n\n"
            "| case | title | test | queue | bypass |\n|---|---|---|---|---|\n" + "".join(lines)
        )

    def _tests(self, case: Case) -> list[tuple[str, str]]:
        return sorted(test for test in self._outcomes if case_of(test[1]) == case)

    def _result(self, test: tuple[str, str], mode: str) -> str:
        outcomes = self._outcomes[test][mode]
        return "not run" if not outcomes else "pass" if outcomes == {"passed"} else "**fail**"

    def _passes(self, case: Case) -> bool:
        tests = self._tests(case)
        return bool(tests) and all(self._result(test, mode) == "pass" for test in tests for mode in MODES)

    def _lines(self, case: Case) -> list[str]:
        return [
            f"| {case.id} | {case.title} | [`{name}`](../{file}) "
            f"| {self._result((file, name), 'queue')} | {self._result((file, name), 'bypass')} |\n"
            for file, name in self._tests(case)
        ] or [f"| {case.id} | {case.title} | none | not run | not run |\n"]
