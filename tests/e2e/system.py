"""The real system for end-to-end tests: the Procfile's processes on free ports, with their own data."""

import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self
from unittest import mock

import httpx

from app.settings import Settings
from bench.processes import ProcessGroup, program_path, read_procfile
from bench.system import free_ports

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
ALL = ("servers", "web", "gateway", "worker", "commands", "events", "webhooks", "beat")
READY_WITHIN_S = 90.0


class RunningSystem:
    """Context manager. `environment` changes settings of all processes."""

    def __init__(self, directory: Path, names: Iterable[str] = ALL, **environment: str) -> None:
        mongodb, redis, mqtt, self.gateway_port, self.web_port = free_ports(5)
        self.names = tuple(names)
        self.environment = {
            **os.environ,
            "PATH": program_path(sys.executable),
            "APP_ENV": "test",
            "VAR_DIR": str(directory),
            "EMBEDDED_MONGODB_PORT": str(mongodb),
            "EMBEDDED_REDIS_PORT": str(redis),
            "EMBEDDED_MQTT_PORT": str(mqtt),
            "GATEWAY_PORT": str(self.gateway_port),
            "GATEWAY_PUBLIC_URL": f"ws://{HOST}:{self.gateway_port}/ocpp",
            "WEB_PORT": str(self.web_port),
            "SWEEP_INTERVAL_S": "1",
            "ACCESS_TOKEN_S": "7200",
            "LOG_LEVEL": "INFO",
            **environment,
        }
        self.commands = read_procfile(ROOT / "Procfile")
        self.processes = ProcessGroup(ROOT, self.environment, directory / "logs")
        with mock.patch.dict(os.environ, self.environment):
            self.settings = Settings.from_env()
        self.ws_url = f"ws://{HOST}:{self.gateway_port}/ocpp"
        self.rest_url = f"http://{HOST}:{self.web_port}"
        self.gateway_url = f"http://{HOST}:{self.gateway_port}"

    def __enter__(self) -> Self:
        try:
            for name in self.names:
                self.start(name)
            self.wait_ready()
        except BaseException:
            self.processes.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        started = list(self.processes.pids)
        self.processes.stop([name for name in started if name != "servers"])
        self.processes.stop()

    def start(self, name: str) -> None:
        """Start one process of the Procfile."""
        self.processes.start(name, self.commands[name])

    def wait_ready(self) -> None:
        """Until everything that was started can do its work; ProcessEnded or TimeoutError otherwise."""
        ends_at = time.monotonic() + READY_WITHIN_S
        while not all(self._is_ready(name) for name in self.processes.pids):
            self.processes.check()
            if time.monotonic() > ends_at:
                waiting = [name for name in self.processes.pids if not self._is_ready(name)]
                logs = "\n".join(self.processes.log_end(name) for name in waiting)
                raise TimeoutError(f"Not ready: {waiting}\n{logs}")
            time.sleep(0.1)

    def _is_ready(self, name: str) -> bool:
        if name == "web":
            return _answers(f"{self.rest_url}/health")
        if name == "gateway":
            return _answers(f"{self.gateway_url}/health")
        signs = {
            "worker": "ready.",
            "events": "relay_ready",
            "webhooks": "webhooks_ready",
            "commands": "commands_subscribed",
        }
        return name not in signs or signs[name] in self.log(name)

    def wait_for_tenant(self, prefix: str, *, answered: bool = True) -> None:
        """Until the gateway has heard of a new tenant: it then wants a subprotocol instead of saying 404.

        Of one that refuses unknown charge points it says 404 (`answered=False`), as of an unknown tenant.
        """
        ends_at = time.monotonic() + 10
        while (httpx.get(f"{self.gateway_url}/ocpp/{prefix}probe").status_code == 404) is answered:
            if time.monotonic() > ends_at:
                raise TimeoutError(f"The gateway does not know the tenant of {prefix}.")
            time.sleep(0.05)

    def log(self, name: str) -> str:
        """All that a process has logged."""
        path = Path(self.environment["VAR_DIR"]) / "logs" / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
