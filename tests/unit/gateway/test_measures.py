"""What the gateway counts of calls and commands."""

import time
from dataclasses import replace

import pytest

from app.domain.tenant_configuration import TenantConfiguration
from app.ocpp.envelope import CommandReport, InboundCall, Reply, ReportKind
from gateway.lanes import Waiting
from gateway.measures import Buckets, Measures, tier_of
from tests.fakes.world import fake_world

CALL = InboundCall("CP-1", "c", 1, 1, "Accepted", 0, '[2,"1","Heartbeat",{}]')


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ('[2,"1","Heartbeat",{}]', "Heartbeat"),
        ('[2, "1", "MeterValues", {"a":"b"}]', "MeterValues"),
        ('[2,"1","MadeUp",{}]', "other"),
        ('[2,"a\\"b","Heartbeat",{}]', "other"),
        ("[2,1]", "other"),
    ],
)
def test_messages_are_counted_by_the_actions_of_the_standard(text: str, action: str) -> None:
    """What a charge point makes up must not become a label."""
    measures = Measures()
    measures.answered([Waiting(replace(CALL, text=text))], 0.01, "shared")
    assert measures.messages == {(action, "shared"): 1}


def test_an_error_is_counted_by_its_code() -> None:
    measures = Measures()
    measures.replied(Reply("c", 1, '[3,"1",{}]'))
    measures.replied(Reply("c", 2, '[4,"2","InternalError","",{}]'))
    assert measures.errors == {"InternalError": 1}


@pytest.mark.parametrize(
    ("kind", "answer", "outcome"),
    [
        (ReportKind.SENT, None, "sent"),
        (ReportKind.ANSWERED, '[3,"1",{}]', "answered"),
        (ReportKind.ANSWERED, '[4,"1","NotSupported","",{}]', "error"),
        (ReportKind.CONNECTION_LOST, None, "connection_lost"),
    ],
)
def test_commands_are_counted_by_how_they_end(kind: ReportKind, answer: str | None, outcome: str) -> None:
    measures = Measures()
    measures.reported(CommandReport("CP-1", "cmd", kind, 0, "Reset", None, answer))
    assert measures.commands == {outcome: 1}


def test_a_bucket_holds_what_is_below_as_well() -> None:
    buckets = Buckets((1, 5))
    for value in (1, 2, 9):
        buckets.observe(value)
    samples = {s.labels.get("le", s.name): s.value for s in buckets.family("x", "X.").samples}
    assert samples == {"1.0": 1, "5.0": 2, "+Inf": 3, "x_count": 3, "x_sum": 12}


def test_tiers_are_three_however_many_tenants() -> None:
    tenant = fake_world().services.tenants.create("acme", "Acme", ["ACME-"])
    for configuration, tier in (
        (TenantConfiguration(queue_enabled=True), "shared"),
        (TenantConfiguration(queue_enabled=True, worker_pool_size=2), "own_pool"),
        (TenantConfiguration(queue_enabled=False), "bypass"),
    ):
        assert tier_of(replace(tenant, configuration=configuration)) == tier
    assert tier_of(None) == "shared"


def test_to_measure_a_call_costs_next_to_nothing() -> None:
    """Generous for a busy machine; an idle one needs a third of it."""
    measures, items = Measures(), [Waiting(CALL)] * 100
    best = 1.0
    for _ in range(50):
        since = time.perf_counter()
        measures.left(items)
        measures.answered(items, 0.01, "shared")
        best = min(best, time.perf_counter() - since)
    assert best / len(items) < 4e-6
