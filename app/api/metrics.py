"""Prometheus metrics of the REST interface, and gauges of the whole system taken when asked.

Labels are few and known: the route's template, never a path, and a tenant's id where a gauge has one.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeAlias

from flask import Blueprint, Flask, Response, g, request
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from app.api.current import services
from app.domain.errors import AppError
from app.logs import get_logger

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

_log = get_logger(__name__)


class Gauge(Protocol):
    """One value of one gauge. All values of a name have the same label names."""

    @property
    def name(self) -> str: ...

    @property
    def documentation(self) -> str: ...

    @property
    def value(self) -> float: ...

    @property
    def labels(self) -> Mapping[str, str]: ...


GaugeSource: TypeAlias = Callable[[], Iterable[Gauge]]


class GaugeCollector(Collector):
    """Asks the source on every scrape. If it fails, the HTTP metrics are still there and say so."""

    def __init__(self, source: GaugeSource) -> None:
        self._source = source

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """All gauges, and whether they could be taken."""
        families: dict[str, GaugeMetricFamily] = {}
        try:
            for sample in self._source():
                family = families.get(sample.name)
                if family is None:
                    family = GaugeMetricFamily(sample.name, sample.documentation, labels=list(sample.labels))
                    families[sample.name] = family
                family.add_metric(list(sample.labels.values()), sample.value)
            taken = 1
        except AppError as failure:
            _log.warning("gauges cannot be taken", reason=failure.message)
            families, taken = {}, 0
        except Exception:  # the edge: whatever a store raises must not cost the other metrics
            _log.warning("gauges cannot be taken", exc_info=True)
            families, taken = {}, 0
        up = GaugeMetricFamily("ocpp_gauges_up", "1 if the system's gauges could be taken.", value=taken)
        return [*families.values(), up]


class AuditFailures(Collector):
    """Entries of the audit log that the store did not take; they are in the log of this process."""

    def collect(self) -> Iterable[CounterMetricFamily]:
        """One counter."""
        told = "Entries of the audit log that are in the process's log instead."
        yield CounterMetricFamily(
            "ocpp_audit_entries_not_stored_total", told, value=services().audit.failures
        )


def register_metrics(app: Flask, source: GaugeSource) -> None:
    """Measure every request, and serve `/metrics`. The registry belongs to the app: one per process."""
    # Otherwise a start time stands beside every counter, which nobody reads
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    registry.register(GaugeCollector(source))
    registry.register(AuditFailures())
    count = Counter(
        "http_requests", "HTTP requests answered.", ("route", "method", "status"), registry=registry
    )
    seconds = Histogram(
        "http_request_duration_seconds",
        "Time to answer, waiting for commands included.",
        ("route", "method"),
        buckets=_BUCKETS,
        registry=registry,
    )

    limited = Counter(
        "http_rate_limited_total",
        "Requests refused because there were too many of a user, a tenant or an address.",
        ("limit", "tenant"),
        registry=registry,
    )

    def measure(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "unmatched"
        method = request.method if request.method in _METHODS else "other"
        count.labels(route, method, str(response.status_code)).inc()
        seconds.labels(route, method).observe(time.monotonic() - g.started)
        if "rate_limited_by" in g:
            tenant_id = g.caller.tenant_id if "caller" in g else None
            limited.labels(g.rate_limited_by, tenant_id or "").inc()
        return response

    app.after_request(measure)
    blueprint = Blueprint("metrics", __name__)

    @blueprint.get("/metrics")
    def show() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    app.register_blueprint(blueprint)
