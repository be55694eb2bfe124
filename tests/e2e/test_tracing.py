"""Traces of a running system: a batch from the gateway to whoever handles it is one trace."""

from collections.abc import Iterator

import httpx
import pytest

from app.bootstrap import build_services
from bench.charge_point import SimulatedChargePoint
from tests.collector import Collector, SeenSpan
from tests.e2e.conftest import make_tenant
from tests.e2e.system import RunningSystem

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
PROCESSES = ("servers", "web", "gateway", "worker", "events")


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[RunningSystem]:
    system = RunningSystem(
        tmp_path_factory.mktemp("traced"),
        PROCESSES,
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint,
        OTEL_BSP_SCHEDULE_DELAY="100",
    )
    with system as running:
        yield running


def carrying(collector: Collector, tenant_id: str, action: str) -> list[SeenSpan]:
    return [
        span
        for span in collector.named("batch", tenant=tenant_id)
        if any(event["action"] == action for _, event in span.events)
    ]


@pytest.mark.parametrize(
    ("mode", "handler", "parts"),
    [
        ("queue", "ocpp-worker", {"load", "handle", "store", "reply"}),
        ("bypass", "ocpp-gateway", {"load", "handle", "store"}),
    ],
)
async def test_a_batch_is_one_trace_from_the_gateway_to_its_handler(
    traced: RunningSystem, collector: Collector, mode: str, handler: str, parts: set[str]
) -> None:
    services = build_services(traced.settings)
    services.tenants.prepare_stores()
    tenant = make_tenant(traced, services, mode)
    identity = tenant.identity()
    async with SimulatedChargePoint(traced.ws_url, identity) as charge_point:
        await charge_point.boot(vendor="V", model="M")
        await charge_point.start(1, tenant.id_tag, 0)

    collector.wait_for(lambda: carrying(collector, tenant.id, "StartTransaction"))
    (batch,) = carrying(collector, tenant.id, "StartTransaction")
    assert (batch.service, batch.parent) == ("ocpp-gateway", "")
    assert batch.attributes["tier"] == ("shared" if mode == "queue" else "bypass")
    assert batch.attributes["way"] == ("calls" if mode == "queue" else "bypass")
    assert batch.events[0][1]["charge_point"] == identity

    collector.wait_for(lambda: collector.named("handle_batch", trace=batch.trace))
    (handled,) = collector.named("handle_batch", trace=batch.trace)
    assert (handled.service, handled.parent) == (handler, batch.id)
    assert batch.began <= handled.began
    children = [span for span in collector.spans if span.parent == handled.id]
    assert {span.name for span in children} == parts
    assert {span.trace for span in children} == {batch.trace}
    assert all(handled.began <= span.began <= span.ended <= handled.ended for span in children)

    def told() -> list[SeenSpan]:
        published = collector.named("publish", service="ocpp-events", tenant=tenant.id)
        return [span for span in published if batch.trace in span.links]

    collector.wait_for(told)


def test_a_request_is_a_trace(traced: RunningSystem, collector: Collector) -> None:
    httpx.get(f"{traced.rest_url}/api/v1/sessions/secret-id")
    route = "/api/v1/sessions/<session_id>"
    collector.wait_for(lambda: collector.named(f"GET {route}"))
    (request,) = collector.named(f"GET {route}")
    assert (request.service, request.attributes["http.response.status_code"]) == ("ocpp-web", 401)
    assert "secret-id" not in str(request)
