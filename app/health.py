"""Is this process well? The same answer for people, load balancers and containers, whatever it does.

`web` and `gateway` give it on their own ports; the others, which listen nowhere else, on HEALTH_PORT.
"""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from enum import StrEnum
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
import structlog
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from app.metrics import ROLE, render

log = structlog.stdlib.get_logger(__name__)
HealthChecks = Mapping[str, Callable[[], None]]
"""Name of a server, or of a duty -> a call that raises if it is not well."""
Answer = tuple[dict[str, Any], HTTPStatus]

CHECK_TIMEOUT_S = 2.0
SILENT_S = 60.0
"""A main loop that has not turned for so long hangs; its longest wait for a server is a tenth of it."""
ESSENTIAL = frozenset({"mongodb"})


class HealthMonitor:
    """Runs the checks side by side, each once at a time however many ask: a dead server costs one thread."""

    def __init__(self, checks: HealthChecks, timeout_s: float = CHECK_TIMEOUT_S) -> None:
        self._checks = checks
        self._timeout_s = timeout_s
        self._running: dict[str, Future[None]] = {}
        self._lock = threading.Lock()

    def run(self) -> dict[str, bool]:
        """Which are well, as far as they say so within the time-out."""
        futures = {name: self._start(name) for name in self._checks}
        wait(futures.values(), self._timeout_s)
        return {name: self._is_well(name, future) for name, future in futures.items()}

    def _start(self, name: str) -> Future[None]:
        with self._lock:
            running = self._running.get(name)
            if running is None or running.done():
                running = self._running[name] = Future()
                threading.Thread(target=_run, args=(self._checks[name], running), daemon=True).start()
            return running

    @staticmethod
    def _is_well(name: str, check: Future[None]) -> bool:
        reason = check.exception() if check.done() else TimeoutError("no answer in time")
        if reason is not None:
            log.warning("health_check_failed", check=name, reason=repr(reason))
        return reason is None


def _run(check: Callable[[], None], outcome: Future[None]) -> None:
    """In a daemon thread of its own, so that a check that hangs does not keep the process from ending."""
    try:
        check()
    except Exception as failure:
        outcome.set_exception(failure)
    else:
        outcome.set_result(None)


def report(well: Mapping[str, bool], essential: frozenset[str] = ESSENTIAL) -> Answer:
    """What to say of these checks: 503 if one fails without which nothing works."""
    failed = {name for name, is_well in well.items() if not is_well}
    body = {
        "status": "degraded" if failed else "ok",
        "checks": {name: "ok" if is_well else "failed" for name, is_well in sorted(well.items())},
    }
    return body, HTTPStatus.SERVICE_UNAVAILABLE if failed & essential else HTTPStatus.OK


class Role(StrEnum):
    """What a process does at the moment.

    standby: another one holds the lease. waiting: a server that it needs does not answer, and it tries again.
    """

    STARTING = "starting"
    ACTIVE = "active"
    STANDBY = "standby"
    WAITING = "waiting"
    DRAINING = "draining"

    @property
    def is_ready(self) -> bool:
        """It does its work, or would at once if the other one died."""
        return self in (Role.ACTIVE, Role.STANDBY)


class Pulse:
    """A main loop tells with each turn what it is doing. Who hangs does not tell: that shows, too."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._told: tuple[Role, float] = (Role.STARTING, monotonic())

    def beat(self, role: Role) -> None:
        """This turn's word, from any thread. Who drains goes on doing that, whatever its loop says."""
        said = Role.DRAINING if self.role is Role.DRAINING else role
        self._told = (said, self._monotonic())

    @property
    def role(self) -> Role:
        """The last word."""
        return self._told[0]

    @property
    def is_stuck(self) -> bool:
        """There was none for too long."""
        return self._monotonic() - self._told[1] > SILENT_S


class Health:
    """The answers of a process that has a main loop. `counted` is what it shows to Prometheus."""

    def __init__(
        self,
        pulse: Pulse,
        checks: HealthChecks,
        essential: frozenset[str] = ESSENTIAL,
        counted: Callable[[], bytes] = render,
    ) -> None:
        self._pulse = pulse
        self._counted = counted
        self._monitor = HealthMonitor(checks)
        self._essential = essential

    def live(self) -> Answer:
        """503 if the main loop hangs: start it anew. Looks at no server: a new start would not help those."""
        stuck, role = self._pulse.is_stuck, self._pulse.role
        status = HTTPStatus.SERVICE_UNAVAILABLE if stuck else HTTPStatus.OK
        return {"status": "stuck" if stuck else "ok", "role": role, "checks": {}}, status

    def metrics(self) -> bytes:
        """What the process counts, and its role."""
        for role in Role:
            ROLE.labels(role.value).set(role is self._pulse.role)
        return self._counted()

    def ready(self) -> Answer:
        """503 while it cannot do its work."""
        alive, status = self.live()
        if status is not HTTPStatus.OK:
            return alive, status
        body, status = report(self._monitor.run(), self._essential)
        role = self._pulse.role
        return body | {"role": role}, status if role.is_ready else HTTPStatus.SERVICE_UNAVAILABLE


class HealthServer(ThreadingHTTPServer):
    """Answers on a port, from threads of its own. Begins when made."""

    daemon_threads = True

    def __init__(self, health: Health, host: str, port: int) -> None:
        self.health = health
        super().__init__((host, port), _Handler)
        threading.Thread(target=self.serve_forever, name="health", daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: HealthServer
    timeout = 5

    def do_GET(self) -> None:
        """The name is the base class's."""
        health = self.server.health
        answers = {"/health": health.ready, "/health/ready": health.ready, "/health/live": health.live}
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._answer(health.metrics(), HTTPStatus.OK, CONTENT_TYPE_LATEST)
            return
        answer = answers.get(path)
        body, status = answer() if answer else ({"status": "no such address"}, HTTPStatus.NOT_FOUND)
        self._answer(orjson.dumps(body), status, "application/json")

    def _answer(self, content: bytes, status: HTTPStatus, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing: probes come every few seconds."""
