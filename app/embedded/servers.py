"""The three embedded servers of one data directory, started and stopped together."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import Self

from app.embedded.server import STOP_S, EmbeddedServer, ServerSpec
from app.embedded.specs import mongodb_spec, mqtt_spec, redis_spec


class EmbeddedServers:
    """The servers of one directory, in the order in which they start; stopped in reverse."""

    def __init__(self, specs: list[ServerSpec]) -> None:
        self.servers = {spec.name: EmbeddedServer(spec) for spec in specs}

    @classmethod
    def in_directory(
        cls,
        directory: Path,
        *,
        mongodb_port: int | None = None,
        redis_port: int | None = None,
        mqtt_port: int | None = None,
    ) -> Self:
        """The servers whose port is given, with their data and logs below `directory`. Nothing starts yet."""
        directory = directory.resolve()
        specs = []
        if mongodb_port is not None:
            specs.append(mongodb_spec(directory / "mongodb", mongodb_port))
        if redis_port is not None:
            specs.append(redis_spec(directory / "redis", redis_port))
        if mqtt_port is not None:
            specs.append(mqtt_spec(directory / "mqtt", mqtt_port))
        return cls(specs)

    def start(self, timeout: float = 15.0) -> None:
        """Start all and wait until all answer; on any failure stop what was started and raise."""
        try:
            for server in self.servers.values():
                server.start()
            for server in self.servers.values():
                server.wait_ready(timeout)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """MQTT, then Redis, then MongoDB, all within STOP_S."""
        deadline_at = time.monotonic() + STOP_S
        for server in reversed(list(self.servers.values())):
            server.stop(timeout=max(0.1, deadline_at - time.monotonic()))

    def check_alive(self) -> None:
        """EmbeddedServerError if one of them ended by itself."""
        for server in self.servers.values():
            server.check_alive()

    @property
    def running(self) -> bool:
        """Whether any of them has a process."""
        return any(server.pid is not None for server in self.servers.values())

    @property
    def mongodb(self) -> EmbeddedServer:
        return self.servers["MongoDB"]

    @property
    def redis(self) -> EmbeddedServer:
        return self.servers["Redis"]

    @property
    def mqtt(self) -> EmbeddedServer:
        return self.servers["MQTT"]

    @property
    def mongodb_uri(self) -> str:
        return self.mongodb.url

    @property
    def redis_url(self) -> str:
        return self.redis.url

    @property
    def mqtt_url(self) -> str:
        return self.mqtt.url

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
