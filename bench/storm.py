"""A boot storm: `python -m bench.storm --charge-points 3000 --within 18 --mode queue`.

Starts the whole system, lets charge points that it knows come back within so many seconds, as after an
outage, and measures until the last one is served: connected, and its BootNotification answered. Who is put
off with 503 or 429 comes back when `Retry-After` says. Ends with 1 if one of them is never served.
"""

import argparse
import asyncio
import json
import logging
import os
import random
import signal
import sys
import tempfile
from array import array
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import uvloop
from pymongo import MongoClient
from rich.console import Console
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.uri import parse_uri

from bench import frames
from bench.connection import LoadConnection
from bench.fill import make_known
from bench.latency import summary
from bench.open_files import raise_open_file_limit
from bench.report import machine
from bench.system import ENDING_SIGNALS, BenchTenant, System, forget, provision
from bench.usage import UsageSampler

AGAIN_S = 2.0


class Storm:
    """What the charge points see."""

    def __init__(self, ws_url: str, identities: Sequence[str], within_s: float) -> None:
        self._ws_url = ws_url
        self._identities = identities
        self._within_s = within_s
        self._began = perf_counter()
        self._handshakes, self._boots = array("d"), array("d")
        self._attempts: Counter[str] = Counter()
        self._open: list[LoadConnection] = []
        self.served = 0
        self.last_served_s = 0.0

    async def run(self, give_up_s: float) -> None:
        """Until all are served, or it takes too long."""
        self._began = perf_counter()
        tasks = [asyncio.ensure_future(self._come_back(identity)) for identity in self._identities]
        await asyncio.wait(tasks, timeout=give_up_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def leave(self) -> None:
        """Close what is open."""
        for connection in self._open:
            connection.close()

    async def _come_back(self, identity: str) -> None:
        await asyncio.sleep(random.uniform(0.0, self._within_s))
        while True:
            wait_s = await self._try(identity)
            if wait_s is None:
                break
            await asyncio.sleep(wait_s)
        self.served += 1
        self.last_served_s = perf_counter() - self._began

    async def _try(self, identity: str) -> float | None:
        """None when served, else the seconds until the next attempt."""
        uri, began = parse_uri(f"{self._ws_url}/{identity}"), perf_counter()
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def done(_: bytes = b"") -> None:
            if not answered.done():
                answered.set_result(None)

        def lost() -> None:
            if not answered.done():
                answered.set_exception(ConnectionError("lost"))

        connection = LoadConnection(uri, done, lost)
        try:
            await asyncio.get_running_loop().create_connection(lambda: connection, uri.host, uri.port)
            await connection.opened
            opened = perf_counter()
            connection.send(frames.boot(1).encode())
            await answered
        except InvalidStatus as refused:
            self._attempts[str(refused.response.status_code)] += 1
            return float(refused.response.headers.get("Retry-After", AGAIN_S))
        except (OSError, InvalidHandshake) as failure:
            self._attempts[type(failure).__name__] += 1
            return AGAIN_S
        self._attempts["opened"] += 1
        self._handshakes.append(opened - began)
        self._boots.append(perf_counter() - opened)
        self._open.append(connection)
        return None

    def result(self) -> dict[str, Any]:
        """The figures."""
        return {
            "charge_points": len(self._identities),
            "within_s": self._within_s,
            "served": self.served,
            "last_served_s": round(self.last_served_s, 1),
            "attempts": dict(self._attempts),
            **summary(self._handshakes, "handshake_"),
            **summary(self._boots, "boot_"),
            "machine": machine(),
        }


def known(tenant: BenchTenant, count: int) -> list[str]:
    """Those that come back."""
    from app.settings import Settings

    identities = [f"STORM-{number:05d}" for number in range(count)]
    with MongoClient[dict[str, Any]](Settings.from_env().mongodb.uri) as client:
        make_known(client, tenant.id, tenant.database_name, identities)
    return identities


def measure(arguments: argparse.Namespace, directory: Path, console: Console) -> dict[str, Any]:
    """Start, provision, storm, stop."""
    with console.status("starting the system") as status, System(directory, arguments.workers) as system:
        system.wait_ready()
        tenant = provision(arguments.mode == "queue")
        identities = known(tenant, arguments.charge_points)
        storm = Storm(system.gateway_url(tenant), identities, arguments.within)
        sampler = UsageSampler(lambda: system.processes.pids, system.outside_servers())
        sampler.start()
        status.update("storm")

        async def run() -> None:
            sampler.open_window()
            await storm.run(arguments.give_up)
            sampler.close_window()
            storm.leave()
            await asyncio.sleep(0.5)

        uvloop.run(run())
        sampler.stop()
        system.processes.check()
        if "MONGODB_URI" in os.environ:
            forget([tenant])
    return {"mode": arguments.mode, **storm.result(), "processes": sampler.result(storm.last_served_s or 1.0)}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one storm; gives the exit code."""
    arguments = parse(argv)
    raise_open_file_limit()
    logging.getLogger("bench.load.websocket").setLevel(logging.CRITICAL)
    for number in ENDING_SIGNALS:
        signal.signal(number, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="ocpp-storm-") as temporary:
        result = measure(arguments, (arguments.keep or Path(temporary)).resolve(), Console(stderr=True))
    text = json.dumps(result, indent=2)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n")
    return 0 if result["served"] == arguments.charge_points else 1


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.storm", description=__doc__)
    parser.add_argument("--charge-points", type=int, default=3000)
    parser.add_argument("--within", type=float, default=18.0, help="seconds in which all come back")
    parser.add_argument("--give-up", type=float, default=300.0, help="seconds until it is over")
    parser.add_argument("--mode", choices=("queue", "bypass"), default="queue")
    parser.add_argument("--workers", type=int, default=1, help="worker processes")
    parser.add_argument("--json", type=Path, help="write the result to this file")
    parser.add_argument("--keep", type=Path, help="keep data and logs in this folder")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
