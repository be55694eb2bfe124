"""How every program of ours starts: settings, logs, servers, tenants; or a clear word and an exit code."""

import gc
import signal
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from types import FrameType

import structlog

from app.bootstrap import (
    Adapters,
    build_adapters,
    build_health_checks,
    build_services,
    say_if_behind,
    wait_for_stores,
)
from app.domain.errors import Conflict, Retryable, SettingsError
from app.health import ESSENTIAL, Health, HealthChecks, HealthServer, Pulse
from app.logs import configure_logging
from app.metrics import render
from app.services import Services
from app.settings import Settings

log = structlog.stdlib.get_logger(__name__)
EXIT_UNREACHABLE = 1
EXIT_SETTINGS = 2
_SWITCH_INTERVAL_S = 0.0005
_GARBAGE_THRESHOLDS = (50_000, 20, 100)


@dataclass(frozen=True, slots=True)
class Process:
    """What a started program works with. It tells `pulse` with each turn of its main loop how it is."""

    settings: Settings
    adapters: Adapters
    services: Services
    pulse: Pulse


def read_settings() -> Settings:
    """The settings, or an exit with code 2 after naming everything that is wrong with them."""
    try:
        return Settings.from_env()
    except SettingsError as wrong:
        sys.stderr.write(f"{wrong.message}\n")
        raise SystemExit(EXIT_SETTINGS) from wrong


def _pace_interpreter() -> None:
    """As measured under load with ten thousand charge points (bench/README.md).

    A thread that has its answer from the store waits up to one interval for the one that computes, and that a
    dozen times for each batch. And a look for garbage through all objects of all connections stops a gateway
    for seconds: they are millions, and hardly one of them is garbage.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    gc.set_threshold(*_GARBAGE_THRESHOLDS)


def start_process(
    settings: Settings | None = None,
    *,
    needs: Collection[str] = (),
    duties: HealthChecks | None = None,
    has_port: bool = False,
    counted: Callable[[], bytes] = render,
) -> Process:
    """Configure logging, wait for the servers, load the tenants and keep them fresh.

    Beside MongoDB, the program is not ready without the servers that it `needs`, and while one of the checks
    of its `duties` fails. One that `has_port` says by itself how it is. `counted` is what `/metrics` shows.
    Exits with code 1 if a server does not answer in time, or holds databases of a later version.
    """
    settings = settings or read_settings()
    _pace_interpreter()
    configure_logging(settings)
    adapters, pulse = build_adapters(settings), Pulse()
    duties = duties or {}
    servers = {"mongodb", "redis", *needs}
    checks = {**build_health_checks(settings, adapters, servers), **duties}
    if not has_port:
        serve_health(settings, Health(pulse, checks, ESSENTIAL.union(needs, duties), counted))
    try:
        wait_for_stores(settings, adapters)
        say_if_behind(adapters)
        services = build_services(settings, adapters)
        services.tenants.directory.refresh()
    except (Retryable, Conflict) as failure:
        log.error("not_started", reason=failure.message)
        raise SystemExit(EXIT_UNREACHABLE) from failure
    services.tenants.directory.keep_fresh()
    return Process(settings, adapters, services, pulse)


def serve_health(settings: Settings, health: Health) -> None:
    """On HEALTH_PORT, where one is given. Exits with code 1 if it is taken."""
    where = settings.health
    if not where.port:
        return
    try:
        HealthServer(health, where.host, where.port)
    except OSError as taken:
        log.error("health_port_taken", host=where.host, port=where.port, reason=str(taken))
        raise SystemExit(EXIT_UNREACHABLE) from taken


def on_stop_signal(stop: Callable[[], None]) -> None:
    """Call `stop` on SIGTERM and on SIGINT."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
