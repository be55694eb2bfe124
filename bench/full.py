"""The whole table: `python -m bench.full --fast-mongodb mongodb://... [--quick]`.

Runs the benchmarks one after the other, each with a system of its own, and writes what they measured with
machine, versions and date to bench/RESULTS.md, and each run's JSON beside it. `--only NAME` runs some again
and keeps the others. Ends with 1 if a run lost something or broke.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.system import ROOT
from bench.table import render

RESULTS = ROOT / "bench" / "RESULTS.md"
EMBEDDED, FAST = "embedded", "fast"


@dataclass(frozen=True)
class Run:
    """One benchmark: its module, its options, and the store that it needs."""

    name: str
    module: str
    store: str
    options: dict[str, Any] = field(default_factory=dict)

    def command(self, result: Path) -> list[str]:
        """As a user would type it."""
        words = [word for name, value in self.options.items() for word in (f"--{name}", str(value))]
        return [sys.executable, "-m", self.module, *words, "--json", str(result)]


def load(name: str, store: str, **options: Any) -> Run:
    """A run of the benchmark."""
    return Run(name, "bench", store, {key.replace("_", "-"): value for key, value in options.items()})


def storm(name: str, store: str, **options: Any) -> Run:
    """A run of the storm."""
    return Run(name, "bench.storm", store, {key.replace("_", "-"): value for key, value in options.items()})


def runs(arguments: argparse.Namespace) -> list[Run]:
    """All of them, in order. With `--quick` the same, small: to see that everything works."""
    q = arguments.quick
    many, few = (40, 20) if q else (10_000, 1_000)
    ramp = {"ramp": 50 if q else 300}
    every = {
        "charge_points": many,
        "seconds": 5 if q else arguments.seconds,
        "warm_up": 2 if q else 30,
    } | ramp
    some = {"charge_points": few, "seconds": 5 if q else 60, "warm_up": 2 if q else 10} | ramp
    fast, slow, third = (40, 20, 20) if q else (arguments.rate, 600, 500)
    shorter = every | {"seconds": 5 if q else 120}
    return [
        storm("storm", FAST, charge_points=many, within=2 if q else 15, mode="queue"),
        load("queue", FAST, mode="queue", rate=fast, **every),
        load("queue-more", FAST, mode="queue", rate=1.25 * fast, **shorter),
        load("bypass", FAST, mode="bypass", rate=fast if q else 2_500, **shorter),
        load("embedded-queue", EMBEDDED, mode="queue", rate=slow, **some),
        load("embedded-bypass", EMBEDDED, mode="bypass", rate=slow, **some),
        load("points-100", FAST, mode="queue", rate=third, **some | {"charge_points": 10 if q else 100}),
        load("points-1000", FAST, mode="queue", rate=third, **some),
        load("points-10000", FAST, mode="queue", rate=third, **some | {"charge_points": many}),
        load("tenants-30", FAST, mode="queue", rate=third, tenants=3 if q else 30, **some),
        load("tenants-300", FAST, mode="queue", rate=third, tenants=5 if q else 300, **some),
        load("stored", FAST, mode="queue", rate=third, stored=1_000 if q else arguments.stored, **some),
    ]


def perform(run: Run, arguments: argparse.Namespace, results: Path) -> bool:
    """Run it as a process of its own; False if it lost something or broke."""
    result = results / f"{run.name}.json"
    environment = dict(arguments.environment)
    if run.store == FAST:
        environment["MONGODB_URI"] = arguments.fast_mongodb
    command = run.command(result)
    print(f"{time.strftime('%H:%M:%S')} {run.name}: {' '.join(command[1:])}", flush=True)
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    (results / f"{run.name}.log").write_text(done.stdout + done.stderr)
    if done.returncode:
        print(
            f"{run.name} ended with {done.returncode}:\n{done.stdout[-1500:]}{done.stderr[-1500:]}",
            flush=True,
        )
    return done.returncode == 0


def main(argv: Sequence[str] | None = None) -> int:
    """All runs, then the table; gives the exit code."""
    arguments = parse(argv)
    chosen = [run for run in runs(arguments) if not arguments.only or run.name in arguments.only]
    arguments.results.parent.mkdir(parents=True, exist_ok=True)
    folder = arguments.results.with_suffix("")
    folder.mkdir(exist_ok=True)
    good = True
    for run in chosen:
        if run.store == FAST and not arguments.fast_mongodb:
            print(f"{run.name} is left out: it needs --fast-mongodb", flush=True)
            continue
        good = perform(run, arguments, folder) and good
    measured = {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}
    arguments.results.write_text(render(measured))
    print(f"{arguments.results} is written", flush=True)
    return 0 if good else 1


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.full", description=__doc__)
    parser.add_argument("--fast-mongodb", help="address of a MongoDB that is a replica set, for most runs")
    parser.add_argument("--quick", action="store_true", help="every run small, to see that all works")
    parser.add_argument("--seconds", type=int, default=600, help="of the long runs")
    parser.add_argument("--rate", type=int, default=1700, help="calls a second of the long runs")
    parser.add_argument("--stored", type=int, default=10_000_000, help="meter values of the run with a past")
    parser.add_argument("--only", nargs="*", help="these runs; the others keep what was measured before")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parsed = parser.parse_args(argv)
    parsed.environment = {name: value for name, value in os.environ.items() if name != "MONGODB_URI"}
    return parsed


if __name__ == "__main__":
    sys.exit(main())
