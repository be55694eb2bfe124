"""Queue mode: one thread, one task for batches that leave together; what cannot leave goes back."""

import queue
from typing import Any, cast

import pytest
from celery import Celery
from kombu.exceptions import OperationalError

from app.ocpp.envelope import BatchEnvelope, InboundCall
from gateway.queued import QueuedCarrier

CALL = InboundCall("CP-1", "c-1", 1, 1, "Accepted", 0, '[2,"1","Heartbeat",{}]')


class FakeCelery:
    """Notes tasks, or fails as told."""

    def __init__(self) -> None:
        self.sent: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
        self.failure: Exception | None = None

    def send_task(self, name: str, **options: Any) -> None:
        if self.failure is not None:
            raise self.failure
        self.sent.put((name, options))


class Post:
    """A carrier between a fake Celery and a list of what came back."""

    def __init__(self) -> None:
        self.celery = FakeCelery()
        self.returned: queue.Queue[BatchEnvelope] = queue.Queue()
        self.carrier = QueuedCarrier(cast(Celery, self.celery), self.returned.put)


@pytest.fixture
def post() -> Post:
    return Post()


def envelope(number: int = 1, tenant_id: str = "acme") -> BatchEnvelope:
    return BatchEnvelope(tenant_id, "gw-1", number, 1, 0, (CALL,))


def test_batches_that_leave_together_are_one_task_on_their_queue(post: Post) -> None:
    together = [envelope(1), envelope(2, "beta")]
    post.carrier.start()
    post.carrier.send("calls", together)
    name, options = post.celery.sent.get(timeout=5)
    assert (name, options["queue"]) == ("ocpp.handle_batches", "calls")
    assert [BatchEnvelope.from_wire(wire) for wire in options["args"][0]] == together
    assert options["retry"] is False
    assert options["ignore_result"] is True
    assert CALL.text not in options["argsrepr"]
    post.carrier.stop()


@pytest.mark.parametrize("failure", [OperationalError("down"), OSError("reset"), ZeroDivisionError()])
def test_batches_that_cannot_be_published_come_back_and_the_thread_lives_on(
    post: Post, failure: Exception
) -> None:
    post.carrier.start()
    post.celery.failure = failure
    post.carrier.send("calls", [envelope(1), envelope(2, "beta")])
    assert [post.returned.get(timeout=5).batch_id for _ in range(2)] == [1, 2]
    post.celery.failure = None
    post.carrier.send("calls", [envelope(3)])
    assert post.celery.sent.get(timeout=5)[0] == "ocpp.handle_batches"
    post.carrier.stop()


def test_what_waits_is_published_before_the_end(post: Post) -> None:
    for number in range(5):
        post.carrier.send("calls", [envelope(number)])
    post.carrier.start()
    post.carrier.stop()
    assert post.celery.sent.qsize() == 5
