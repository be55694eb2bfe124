"""What the workers of pools count, shown by their keeper: one address to scrape, however many there are.

Each worker listens on a port of loopback that its keeper chose, and the keeper asks them when it is asked. A
worker's numbers carry its name and are not summed up: one that starts anew begins at 0, which Prometheus
understands of one worker and not of a sum.
"""

import http.client
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import structlog
from prometheus_client import Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from app.metrics import POOL_WORKERS, REGISTRY

log = structlog.stdlib.get_logger(__name__)
LOOPBACK = "127.0.0.1"
_TIMEOUT_S = 1.0
_AT_ONCE = 8


class PoolMetrics(Collector):
    """Knows where each worker listens; none does if the keeper is not asked either."""

    def __init__(self, *, is_asked: bool) -> None:
        self._is_asked = is_asked
        self._ports: dict[str, int] = {}

    def take_port(self, worker: str) -> int:
        """A free one, for a worker that is about to start; 0 for none.

        If somebody else is faster, the worker ends, and is started again with another one.
        """
        if not self._is_asked:
            return 0
        with socket.socket() as free:
            free.bind((LOOPBACK, 0))
            self._ports[worker] = free.getsockname()[1]
        return self._ports[worker]

    def forget(self, worker: str) -> None:
        """It has ended, or is about to."""
        self._ports.pop(worker, None)

    def collect(self) -> Iterator[Metric]:
        """The keeper's own families, and in each of them what its workers say, with the label `worker`."""
        told = self._ask_all()
        POOL_WORKERS.labels("shown").set(len(told))
        families = {family.name: family for family in REGISTRY.collect()}
        for worker, its_own in told.items():
            for family in its_own:
                known = families.setdefault(
                    family.name, Metric(family.name, family.documentation, family.type)
                )
                known.samples += [
                    sample._replace(labels={**sample.labels, "worker": worker}) for sample in family.samples
                ]
        yield from families.values()

    def render(self) -> bytes:
        """Text exposition."""
        return generate_latest(self)

    def _ask_all(self) -> dict[str, list[Metric]]:
        """By worker. Those that do not answer in time are left out; others do not wait for them."""
        ports = dict(self._ports)
        with ThreadPoolExecutor(_AT_ONCE, "scrape") as threads:
            told = dict(zip(ports, threads.map(_ask, ports.values()), strict=True))
        silent = [worker for worker, its_own in told.items() if its_own is None]
        if silent:
            log.info("pool_workers_not_shown", workers=silent)
        return {worker: its_own for worker, its_own in told.items() if its_own is not None}


def _ask(port: int) -> list[Metric] | None:
    """None: no answer, or that of a stranger who was faster to take the port."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/metrics")
        return list(text_string_to_metric_families(connection.getresponse().read().decode()))
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
