"""Metrics: labels that stay few, and gauges that may fail."""

from collections.abc import Iterator
from functools import partial

from app.api import create_app
from app.api.gauges import Sample, system_gauges
from app.domain.context import ChargePointRef
from app.settings import Settings
from tests.builders import a_dead_letter
from tests.fakes.world import World
from tests.unit.api.calls import Api


def test_requests_are_counted_by_route_and_never_by_path(world: World, settings: Settings) -> None:
    anybody = Api(create_app(world.services, settings).test_client(), None)
    for number in range(3):
        anybody.get(f"/api/v1/sessions/session-{number}")
        anybody.get(f"/nothing/{number}")
    anybody("BREW", "/health")
    text = anybody.get("/metrics").get_data(as_text=True)
    route = 'route="/api/v1/sessions/<session_id>"'
    assert f'http_requests_total{{method="GET",{route},status="401"}} 3.0' in text
    assert 'http_requests_total{method="GET",route="unmatched",status="404"} 3.0' in text
    assert f'http_request_duration_seconds_count{{method="GET",{route}}} 3.0' in text
    assert "session-1" not in text
    assert "BREW" not in text
    assert 'method="other"' in text


def test_each_app_counts_for_itself(world: World, settings: Settings) -> None:
    first, second = (create_app(world.services, settings).test_client() for _ in range(2))
    first.get("/health")
    assert 'route="/health"' not in second.get("/metrics").get_data(as_text=True)


def test_gauges_are_taken_on_every_scrape(world: World, settings: Settings) -> None:
    world.dead_letters.park("acme", [a_dead_letter()])
    lengths, ages = (lambda queues: dict.fromkeys(queues, 3)), (lambda queues: dict.fromkeys(queues, 1.5))
    gauges = partial(system_gauges, world.services, lambda _: 7, lengths, ages)
    app = create_app(world.services, settings, gauges=gauges)
    app.test_client().get("/metrics")
    world.add_charge_point("acme", "CP-1")
    world.services.charge_points.open_connection(ChargePointRef("acme", "CP-1"), "gw-1", "c-1")
    text = app.test_client().get("/metrics").get_data(as_text=True)
    assert 'ocpp_outbox_depth{tenant="acme"} 1.0' in text
    assert 'ocpp_outbox_age_seconds{tenant="acme"}' in text
    assert 'ocpp_charge_points_online{tenant="acme"} 7.0' in text
    for queue in ("calls", "sweeps"):
        assert f'ocpp_queue_length{{queue="{queue}"}} 3.0' in text
        assert f'ocpp_queue_age_seconds{{queue="{queue}"}} 1.5' in text
    assert 'ocpp_dead_letters_parked{tenant="acme"} 1.0' in text
    assert "ocpp_gauges_up 1.0" in text


def test_gauges_that_fail_cost_nothing_else(world: World, settings: Settings) -> None:
    def failing() -> Iterator[Sample]:
        yield Sample("ocpp_one", "One.", 1)
        raise ConnectionError

    app = create_app(world.services, settings, gauges=failing)
    text = app.test_client().get("/metrics").get_data(as_text=True)
    assert "ocpp_gauges_up 0.0" in text
    assert "ocpp_one" not in text
    assert "process_resident_memory_bytes" in text
