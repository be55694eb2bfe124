"""Batches that leave a gateway with a trace, and those that leave without."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import cast

import pytest

from app import tracing
from app.domain.context import ChargePointRef
from app.ocpp.envelope import BatchEnvelope, InboundCall, Reply
from app.services.tenants import TenantDirectory
from app.tracing_settings import TracingSettings
from gateway.connection import ChargePointConnection
from gateway.dispatcher import Dispatcher
from gateway.traced import make_dispatcher
from tests.builders import a_tenant
from tests.collector import Collector, traces_to_here
from tests.fakes.clock import FakeClock
from tests.fakes.tenants import FakeTenantRepository

pytestmark = pytest.mark.asyncio


class Connection:
    """Notes the answers it gets."""

    def __init__(self, number: int) -> None:
        self.ref = ChargePointRef("acme", f"CP-{number}")
        self.connection_id = f"c-{number}"
        self.answers: list[str] = []

    def answer(self, sequence: int, text: str, registration: str | None) -> None:
        self.answers.append(text)

    def fail(self, sequence: int) -> None:
        """Its call broke."""


class Desk:
    """A dispatcher between fake carriers, made while traces are on or off."""

    def __init__(self) -> None:
        repository = FakeTenantRepository()
        repository.insert(a_tenant())
        directory = TenantDirectory(repository)
        directory.refresh()
        self.queued: list[BatchEnvelope] = []
        self.bypassed: list[BatchEnvelope] = []
        self.dispatcher = make_dispatcher(
            "gw-1", directory, FakeClock(), 2.0, self._queue, self.bypassed.append
        )

    def _queue(self, _: str, envelopes: Sequence[BatchEnvelope]) -> None:
        self.queued.extend(envelopes)

    async def submit(self, number: int, action: str) -> Connection:
        connection = Connection(number)
        text = f'[2,"{number}","{action}",{{}}]'
        call = InboundCall(
            connection.ref.charge_point_id, connection.connection_id, 1, 1, "Accepted", 0, text
        )
        self.dispatcher.submit(cast(ChargePointConnection, connection), call)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return connection


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with traces_to_here(monkeypatch, "gateway") as running:
        yield running


async def test_while_traces_are_off_the_dispatcher_is_the_plain_one() -> None:
    desk = Desk()
    assert type(desk.dispatcher) is Dispatcher
    await desk.submit(1, "Heartbeat")
    assert desk.queued[0].trace is None


async def test_a_batch_has_a_span_from_its_leaving_to_its_answers(collector: Collector) -> None:
    desk = Desk()
    connection = await desk.submit(1, "Heartbeat")
    (envelope,) = desk.queued
    assert envelope.trace is not None
    desk.dispatcher.take_replies(envelope.batch_id, [Reply("c-1", 1, '[3,"1",{}]')])
    assert connection.answers == ['[3,"1",{}]']
    collector.wait_for(lambda: collector.spans)
    (span,) = collector.spans
    assert envelope.trace.startswith(f"00-{span.trace}-{span.id}-")
    named = {"tenant": "acme", "tier": "shared", "way": "calls", "calls": 1, "reports": 0, "replies": 1}
    assert (span.name, span.attributes, span.failed) == ("batch", named, False)
    ((event, call),) = span.events
    assert (event, call["action"], call["charge_point"]) == ("call", "Heartbeat", "CP-1")


async def test_what_a_charge_point_makes_up_is_no_action(collector: Collector) -> None:
    desk = Desk()
    await desk.submit(1, "Secret")
    desk.dispatcher.take_replies(desk.queued[0].batch_id, [])
    collector.wait_for(lambda: collector.spans)
    assert collector.spans[0].events[0][1]["action"] == "other"


async def test_what_goes_round_the_queue_has_two_traces_of_which_one_failed(collector: Collector) -> None:
    desk = Desk()
    await desk.submit(1, "Heartbeat")
    desk.dispatcher.take_failure(desk.queued[0].batch_id)
    (again,) = desk.bypassed
    desk.dispatcher.take_replies(again.batch_id, [Reply("c-1", 1, "ok")])
    desk.dispatcher.take_replies(desk.queued[0].batch_id, [Reply("c-1", 1, "late")])
    collector.wait_for(lambda: len(collector.spans) == 2)
    assert [(span.attributes["way"], span.failed) for span in collector.spans] == [
        ("calls", True),
        ("bypass", False),
    ]


async def test_a_batch_that_is_not_sampled_leaves_as_it_is(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracing.start_tracing(TracingSettings(collector.endpoint, 0.0), "gateway")
    desk = Desk()
    await desk.submit(1, "Heartbeat")
    assert desk.queued[0].trace is None
    desk.dispatcher.take_replies(desk.queued[0].batch_id, [])
