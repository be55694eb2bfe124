"""The task that handles batches: replies to the gateway that asked, and leaves what came too late."""

import json
import time
from typing import Any

import pytest
from celery import Celery

from app.domain.errors import Retryable
from app.messaging.tasks import HANDLE_BATCHES
from app.ocpp.envelope import BatchEnvelope, InboundCall
from app.process import Process
from tests.fakes.world import World
from workers import ocpp

HEARTBEAT = InboundCall("CP-1", "c-1", 1, 5, "Accepted", 0, '[2,"1","Heartbeat",{}]')


@pytest.fixture
def replies(world: World, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, list[Any]]]:
    """What was sent back: gateway, batch, replies."""
    sent: list[tuple[str, int, list[Any]]] = []
    monkeypatch.setattr(world.link, "reply", lambda *reply: sent.append(reply), raising=False)
    return sent


@pytest.fixture
def handle(celery: Celery, process: Process) -> Any:
    ocpp.register(celery, lambda: process)
    return celery.tasks[HANDLE_BATCHES]


def wire(*calls: InboundCall, in_s: float = 60) -> dict[str, Any]:
    envelope = BatchEnvelope("acme", "gw-1", 7, 1, int((time.time() + in_s) * 1000), calls)
    parsed: dict[str, Any] = json.loads(json.dumps(envelope.to_wire()))
    return parsed


def test_a_batch_is_handled_and_answered_to_its_gateway(handle: Any, replies: list[Any]) -> None:
    handle([wire(HEARTBEAT)])
    assert replies == [("gw-1", 7, [["c-1", 5, '[3,"1",{"currentTime":"2026-03-01T12:00:00.000Z"}]', None]])]


def test_batches_of_a_task_are_handled_and_answered_one_by_one(handle: Any, replies: list[Any]) -> None:
    """One that comes too late, and a tenant that nobody knows, stop none of the others."""
    handle([wire(HEARTBEAT, in_s=-1), wire(HEARTBEAT) | {"tenant": "nobody", "batch": 8}, wire(HEARTBEAT)])
    assert [batch for _, batch, _ in replies] == [8, 7]


def test_a_canary_is_answered_too(handle: Any, replies: list[Any]) -> None:
    """It is what brings a queue back into use."""
    handle([wire()])
    assert replies == [("gw-1", 7, [])]


def test_a_batch_past_its_deadline_is_left_to_the_gateway(
    handle: Any, replies: list[Any], world: World
) -> None:
    handle([wire(HEARTBEAT, in_s=-1)])
    assert replies == []
    assert world.batches.exchanges == []


def test_a_reply_that_cannot_be_sent_does_not_fail_the_task(
    handle: Any, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything is stored; the gateway asks again in its own way."""

    def fail(*_: Any) -> None:
        raise Retryable("Redis: gone")

    monkeypatch.setattr(world.link, "reply", fail, raising=False)
    handle([wire(HEARTBEAT)])
    assert len(world.batches.exchanges) == 1


def test_an_envelope_of_another_version_fails_loudly(handle: Any, replies: list[Any]) -> None:
    with pytest.raises(ValueError, match="version"):
        handle([wire() | {"v": 99}])
    assert replies == []
