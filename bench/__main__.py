"""The benchmark: `python -m bench --charge-points 500 --rate 600 --seconds 60 --mode queue --json FILE`.

Starts the whole system, drives it over WebSockets from a process of its own, checks what MongoDB holds
afterwards, prints a table and writes the JSON. Ends with 1 when a call was lost or a session differs.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from rich.console import Console

from bench.fill import fill, make_known
from bench.load_charge_point import identity
from bench.open_files import raise_open_file_limit
from bench.processes import ProcessEnded
from bench.report import build_result, passed, seen_outside, show
from bench.system import ENDING_SIGNALS, BenchTenant, System, forget, provision
from bench.usage import UsageSampler
from bench.verify import Verdict, store_name, verify

RUN = ("mode", "charge_points", "rate", "seconds", "warm_up", "tenants", "stored", "commands")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one benchmark; gives the exit code."""
    arguments = parse(argv)
    raise_open_file_limit()
    for number in ENDING_SIGNALS:
        signal.signal(number, signal.default_int_handler)
    console = Console(stderr=True)
    embedded = "MONGODB_URI" not in os.environ
    try:
        with tempfile.TemporaryDirectory(prefix="ocpp-bench-") as temporary:
            directory = (arguments.keep or Path(temporary)).resolve()
            result = measure(arguments, directory, embedded, console)
    except KeyboardInterrupt:
        console.print("stopped; every process was ended")
        return 130
    except (ProcessEnded, TimeoutError) as error:
        console.print(str(error), style="red", markup=False)
        return 1
    show(result, Console(width=None if sys.stdout.isatty() else 110))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")
    return 0 if passed(result) else 1


def measure(
    arguments: argparse.Namespace, directory: Path, embedded: bool, console: Console
) -> dict[str, Any]:
    """Start, provision, drive, verify, stop."""
    with console.status("starting the system") as status, System(directory, arguments.workers) as system:
        system.wait_ready()
        status.update(f"creating {arguments.tenants} tenants")
        tenants = tenants_of(arguments)
        sampler = UsageSampler(lambda: system.processes.pids, system.outside_servers())
        sampler.start()
        try:
            status.update("driving")
            load, probes = drive(arguments, system, tenants, sampler, directory)
        finally:
            sampler.stop()
        status.update("comparing MongoDB with what was sent")
        verdict, store = check(tenants, load, embedded)
        if not embedded:
            forget(tenants)
    run = {name: getattr(arguments, name) for name in RUN}
    usage = sampler.result(arguments.seconds)
    return build_result(run, load, verdict, usage, store) | seen_outside(probes, load["ledger"])


def tenants_of(arguments: argparse.Namespace) -> list[BenchTenant]:
    """New ones that know their charge points; the first has a past, if one is wanted."""
    from app.settings import Settings

    queue_enabled, count = arguments.mode == "queue", arguments.tenants
    tenants = [provision(queue_enabled, f"bench{number}") for number in range(count)]
    with MongoClient[dict[str, Any]](Settings.from_env().mongodb.uri) as client:
        for number, tenant in enumerate(tenants):
            names = [identity(other) for other in range(1 + number, arguments.charge_points + 1, count)]
            make_known(client, tenant.id, tenant.database_name, names)
        if arguments.stored:
            fill(client, tenants[0].id, tenants[0].database_name, arguments.stored)
            tenants[0] = replace(tenants[0], filled=arguments.stored)
    return tenants


def drive(
    arguments: argparse.Namespace,
    system: System,
    tenants: Sequence[BenchTenant],
    sampler: UsageSampler,
    directory: Path,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run the load generator to its end; its lines tell when the measured window opens and closes.

    Gives its result, and that of the probes, which run inside the window.
    """
    load, probes = directory / "load.json", directory / "probes.json"
    process = system.processes.start_piped("load", load_command(arguments, system, tenants, load))
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)["event"]
        if event == "measuring":
            system.start_probes(tenants[0], arguments.charge_points, len(tenants), arguments.commands, probes)
            sampler.open_window()
        elif event == "measured":
            sampler.close_window()
            system.processes.stop(["probes"])
    if process.wait() != 0:
        raise ProcessEnded(f"The load generator failed.\n{system.processes.log_end('load', 5)}")
    system.processes.stop(["load"])
    system.processes.check()
    return json.loads(load.read_text()), json.loads(probes.read_text())


def load_command(
    arguments: argparse.Namespace, system: System, tenants: Sequence[BenchTenant], result: Path
) -> list[str]:
    """The load generator's command line."""
    urls = [system.gateway_url(tenant) for tenant in tenants]
    command = [sys.executable, "-m", "bench.load", "--result", str(result), "--urls", *urls]
    for name in ("charge_points", "rate", "seconds", "warm_up", "ramp"):
        command += [f"--{name.replace('_', '-')}", str(getattr(arguments, name))]
    return command


def check(tenants: Sequence[BenchTenant], load: dict[str, Any], embedded: bool) -> tuple[Verdict, str]:
    """Count and compare in MongoDB; gives the verdict and the store's name."""
    from app.settings import Settings

    with MongoClient[dict[str, Any]](Settings.from_env().mongodb.uri) as client:
        return verify(client, tenants, load), store_name(client, embedded)


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--charge-points", type=int, default=500)
    parser.add_argument("--rate", type=float, default=600.0, help="calls a second, all together")
    parser.add_argument("--seconds", type=float, default=60.0, help="measured time")
    parser.add_argument("--mode", choices=("queue", "bypass"), default="queue")
    parser.add_argument("--json", type=Path, help="write the result to this file")
    parser.add_argument("--warm-up", type=float, default=5.0, help="seconds of load before the measurement")
    parser.add_argument("--ramp", type=float, default=100.0, help="new charge points a second")
    parser.add_argument("--tenants", type=int, default=1, help="charge points belong to them in turn")
    parser.add_argument("--stored", type=int, default=0, help="meter values that are stored before")
    parser.add_argument("--commands", type=float, default=2.0, help="commands a second over REST")
    parser.add_argument("--workers", type=int, default=1, help="worker processes")
    parser.add_argument("--keep", type=Path, help="keep data and logs in this folder")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
