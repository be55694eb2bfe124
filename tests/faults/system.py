"""The real system with its stores apart, each behind a line that can be broken."""

import asyncio
import shutil
import signal
import time
from pathlib import Path
from threading import Thread
from typing import Any, Self

import psutil

from app.embedded.specs import mongodb_spec, mqtt_spec, redis_spec
from bench.system import free_ports
from tests.e2e.system import HOST, READY_WITHIN_S, RunningSystem
from tests.faults.proxy import Line, Proxy

STORES = ("mongodb", "redis", "mqtt")
PROGRAMS = ("web", "gateway", "worker", "commands", "events", "webhooks", "beat")
_VARIABLE = {"mongodb": "MONGODB_URI", "redis": "REDIS_URL", "mqtt": "MQTT_URL"}
_MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


class BreakableSystem(RunningSystem):
    """Context manager. Programs reach the stores, and charge points the gateway, through `proxies`.

    MQTT is Mosquitto where it is installed, because it keeps its sessions when it is killed; the embedded
    broker does not, and then only its line and its pace are broken (`broker_keeps_sessions`).
    """

    def __init__(self, directory: Path) -> None:
        *ports, gateway = free_ports(7)
        self._direct = dict(zip(STORES, ports[:3], strict=True))
        fronts = dict(zip(STORES, ports[3:6], strict=True))
        self.broker_keeps_sessions = _MOSQUITTO is not None
        super().__init__(
            directory,
            (*STORES, *PROGRAMS),
            **{f"EMBEDDED_{name.upper()}_PORT": str(port) for name, port in self._direct.items()},
            MONGODB_URI=f"mongodb://{HOST}:{fronts['mongodb']}/?directConnection=true&retryWrites=false",
            REDIS_URL=f"redis://{HOST}:{fronts['redis']}/0",
            MQTT_URL=f"mqtt://{HOST}:{fronts['mqtt']}",
        )
        for name in STORES:
            self.commands[name] = f"env -u {_VARIABLE[name]} python -m app.embedded"
        if _MOSQUITTO is not None:
            self.commands["mqtt"] = f"{_MOSQUITTO} -c {self._mosquitto_conf(directory)}"
        self._specs = {
            "mongodb": mongodb_spec(directory / "mongodb", self._direct["mongodb"]),
            "redis": redis_spec(directory / "redis", self._direct["redis"]),
            "mqtt": mqtt_spec(directory / "mqtt", self._direct["mqtt"]),
        }
        fronts["gateway"] = gateway
        upstream = self._direct | {"gateway": self.gateway_port}
        self.ws_url = f"ws://{HOST}:{gateway}/ocpp"
        self.loop = asyncio.new_event_loop()
        self._thread = Thread(target=self.loop.run_forever, name="field", daemon=True)
        self.proxies = {name: Proxy(port, upstream[name]) for name, port in fronts.items()}

    def _mosquitto_conf(self, directory: Path) -> Path:
        """Nothing is dropped for a subscriber that is away, and its session survives a kill."""
        conf = directory / "mosquitto.conf"
        conf.write_text(
            f"listener {self._direct['mqtt']} {HOST}\nallow_anonymous true\nuser root\n"
            f"persistence true\npersistence_location {directory}/\n"
            "autosave_on_changes true\nautosave_interval 1\n"
            "max_queued_messages 0\nmax_queued_bytes 0\nmax_inflight_messages 0\n"
        )
        return conf

    @property
    def subscriber_url(self) -> str:
        """The broker as those reach it whose network is whole."""
        return f"mqtt://{HOST}:{self._direct['mqtt']}"

    @property
    def mongodb_url(self) -> str:
        """MongoDB for who looks behind the scenes."""
        return f"mongodb://{HOST}:{self._direct['mongodb']}/?directConnection=true&retryWrites=false"

    def __enter__(self) -> Self:
        self._thread.start()
        for proxy in self.proxies.values():
            self.run(proxy.start())
        try:
            for name in STORES:
                self.start(name)
            for name in STORES:
                self.wait_for_store(name)
        except BaseException:
            self.processes.stop()
            raise
        return super().__enter__()

    def __exit__(self, *failure: Any) -> None:
        self.processes.stop([name for name in self.processes.pids if name not in STORES])
        self.processes.stop()
        for proxy in self.proxies.values():
            self.run(proxy.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()

    def start(self, name: str) -> None:
        """Start a process unless it runs."""
        if name not in self.processes.pids:
            super().start(name)

    def run(self, work: Any) -> Any:
        """Run a coroutine where proxies and charge points live; its result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(READY_WITHIN_S)

    def set_line(self, name: str, line: Line, delay_s: float = 0.0) -> None:
        """Break or mend the way to a store, or that of the charge points to the gateway."""
        self.loop.call_soon_threadsafe(self.proxies[name].set, line, delay_s)

    def kill(self, name: str) -> None:
        """End a process and its children at once, without a last word."""
        for process in self._family(name):
            process.kill()
        self.processes.stop([name])  # reap it

    def pause(self, name: str) -> None:
        """Stop a process and its children where they stand."""
        for process in self._family(name):
            process.send_signal(signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """Let them go on."""
        for process in self._family(name):
            process.send_signal(signal.SIGCONT)

    def _family(self, name: str) -> list[psutil.Process]:
        parent = psutil.Process(self.processes.pids[name])
        return [parent, *parent.children(recursive=True)]

    def restart(self, name: str) -> None:
        """Start it again, and wait until it can do its work."""
        self.start(name)
        if name in STORES:
            self.wait_for_store(name)
        self.wait_ready()

    def wait_for_store(self, name: str) -> None:
        """Until it answers at its own port."""
        ends_at = time.monotonic() + READY_WITHIN_S
        while not self._specs[name].answers():
            self.processes.check()
            if time.monotonic() > ends_at:
                raise TimeoutError(f"{name} does not answer.\n{self.processes.log_end(name)}")
            time.sleep(0.05)
