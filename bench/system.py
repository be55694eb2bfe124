"""The whole system for one benchmark run: its processes on free ports, its own data, a tenant of its own."""

import json
import os
import random
import shlex
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from bench.processes import ProcessGroup, program_path, read_procfile

ROOT = Path(__file__).resolve().parents[1]
PROCESSES = ("servers", "web", "gateway", "worker", "commands", "events", "beat")
READY_WITHIN_S = 60.0
HOST = "127.0.0.1"
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STORES = ("MONGODB_URI", "REDIS_URL", "MQTT_URL")


@dataclass(frozen=True)
class BenchTenant:
    """A tenant of the run, where its documents are, and a key for its REST interface.

    `filled`: how many meter values it had before.
    """

    id: str
    database_name: str
    api_key: str
    filled: int = 0


def provision(queue_enabled: bool, name: str = "bench", **limits: int) -> BenchTenant:
    """Create a tenant with a unique id that takes any charge point and id tag; needs our environment set.

    Without `limits` it has none that a benchmark could reach.
    """
    from app.bootstrap import build_services
    from app.domain.user import Role
    from app.settings import Settings

    tenant_id = f"{name}-{int(time.time())}-{os.getpid()}"
    services = build_services(Settings.from_env())
    tenant = services.tenants.create(
        tenant_id,
        "Benchmark",
        prefixes=(),
        configuration={
            "queue_enabled": queue_enabled,
            "ocpp_rate_limit": 1_000_000,  # what is measured is the system, not its limits
            "unknown_charge_points": "accept",
            "accept_unknown_id_tags": True,
            "allow_concurrent_transactions": True,
            **limits,
        },
    )
    _, api_key = services.api_keys.create(tenant.id, "bench", Role.OPERATOR)
    return BenchTenant(tenant.id, tenant.database_name, api_key)


def forget(tenants: Sequence[BenchTenant]) -> None:
    """Take from the store all that was theirs: one that outlives the run would slow down the next one."""
    from pymongo import MongoClient

    from app.settings import Settings
    from app.storage.mongo import PLATFORM_DATABASE

    ids = [tenant.id for tenant in tenants]
    with MongoClient[dict[str, Any]](Settings.from_env().mongodb.uri) as client:
        for tenant in tenants:
            client.drop_database(tenant.database_name)
        client[PLATFORM_DATABASE]["api_keys"].delete_many({"tenant_id": {"$in": ids}})
        client[PLATFORM_DATABASE]["tenants"].delete_many({"_id": {"$in": ids}})


def free_ports(count: int) -> list[int]:
    """Free ports below the ephemeral range, which the load's own client sockets use up."""
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            if port not in found and probe.connect_ex((HOST, port)) != 0:
                found.append(port)
    return found


class System:
    """Context manager: processes run inside it and none of them after it."""

    def __init__(self, directory: Path, workers: int = 1) -> None:
        mongodb, redis, mqtt, self.gateway_port, self.web_port = free_ports(5)
        self.environment = {
            **os.environ,
            "PATH": program_path(sys.executable),
            "APP_ENV": os.environ.get("APP_ENV", "development"),
            "VAR_DIR": str(directory),
            "EMBEDDED_MONGODB_PORT": str(mongodb),
            "EMBEDDED_REDIS_PORT": str(redis),
            "EMBEDDED_MQTT_PORT": str(mqtt),
            "GATEWAY_HOST": HOST,
            "GATEWAY_PORT": str(self.gateway_port),
            "WEB_HOST": HOST,
            "WEB_PORT": str(self.web_port),
        }
        self.workers = workers
        self.processes = ProcessGroup(ROOT, self.environment, directory / "logs")

    def __enter__(self) -> Self:
        """Start everything. What fails here is stopped here."""
        os.environ.update(self.environment)  # `provision` and the checks read the same settings
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self) -> None:
        commands = read_procfile(ROOT / "Procfile")
        for name in PROCESSES:
            self.processes.start(name, commands[name])
        for number in range(2, self.workers + 1):
            self.processes.start(f"worker{number}", commands["worker"].replace("worker@", f"worker{number}@"))

    def stop(self) -> None:
        """End the clients first and the stores last, so that they can finish their work."""
        for number in ENDING_SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave half of them behind
        names = list(self.processes.pids)
        self.processes.stop([name for name in names if name != "servers"])
        self.processes.stop()

    def gateway_url(self, tenant: BenchTenant) -> str:
        """What charge points of the tenant connect to; the identity comes behind it."""
        return f"ws://{HOST}:{self.gateway_port}/ocpp/{tenant.id}"

    def start_probes(
        self, tenant: BenchTenant, charge_points: int, every: int, commands: float, result: Path
    ) -> None:
        """What integrators notice: of this tenant, which has each `every`-th charge point."""
        from app.settings import Settings

        options: dict[str, object] = {
            "--rest": f"http://{HOST}:{self.web_port}",
            "--mqtt": Settings.from_env().mqtt.url,
            "--tenant": tenant.id,
            "--charge-points": charge_points,
            "--every": every,
            "--commands": commands,
            "--result": result,
        }
        words = [str(word) for option in options.items() for word in option]
        self.processes.start(
            "probes", shlex.join([sys.executable, "-m", "bench.probes", *words]), BENCH_API_KEY=tenant.api_key
        )

    def outside_servers(self) -> dict[str, int]:
        """Servers named in the environment that may run on this machine: name -> port."""
        ports = {"mongodb": 27017, "redis": 6379, "mqtt": 1883}
        found = {}
        for variable, (name, usual) in zip(STORES, ports.items(), strict=True):
            if variable in self.environment:
                address = urlsplit(self.environment[variable].split(",")[0])
                found[name] = address.port or usual
        return found

    def wait_ready(self) -> None:
        """Until gateway and web answer on /health. Raises TimeoutError, ProcessEnded."""
        for name, port in (("web", self.web_port), ("gateway", self.gateway_port)):
            url = f"http://{HOST}:{port}/health"
            ends_at = time.monotonic() + READY_WITHIN_S
            while not _healthy(url):
                self.processes.check()
                if time.monotonic() > ends_at:
                    raise TimeoutError(f"{url} is not healthy.\n{self.processes.log_end(name)}")
                time.sleep(0.2)


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
            json.load(answer)
            return True
    except (OSError, urllib.error.URLError, ValueError):
        return False
