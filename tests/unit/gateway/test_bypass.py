"""Bypass: the same handlers in threads of the gateway; a credit always comes back."""

import queue
from collections.abc import Iterator, Sequence

import pytest

from app.ocpp.envelope import BatchEnvelope, InboundCall, Reply
from gateway import bypass
from gateway.bypass import BypassCarrier
from tests.fakes.world import World, fake_world

HEARTBEAT = InboundCall("CP-1", "c-1", 1, 1, "Accepted", 0, '[2,"1","Heartbeat",{}]')


@pytest.fixture
def world() -> World:
    world = fake_world()
    world.services.tenants.create("acme", "Acme")
    world.services.tenants.directory.refresh()
    return world


@pytest.fixture
def came_back() -> "queue.Queue[tuple[int, Sequence[Reply]]]":
    return queue.Queue()


@pytest.fixture
def carrier(world: World, came_back: "queue.Queue[tuple[int, Sequence[Reply]]]") -> Iterator[BypassCarrier]:
    carrier = BypassCarrier(world.services, 1, lambda number, replies: came_back.put((number, replies)))
    yield carrier
    carrier.stop()


def envelope(number: int) -> BatchEnvelope:
    return BatchEnvelope("acme", "gw-1", number, 1, 0, (HEARTBEAT,))


def test_a_batch_is_handled_and_its_replies_come_back(
    carrier: BypassCarrier, came_back: "queue.Queue[tuple[int, Sequence[Reply]]]"
) -> None:
    carrier.send(envelope(7))
    number, replies = came_back.get(timeout=5)
    assert number == 7
    assert [reply.text for reply in replies] == ['[3,"1",{"currentTime":"2026-03-01T12:00:00.000Z"}]']


def test_handling_that_breaks_gives_the_credit_back_and_the_next_batch_is_handled(
    carrier: BypassCarrier,
    came_back: "queue.Queue[tuple[int, Sequence[Reply]]]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def break_down(*_: object) -> list[Reply]:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(bypass, "handle_batch", break_down)
        carrier.send(envelope(1))
        assert came_back.get(timeout=5) == (1, ())
    carrier.send(envelope(2))
    assert came_back.get(timeout=5)[0] == 2
