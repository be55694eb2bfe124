"""Metrics of pools' workers: shown by their keeper, each under its name."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from app.health import Health, HealthServer, Pulse
from workers import pool_metrics
from workers.pool_metrics import LOOPBACK, PoolMetrics


class Counts:
    """What one worker counts."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self.late = Counter("ocpp_batches_too_late_total", "Late.", registry=registry)
        self.parts = Histogram("ocpp_batch_part_seconds", "Parts.", ("part",), registry=registry)
        self.role = Gauge("ocpp_process_role", "Role.", ("role",), registry=registry)
        self.only_here = Gauge("ocpp_only_here", "Of workers.", registry=registry)
        self.render = lambda: generate_latest(registry)


@contextmanager
def a_worker(metrics: PoolMetrics, name: str, counts: Counts) -> Iterator[None]:
    server = HealthServer(Health(Pulse(), {}, counted=counts.render), LOOPBACK, metrics.take_port(name))
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def metrics() -> PoolMetrics:
    return PoolMetrics(is_asked=True)


def values(metrics: PoolMetrics, sample: str) -> dict[str | None, float]:
    """By worker; None is the keeper. Fails if a family is there twice."""
    families = list(text_string_to_metric_families(metrics.render().decode()))
    assert len({family.name for family in families}) == len(families)
    found = [one for family in families for one in family.samples if one.name == sample]
    return {one.labels.get("worker"): one.value for one in found}


def test_each_workers_numbers_are_its_own(metrics: PoolMetrics) -> None:
    first, second = Counts(), Counts()
    first.late.inc(3)
    second.parts.labels("store").observe(0.2)
    second.only_here.set(4)
    with a_worker(metrics, "acme-1", first), a_worker(metrics, "acme-2", second):
        late = values(metrics, "ocpp_batches_too_late_total")
        assert (late["acme-1"], late["acme-2"]) == (3, 0)
        assert None in late
        assert values(metrics, "ocpp_batch_part_seconds_sum")["acme-2"] == 0.2
        assert values(metrics, "ocpp_only_here") == {"acme-1": 0, "acme-2": 4}
        shown = metrics.render().decode()
    assert 'ocpp_pool_workers{state="shown"} 2.0' in shown
    assert 'ocpp_batch_part_seconds_bucket{le="+Inf",part="store",worker="acme-2"} 1.0' in shown
    assert set(values(metrics, "process_resident_memory_bytes")) == {None}  # they are gone by now


def test_a_worker_that_does_not_answer_costs_the_others_nothing(
    metrics: PoolMetrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_metrics, "_TIMEOUT_S", 0.1)
    metrics.take_port("acme-2")  # nobody listens there
    with a_worker(metrics, "acme-1", Counts()), socket.socket() as hanging:
        hanging.bind((LOOPBACK, metrics.take_port("acme-3")))
        hanging.listen()
        assert set(values(metrics, "ocpp_only_here")) == {"acme-1"}
        assert 'ocpp_pool_workers{state="shown"} 1.0' in metrics.render().decode()


def test_a_stranger_at_a_workers_port_is_not_heard(metrics: PoolMetrics) -> None:
    stranger = Counts()
    stranger.render = lambda: b"<html>hello</html>"
    with a_worker(metrics, "acme-1", stranger):
        assert 'ocpp_pool_workers{state="shown"} 0.0' in metrics.render().decode()


def test_a_worker_that_was_told_to_end_is_not_asked(metrics: PoolMetrics) -> None:
    with a_worker(metrics, "acme-1", Counts()):
        metrics.forget("acme-1")
        assert values(metrics, "ocpp_only_here") == {}


def test_workers_of_a_keeper_without_a_port_have_none() -> None:
    assert PoolMetrics(is_asked=False).take_port("acme-1") == 0
