"""`python -m workers.pools`: keeps the worker pools of tenants that have one of their own.

A tenant's `worker_pool_size` says how many Celery workers serve its queue, and the shared ones leave it
alone then. Where this program does not run, nobody answers the queue, and the gateway goes round it: slower,
and nothing is lost.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping

import structlog

from app.domain.tenant import Tenant
from app.health import Pulse, Role
from app.messaging.tasks import own_queue
from app.metrics import POOL_WORKERS
from app.process import on_stop_signal, read_settings, start_process
from app.services.tenants import TenantDirectory, is_served
from workers.pool_metrics import LOOPBACK, PoolMetrics

log = structlog.stdlib.get_logger(__name__)
THREADS = 4
_LOOK_EVERY_S = 0.5
_STOP_S = 20.0
_AGAIN_AFTER_S = 5.0
Place = tuple[str, int]
"""A tenant, and which of its workers."""


def wanted_places(tenants: Iterable[Tenant]) -> set[Place]:
    """The workers that there should be. A tenant that is not served needs none."""
    return {
        (tenant.id, number)
        for tenant in tenants
        if is_served(tenant)
        for number in range(1, tenant.configuration.worker_pool_size + 1)
    }


def name_of(place: Place) -> str:
    """Under which Celery and Prometheus know a worker."""
    tenant_id, number = place
    return f"{tenant_id}-{number}"


def start_worker(place: Place, port: int) -> "subprocess.Popen[bytes]":
    """A Celery worker for one tenant's queue; `port` of loopback is where it says how it is, 0: nowhere."""
    command = f"worker -P threads -c {THREADS} -Q {own_queue(place[0])} -n {name_of(place)}@%h"
    quiet = "--without-gossip --without-mingle --without-heartbeat --loglevel WARNING"
    celery = [sys.executable, "-m", "celery", "-q", "-A", "workers.main"]
    its_own = ["env", f"HEALTH_HOST={LOOPBACK}", f"HEALTH_PORT={port}"]  # the one that is set is ours
    return subprocess.Popen([*its_own, *celery, *command.split(), *quiet.split()])


class Pools:
    """The workers that run, made to be those that are wanted."""

    def __init__(
        self,
        directory: TenantDirectory,
        pulse: Pulse,
        metrics: PoolMetrics,
        start: Callable[[Place, int], "subprocess.Popen[bytes]"] = start_worker,
        again_after_s: float = _AGAIN_AFTER_S,
    ) -> None:
        self._directory = directory
        self._pulse = pulse
        self._metrics = metrics
        self._start = start
        self._again_after_s = again_after_s
        self._running: dict[Place, subprocess.Popen[bytes]] = {}
        self._ending: list[subprocess.Popen[bytes]] = []
        self._not_before: dict[Place, float] = {}
        self._stop = threading.Event()

    @property
    def running(self) -> Mapping[Place, "subprocess.Popen[bytes]"]:
        """Started and not told to stop."""
        return self._running

    def stop(self) -> None:
        """End, and the workers with it."""
        self._stop.set()

    def run(self) -> None:
        """Until stopped."""
        now = 0.0
        while not self._stop.wait(_LOOK_EVERY_S):
            now += _LOOK_EVERY_S
            self.adjust(now)
        for place in list(self._running):
            self._end(place)
        for worker in self._ending:
            _wait_for(worker)

    def adjust(self, now: float) -> None:
        """Stop whom nobody wants any more, start who is missing; one that ended by itself comes back soon."""
        self._ending = [worker for worker in self._ending if worker.poll() is None]
        for place, worker in list(self._running.items()):
            if worker.poll() is not None:
                log.warning("pool_worker_ended", tenant_id=place[0], number=place[1], code=worker.returncode)
                del self._running[place]
                self._not_before[place] = now + self._again_after_s
                self._metrics.forget(name_of(place))
        wanted = wanted_places(self._directory.all())
        for place in self._running.keys() - wanted:
            self._end(place)
        for place in sorted(wanted - self._running.keys()):
            if now >= self._not_before.get(place, 0.0):
                self._running[place] = self._start(place, self._metrics.take_port(name_of(place)))
                log.info("pool_worker_started", tenant_id=place[0], number=place[1])
        POOL_WORKERS.labels("wanted").set(len(wanted))
        POOL_WORKERS.labels("running").set(len(self._running))
        self._pulse.beat(Role.ACTIVE if wanted == self._running.keys() else Role.WAITING)

    def _end(self, place: Place) -> None:
        """A worker finishes what it has in hand."""
        worker = self._running.pop(place)
        self._metrics.forget(name_of(place))
        worker.send_signal(signal.SIGTERM)
        self._ending.append(worker)
        log.info("pool_worker_stopped", tenant_id=place[0], number=place[1])


def _wait_for(worker: "subprocess.Popen[bytes]") -> None:
    try:
        worker.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        worker.kill()


def main() -> None:
    """Run until SIGTERM."""
    settings = read_settings()
    metrics = PoolMetrics(is_asked=settings.health.port != 0)
    process = start_process(settings, counted=metrics.render)
    pools = Pools(process.services.tenants.directory, process.pulse, metrics)
    on_stop_signal(pools.stop)
    log.info("pools_ready", pid=os.getpid())
    pools.run()


if __name__ == "__main__":
    main()
