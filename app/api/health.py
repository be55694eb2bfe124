"""Is it well? For people, load balancers and containers; without login, and without telling internals."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from threading import Lock, Thread
from typing import Any, TypeAlias

from app.api.blueprint import Blueprint, also_answers
from app.api.schemas.health import HealthSchema
from app.logs import get_logger

HealthChecks: TypeAlias = Mapping[str, Callable[[], None]]
"""Name of a server -> a call that raises if the server does not answer."""

CHECK_TIMEOUT_S = 2.0
ESSENTIAL = frozenset({"mongodb"})

_log = get_logger(__name__)


class HealthMonitor:
    """Runs the checks side by side, each once at a time however many ask: a dead server costs one thread."""

    def __init__(self, checks: HealthChecks, timeout_s: float = CHECK_TIMEOUT_S) -> None:
        self._checks = checks
        self._timeout_s = timeout_s
        self._running: dict[str, Future[None]] = {}
        self._lock = Lock()

    def run(self) -> dict[str, bool]:
        """Which servers answered within the time-out."""
        futures = {name: self._start(name) for name in self._checks}
        wait(futures.values(), self._timeout_s)
        return {name: self._is_well(name, future) for name, future in futures.items()}

    def _start(self, name: str) -> Future[None]:
        with self._lock:
            running = self._running.get(name)
            if running is None or running.done():
                running = self._running[name] = Future()
                Thread(target=_run, args=(self._checks[name], running), daemon=True).start()
            return running

    @staticmethod
    def _is_well(name: str, check: Future[None]) -> bool:
        reason = check.exception() if check.done() else TimeoutError("no answer in time")
        if reason is not None:
            _log.warning("health check failed", server=name, reason=repr(reason))
        return reason is None


def _run(check: Callable[[], None], outcome: Future[None]) -> None:
    """In a daemon thread of its own, so that a check that hangs does not keep the process from ending."""
    try:
        check()
    except Exception as failure:
        outcome.set_exception(failure)
    else:
        outcome.set_result(None)


def health_blueprint(checks: HealthChecks) -> Blueprint:
    """The routes, for these checks."""
    monitor = HealthMonitor(checks)
    health = Blueprint("health", __name__, url_prefix="/health", description="Is it well?")

    @health.get("")
    @health.answers(200, HealthSchema, "It works, perhaps degraded: then `checks` names what failed.")
    @also_answers(503, HealthSchema, "MongoDB does not answer, without which nothing works.")
    def get_health() -> tuple[dict[str, Any], int]:
        """Show how the system is

        Without Redis or MQTT charging goes on: the gateway handles calls itself, events wait in the outbox.
        So that is `degraded` with 200. Without MongoDB nothing works: 503.
        """
        return _report(monitor)

    @health.get("/live")
    @health.answers(200, HealthSchema, "This process answers.")
    def get_liveness() -> dict[str, Any]:
        """Is this process alive?

        Looks at no other server: restarting this process would not help those.
        """
        return {"status": "ok", "checks": {}}

    @health.get("/ready")
    @health.answers(200, HealthSchema, "Send requests here.")
    @also_answers(503, HealthSchema, "Send none: MongoDB does not answer.")
    def get_readiness() -> tuple[dict[str, Any], int]:
        """Can this process serve requests?

        The same checks as `/health`.
        """
        return _report(monitor)

    return health


def _report(monitor: HealthMonitor) -> tuple[dict[str, Any], int]:
    well = monitor.run()
    failed = {name for name, is_well in well.items() if not is_well}
    body = {
        "status": "degraded" if failed else "ok",
        "checks": {name: "ok" if is_well else "failed" for name, is_well in sorted(well.items())},
    }
    return body, 503 if failed & ESSENTIAL else 200
