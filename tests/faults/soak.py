"""`make soak MINUTES=60`: random faults under load for as long as wanted, and a report of what it cost.

Ends with 1 if anything was lost, doubled, missing or stuck. `python -m tests.faults.soak --help`.
"""

import argparse
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.e2e.system import ROOT
from tests.faults.breaking import Fault, all_faults
from tests.faults.scene import Scene, open_scene

_BREATH_S = (1.0, 6.0)
_COMPARE_EVERY_S = 300.0


@dataclass
class Tally:
    """What the run has shown so far."""

    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    problems: list[str] = field(default_factory=list)
    outage: str = "none"
    delays: str = ""

    @property
    def struck(self) -> int:
        """Faults injected."""
        return sum(map(len, self.waits.values()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak, write the report, say where it is."""
    options = _options(arguments)
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="soak-") as folder,
        open_scene(Path(folder), options.charge_points, options.seed, options.pace_s) as scene,
    ):
        tally = _soak(scene, options, began)
        _say("all charge points stop and leave; comparing ...")
        scene.field.leave()
        tally.problems += scene.judge.wrong_sessions() + scene.judge.stuck_sessions()
        tally.problems += scene.judge.wrong_events() + scene.judge.wrong_over_rest()
        tally.problems += scene.judge.disagreements()
        report = _report(scene, tally, options, time.monotonic() - began)
    options.report.parent.mkdir(parents=True, exist_ok=True)
    options.report.write_text(report)
    _say(f"{'FAILED' if tally.problems else 'Nothing lost'}: the report is in {options.report}")
    return 1 if tally.problems else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    add = parser.add_argument
    add("--minutes", type=float, default=60, help="how long faults are injected (default 60)")
    add("--seed", type=int, default=7, help="the same seed, the same faults in the same order (default 7)")
    add("--charge-points", type=int, default=10, help="of each of the two tenants (default 10)")
    add("--pace-s", type=float, default=0.5, help="seconds between a charge point's messages (default 0.5)")
    add("--broker-outage-minutes", type=float, default=0, help="once, half-way: MQTT is down that long")
    add("--calm-s", type=float, default=30, help="first, nothing is broken that long (default 30)")
    add("--report", type=Path, default=ROOT / "var" / "soak.md", help="where it is written (var/soak.md)")
    return parser.parse_args(arguments)


def _soak(scene: Scene, options: argparse.Namespace, began: float) -> Tally:
    """Fault after fault, every kind equally often, in an order that the seed decides."""
    tally, chance, rounds = Tally(), random.Random(options.seed), _rounds(scene, options.seed)
    tally.delays = _calm(scene, options.calm_s)
    outage_at = options.minutes * 30 if options.broker_outage_minutes else float("inf")
    compare_at = _COMPARE_EVERY_S
    while (spent := time.monotonic() - began) < options.minutes * 60 and not tally.problems:
        if spent >= outage_at:
            outage_at = float("inf")
            tally.outage = _broker_outage(scene, options.broker_outage_minutes * 60)
        fault = next(rounds)
        _say(f"{spent / 60:5.1f} min, {scene.field.answered():,} messages answered: {fault.name}")
        tally.waits[fault.name].append(scene.break_with(fault, chance))
        time.sleep(chance.uniform(*_BREATH_S))
        if spent >= compare_at:
            compare_at += _COMPARE_EVERY_S
            tally.problems += scene.judge.wrong_sessions() + scene.judge.wrong_events()
    return tally


def _calm(scene: Scene, seconds: float) -> str:
    """Before anything is broken: how soon events are heard."""
    _say(f"calm for {seconds:g} s")
    began = time.monotonic()
    time.sleep(seconds)
    delays = scene.judge.event_delays_s(began)
    median, last = (delays[round((len(delays) - 1) * share)] * 1_000 for share in (0.5, 0.99))
    return f"median {median:.0f} ms, p99 {last:.0f} ms ({len(delays):,} events)"


def _rounds(scene: Scene, seed: int) -> Iterator[Fault]:
    chance = random.Random(f"order-{seed}")
    faults = list(all_faults(broker_keeps_sessions=scene.system.broker_keeps_sessions))
    while True:
        chance.shuffle(faults)
        yield from faults


def _broker_outage(scene: Scene, seconds: float) -> str:
    """MQTT is killed and stays away; the load goes on. How long events took to catch up afterwards."""
    _say(f"MQTT is down for {seconds / 60:g} minutes")
    began, answered = time.monotonic(), scene.field.answered()
    scene.system.kill("mqtt")
    time.sleep(seconds)
    served = scene.field.answered() - answered
    longest = scene.field.longest_wait_s(began)
    scene.system.restart("mqtt")
    back = time.monotonic()
    scene.field.settle()
    while (missing := scene.judge.wrong_events()) and time.monotonic() - back < seconds:
        _say("events are still catching up")
    took = time.monotonic() - back
    return (
        f"{seconds / 60:g} minutes; {served:,} messages answered, the longest wait {longest:.1f} s; "
        f"all events had come {took:.0f} s after it was back" + (f"; MISSING: {missing}" if missing else "")
    )


def _report(scene: Scene, tally: Tally, options: argparse.Namespace, seconds: float) -> str:
    ledgers = [placed.charge_point.ledger for placed in scene.field.placed]
    sessions = sum(len(ledger.finished()) for ledger in ledgers)
    samples = sum(session.samples for ledger in ledgers for session in ledger.finished())
    broker = "Mosquitto" if scene.system.broker_keeps_sessions else "embedded"
    rows = [
        ("Date", f"{datetime.now(UTC):%Y-%m-%d}, commit {_commit()}"),
        ("Where", f"Python {platform.python_version()}, embedded MongoDB and Redis, MQTT: {broker}"),
        ("Length", f"{seconds / 60:.0f} minutes, seed {options.seed}"),
        ("Charge points", f"{len(ledgers)}, half by the queue and half round it"),
        ("Messages answered", f"{scene.field.answered():,}"),
        ("Sessions, meter values in them", f"{sessions:,}, {samples:,}"),
        ("Faults injected", f"{tally.struck:,}"),
        ("Differences found (lost, doubled, wrong, stuck, events missing)", f"{len(tally.problems):,}"),
        ("Session events heard, of these repeated", _heard(scene)),
        ("Event heard after the answer to its call, before anything broke", tally.delays),
        ("CALLERRORs that charge points got and tried again", f"{sum(one.errors for one in ledgers):,}"),
        ("Reconnects", f"{sum(one.reconnects for one in ledgers):,}"),
        ("Broker outage", tally.outage),
    ]
    lines = ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows), ""]
    lines += ["| fault | times | longest wait, s |", "|---|---|---|"]
    lines += [f"| {name} | {len(w)} | {max(w):.1f} |" for name, w in sorted(tally.waits.items())]
    lines += ["", *(f"- {problem}" for problem in tally.problems[:50])]
    return "\n".join(lines).rstrip() + "\n"


def _heard(scene: Scene) -> str:
    return f"{scene.subscriber.heard:,}, {scene.subscriber.repeated:,}"


def _commit() -> str:
    shown = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return shown.stdout.strip() or "unknown"


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
