"""A request is a trace: its route and how it ended, and nothing that it carried."""

from collections.abc import Iterator

import pytest
from flask import Flask

from app.api import create_app
from app.settings import Settings
from tests.collector import Collector, traces_to_here
from tests.fakes.world import World
from tests.unit.api.calls import Api

SEND = "POST /api/v1/chargepoints/<charge_point_id>/commands"


@pytest.fixture(autouse=True)
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with traces_to_here(monkeypatch, "web") as running:
        yield running


@pytest.fixture
def app(world: World, settings: Settings, collector: Collector) -> Flask:
    """One that was made while traces are on."""
    return create_app(world.services, settings)


def test_a_command_is_seen_in_its_request(operator: Api, world: World, collector: Collector) -> None:
    world.add_charge_point("acme", "CP-1")
    body = {"command_type": "reset", "parameters": {"type": "Soft"}}
    taken = operator.post("/api/v1/chargepoints/CP-1/commands", body).get_json()
    collector.wait_for(lambda: collector.named(SEND))
    (request,) = collector.named(SEND)
    assert request.attributes == {
        "http.request.method": "POST",
        "http.route": "/api/v1/chargepoints/<charge_point_id>/commands",
        "http.response.status_code": 202,
        "tenant": "acme",
    }
    told = {"command": taken["id"], "type": "reset", "to": "CP-1"}
    assert request.events == [("command_submitted", told)]


def test_a_caller_does_not_decide_what_is_traced(anybody: Api, collector: Collector) -> None:
    theirs = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{theirs}-b7ad6b7169203331-01"}
    anybody.get("/nothing/secret", headers=headers)
    collector.wait_for(lambda: collector.named("GET unmatched"))
    (request,) = collector.named("GET unmatched")
    assert (request.attributes["http.response.status_code"], request.parent) == (404, "")
    assert request.trace != theirs
    assert "secret" not in str(request)


def test_a_request_that_breaks_has_failed(
    operator: Api, world: World, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(world.services.commands, "get", breaks)
    assert operator.get("/api/v1/commands/c-1").status_code == 500
    collector.wait_for(lambda: collector.named("GET /api/v1/commands/<command_id>"))
    (request,) = collector.named("GET /api/v1/commands/<command_id>")
    assert request.failed
