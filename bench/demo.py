"""The demo: `python -m bench.demo --charge-points 3`, against a system that `make run` started.

Simulated charge points run whole sessions; the events they cause are read back from MQTT, and the sessions
from the REST API. Ends with 0 only if every session is there with the right energy.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from ocpp.exceptions import OCPPError
from rich.console import Console
from websockets.exceptions import WebSocketException

from bench.charge_point import SimulatedChargePoint
from bench.charging import TIME_LAPSE, FinishedSession
from bench.demo_display import Display
from bench.demo_events import EventWatch
from bench.demo_sessions import show_sessions
from bench.open_files import raise_open_file_limit

SAMPLES = 10
SAMPLES_OF_MANY = 5
MANY = 100
SAMPLES_PER_S = 150.0  # all charge points together; the `ocpp` package costs about 2 ms a call
ARRIVALS_PER_S = 40.0
ARRIVE_WITHIN_S = 2.0


class NotRunning(Exception):
    """There is no system to show; the text says what to do."""


def read_demo_file(path: Path) -> dict[str, Any]:
    """What `make run` wrote. Raises NotRunning when it is missing or the gateway does not answer."""
    advice = "Start the system in another terminal with `make run`, then try again."
    try:
        demo: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise NotRunning(f"There is no {path} to read. {advice}") from error
    health = f"http://{urlsplit(demo['ws_url']).netloc}/health"
    try:
        urllib.request.urlopen(health, timeout=5).close()
    except OSError as error:
        raise NotRunning(f"The gateway does not answer at {health} ({error}). {advice}") from error
    return demo


@dataclass(frozen=True)
class Pace:
    """How fast the demo goes: more charge points arrive closer together and sample less often."""

    samples: int
    interval_s: float
    arrive_every_s: float

    @classmethod
    def of(cls, charge_points: int, speed: float) -> Self:
        """`speed` 2 is twice as fast."""
        return cls(
            samples=SAMPLES if charge_points <= MANY else SAMPLES_OF_MANY,
            interval_s=max(1.0, charge_points / SAMPLES_PER_S) / speed,
            arrive_every_s=max(1 / ARRIVALS_PER_S, ARRIVE_WITHIN_S / charge_points) / speed,
        )


async def charge_once(
    demo: dict[str, Any], number: int, pace: Pace, display: Display
) -> tuple[str, FinishedSession | None]:
    """One charge point's whole story; None instead of the session if something failed."""
    identity = f"DEMO-{number:04d}"
    await asyncio.sleep((number - 1) * pace.arrive_every_s)
    connector = 1 + number % 2
    charge_point = SimulatedChargePoint(
        demo["ws_url"], identity, sample_interval_s=pace.interval_s, comes_again=True
    )
    charge_point.registers_wh[connector] = random.randrange(10_000, 900_000)
    try:
        async with charge_point:
            await charge_point.announce()
            display.began(identity, pace.samples)
            session = await charge_point.run_session(
                connector,
                demo["id_tags"][number % len(demo["id_tags"])],
                samples=pace.samples,
                power_w=random.randrange(3_700, 22_000, 100),
                on_progress=lambda sample: display.charged(identity),
            )
    except (OSError, TimeoutError, WebSocketException, OCPPError) as error:
        display.failed(identity, repr(error))
        return identity, None
    display.ended(identity)
    return identity, session


async def run(demo: dict[str, Any], arguments: argparse.Namespace, console: Console) -> int:
    """The whole demo; gives the exit code."""
    count = arguments.charge_points
    with Display(console, count) as display, EventWatch(demo, display) as events:
        pace = Pace.of(count, arguments.speed)
        display.line(f"{count} charge points; their meters run {TIME_LAPSE} times as fast as the clock")
        tasks = [charge_once(demo, number, pace, display) for number in range(1, count + 1)]
        finished = await asyncio.gather(*tasks)
        stopped = sum(session is not None for _, session in finished)
        await events.wait_for_stops(stopped)
    sessions = {identity: session for identity, session in finished if session is not None}
    missing = count - len(sessions)
    console.print(f"\nMQTT: {events.summary()}")
    wrong = await asyncio.to_thread(show_sessions, demo, sessions, console)
    if missing or wrong:
        console.print(f"[red]{missing} sessions failed, {wrong} are not right over REST.[/]")
        return 1
    console.print(f"[green]All {count} sessions completed and were found over REST with the right energy.[/]")
    return 0


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    default_file = Path(os.environ.get("VAR_DIR", "var")) / "demo.json"
    parser = argparse.ArgumentParser(prog="python -m bench.demo", description=__doc__)
    parser.add_argument("--charge-points", type=int, default=3)
    parser.add_argument("--demo-file", type=Path, default=default_file, help="what `make run` wrote")
    parser.add_argument("--speed", type=float, default=1.0, help="2 is twice as fast")
    return parser.parse_args(argv)


def main() -> int:
    """Entry point; gives the exit code."""
    arguments = parse()
    console = Console()
    raise_open_file_limit()
    try:
        return asyncio.run(run(read_demo_file(arguments.demo_file), arguments, console))
    except (NotRunning, ConnectionError) as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
