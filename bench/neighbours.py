"""What one tenant's flood costs another: `python -m bench.neighbours --calm 20 --limit 200 --mode queue`.

One tenant speaks calmly, at a steady rate, first alone and then while another one offers twice as many calls
as its limit allows. Told are the calm one's latencies of both times, from the same run, and their ratio.
"""

import argparse
import asyncio
import json
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import uvloop
from rich.console import Console

from bench.latency import Recorder
from bench.load import drive, expire_calls, ramp_up
from bench.load_charge_point import LoadChargePoint
from bench.open_files import raise_open_file_limit
from bench.system import ENDING_SIGNALS, BenchTenant, System, provision
from bench.usage import UsageSampler

SETTLE_S = 3.0


def points_of(url: str, prefix: str, count: int, recorder: Recorder) -> list[LoadChargePoint]:
    """Charge points of one tenant."""
    return [
        LoadChargePoint(url, f"{prefix}{number:04d}", recorder, 1000 * number)
        for number in range(1, count + 1)
    ]


async def window(points: Sequence[LoadChargePoint], rate: float, seconds: float, recorder: Recorder) -> None:
    """Measure calls at this rate."""
    starts_at = perf_counter() + 0.1
    recorder.open_window(starts_at, starts_at + seconds)
    await drive(points, rate, starts_at, starts_at + seconds, recorder)
    await asyncio.sleep(2.0)


class Neighbours:
    """The run. Each window has charge points of its own, so that none carries anything over."""

    def __init__(self, arguments: argparse.Namespace, calm_url: str, loud_url: str) -> None:
        self._arguments = arguments
        self._calm_url = calm_url
        self._loud_url = loud_url

    async def run(self, sampler: UsageSampler) -> dict[str, Any]:
        """Alone, then with the flood."""
        arguments = self._arguments
        alone, beside, flood = Recorder(), Recorder(), Recorder()
        first = points_of(self._calm_url, "A", arguments.charge_points, alone)
        second = points_of(self._calm_url, "B", arguments.charge_points, beside)
        loud = points_of(self._loud_url, "L", 5 * arguments.charge_points, flood)
        everybody = [*first, *second, *loud]
        expiry = asyncio.ensure_future(expire_calls(everybody))
        await ramp_up(everybody, 100.0)
        await asyncio.sleep(SETTLE_S)
        await window(first, arguments.calm, arguments.seconds, alone)
        flooding = asyncio.ensure_future(
            window(loud, 2 * arguments.limit, arguments.seconds + SETTLE_S, flood)
        )
        await asyncio.sleep(SETTLE_S)
        sampler.open_window()
        await window(second, arguments.calm, arguments.seconds, beside)
        sampler.close_window()
        await flooding
        expiry.cancel()
        for point in everybody:
            point.leave()
        await asyncio.sleep(0.5)
        return {"alone": alone.result(), "beside": beside.result(), "flood": flood.result()}


def measure(arguments: argparse.Namespace, directory: Path, console: Console) -> dict[str, Any]:
    """Start, provision two tenants, drive, stop."""
    with console.status("starting the system") as status, System(directory, arguments.workers) as system:
        system.wait_ready()
        queue = arguments.mode == "queue"
        calm: BenchTenant = provision(queue, "calm")
        loud = provision(queue, "loud", ocpp_tenant_rate_limit=60 * arguments.limit)
        sampler = UsageSampler(lambda: system.processes.pids, system.outside_servers())
        sampler.start()
        status.update("driving")
        run = Neighbours(arguments, system.gateway_url(calm), system.gateway_url(loud))
        found = uvloop.run(run.run(sampler))
        sampler.stop()
        system.processes.check()
    names = ("answered", "rate_per_s", "errors", "p50_ms", "p95_ms", "p99_ms", "max_ms")
    result = {window: {name: values[name] for name in names} for window, values in found.items()}
    ratio = {
        name: round((found["beside"][name] or 0.0) / (found["alone"][name] or 1.0), 2)
        for name in ("p50_ms", "p95_ms", "p99_ms")
    }
    run_of = {
        name: getattr(arguments, name) for name in ("mode", "calm", "limit", "seconds", "charge_points")
    }
    return {**run_of, **result, "ratio": ratio, "processes": sampler.result(arguments.seconds)}


def main(argv: Sequence[str] | None = None) -> int:
    """Run it once; gives the exit code."""
    arguments = parse(argv)
    raise_open_file_limit()
    for number in ENDING_SIGNALS:
        signal.signal(number, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="ocpp-neighbours-") as temporary:
        result = measure(arguments, (arguments.keep or Path(temporary)).resolve(), Console(stderr=True))
    text = json.dumps(result, indent=2)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n")
    return 0


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.neighbours", description=__doc__)
    parser.add_argument("--calm", type=float, default=20.0, help="calls a second of the calm tenant")
    parser.add_argument("--limit", type=int, default=200, help="calls a second that the other one may send")
    parser.add_argument("--seconds", type=float, default=15.0, help="length of each window")
    parser.add_argument("--charge-points", type=int, default=40, help="of the calm tenant in each window")
    parser.add_argument("--mode", choices=("queue", "bypass"), default="queue")
    parser.add_argument("--workers", type=int, default=1, help="worker processes")
    parser.add_argument("--json", type=Path, help="write the result to this file")
    parser.add_argument("--keep", type=Path, help="keep data and logs in this folder")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
