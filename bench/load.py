"""The load generator, a process of its own: `python -m bench.load --urls ws://... --charge-points N ...`.

Open loop: calls come due at the given rate whatever the answers do. Progress goes to stdout as JSON lines
({"event": "ramped" | "measuring" | "measured" | "drained"}), the result with the ledger to `--result`.
"""

import argparse
import asyncio
import gc
import json
import logging
import sys
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import uvloop

from bench.latency import Recorder
from bench.load_charge_point import LoadChargePoint, identity
from bench.mix import slots
from bench.open_files import raise_open_file_limit

CONNECTING_AT_ONCE = 200
ANSWER_WITHIN_S = 30.0
CLOCK_S = 0.005  # due calls go out this often; finer sleeps cost more CPU than the calls themselves
PREPARE_WITHIN_S = 60.0


def announce(event: str, **fields: Any) -> None:
    """One line for the benchmark that reads our output."""
    print(json.dumps({"event": event, **fields}), flush=True)


async def ramp_up(points: Sequence[LoadChargePoint], per_second: float) -> None:
    """Prepare all charge points, `per_second` new ones at most, a bounded number at a time."""
    gate = asyncio.Semaphore(CONNECTING_AT_ONCE)
    began = perf_counter()

    async def prepare(index: int, point: LoadChargePoint) -> None:
        await asyncio.sleep(max(0.0, began + index / per_second - perf_counter()))
        async with gate:
            await asyncio.wait_for(point.prepare(), PREPARE_WITHIN_S)

    async with asyncio.TaskGroup() as group:
        for index, point in enumerate(points):
            group.create_task(prepare(index, point))


async def drive(
    points: Sequence[LoadChargePoint], rate: float, starts_at: float, ends_at: float, recorder: Recorder
) -> None:
    """Offer the mix at `rate` calls a second from `starts_at` until `ends_at`."""
    mix = slots(len(points))
    count = 0
    while (due := starts_at + count / rate) < ends_at:
        now = perf_counter()
        if due > now:
            await asyncio.sleep(max(CLOCK_S, due - now))
            continue
        slot = next(mix)
        recorder.note_scheduled(due, now)
        points[slot.charge_point].offer(slot.action, due)
        count += 1
        if count % 100 == 0:
            await asyncio.sleep(0)  # also when behind, let answers in


async def expire_calls(points: Sequence[LoadChargePoint]) -> None:
    """Once a second, give up calls without an answer, as a charge point would."""
    while True:
        await asyncio.sleep(1)
        sent_before = perf_counter() - ANSWER_WITHIN_S
        for point in points:
            point.expire(sent_before)


async def drain(points: Sequence[LoadChargePoint], within_s: float) -> int:
    """Wait until every call is answered; the number of those that are not when time is up."""
    ends_at = perf_counter() + within_s
    while (left := sum(point.pending for point in points)) and perf_counter() < ends_at:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    return left


async def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Ramp up, warm up, measure, drain; gives the result."""
    recorder = Recorder()
    points = [
        LoadChargePoint(url, identity(number), recorder, meter_wh=1000 * number)
        for number, url in zip(range(1, arguments.charge_points + 1), cycle(arguments.urls), strict=False)
    ]
    expiry = asyncio.ensure_future(expire_calls(points))
    await ramp_up(points, arguments.ramp)
    announce("ramped", connections=len(points))
    gc.collect()
    gc.freeze()
    starts_at = perf_counter() + 0.2
    measure_at = starts_at + arguments.warm_up
    ends_at = measure_at + arguments.seconds
    recorder.open_window(measure_at, ends_at)
    cpu = asyncio.ensure_future(watch_window(measure_at, ends_at))
    await drive(points, arguments.rate, starts_at, ends_at, recorder)
    cpu_s = await cpu
    unanswered = await drain(points, arguments.drain)
    expiry.cancel()
    announce("drained", unanswered=unanswered)
    result = result_of(points, recorder, cpu_s)
    for point in points:
        point.leave()
    await asyncio.sleep(0.5)
    return result


async def watch_window(measure_at: float, ends_at: float) -> float:
    """Tell the benchmark when the measured window opens and closes; gives our CPU seconds inside it."""
    await asyncio.sleep(measure_at - perf_counter())
    announce("measuring")
    began = process_time()
    await asyncio.sleep(ends_at - perf_counter())
    announce("measured")
    return process_time() - began


def result_of(points: Sequence[LoadChargePoint], recorder: Recorder, cpu_s: float) -> dict[str, Any]:
    """The measured numbers, the totals of the whole run, and the ledger."""
    measured = recorder.result()
    ledger = [point.ledger() for point in points]
    return {
        "measured": {"connections": len(points), **measured},
        "total": {
            "sent": sum(point.sent for point in points),
            "answered": sum(point.answered for point in points),
            "errors": sum(point.errors for point in points),
            "unanswered": sum(len(entry["unanswered"]) for entry in ledger),
            "meter_values": sum(point.meter_values for point in points),
            "disconnects": sum(point.disconnects for point in points),
        },
        "generator_us_per_message": round(cpu_s * 1e6 / max(1, measured["answered"]), 1),
        "ledger": ledger,
    }


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument(
        "--urls",
        nargs="+",
        required=True,
        help="ws://host:port/ocpp[/tenant], the identity is appended; in turn",
    )
    parser.add_argument("--charge-points", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True, help="calls a second, all together")
    parser.add_argument("--seconds", type=float, required=True, help="measured time")
    parser.add_argument("--warm-up", type=float, default=5.0, help="seconds of load before the measurement")
    parser.add_argument("--ramp", type=float, default=100.0, help="new charge points a second")
    parser.add_argument("--drain", type=float, default=60.0, help="seconds to wait for the last answers")
    parser.add_argument("--result", type=Path, required=True)
    return parser.parse_args(argv)


def main() -> None:
    """Entry point of the process."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s %(message)s")
    raise_open_file_limit()
    arguments = parse()
    try:
        result = uvloop.run(run(arguments))
    except* (OSError, TimeoutError) as failures:
        first = failures.exceptions[0]
        sys.exit(f"{len(failures.exceptions)} charge points could not start: {first!r}")
    arguments.result.write_text(json.dumps(result))


if __name__ == "__main__":
    main()
