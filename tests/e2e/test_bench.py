"""The benchmark measures a real system, and says when something was lost."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.verify import Verdict
from tests.e2e.system import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def bench_full(results: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Every run small."""
    command = [sys.executable, "-m", "bench.full", "--quick", "--results", str(results), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)


@pytest.mark.parametrize("mode", ["queue", "bypass"])
def test_a_run_measures_what_is_promised_and_loses_nothing(mode: str, tmp_path: Path) -> None:
    done = bench_full(tmp_path / "RESULTS.md", "--only", f"embedded-{mode}")
    assert done.returncode == 0, done.stdout
    measured = json.loads((tmp_path / "RESULTS" / f"embedded-{mode}.json").read_text())
    assert (measured["lost"], measured["session_mismatches"], measured["meter_values_missing"]) == (0, 0, 0)
    assert measured["answered"] == measured["scheduled"] > 0
    assert measured["command_outcomes"]
    assert measured["events_heard"] > 0
    page = (tmp_path / "RESULTS.md").read_text()
    assert f"| {mode} mode | embedded | 20 |" in page


def test_without_a_fast_mongodb_its_runs_are_left_out(tmp_path: Path) -> None:
    done = bench_full(tmp_path / "RESULTS.md", "--only", "storm", "stored")
    assert done.returncode == 0
    assert done.stdout.count("is left out: it needs --fast-mongodb") == 2


def test_what_is_not_found_is_lost() -> None:
    assert Verdict(sent=5, found=3).lost == 2
