"""Few tasks, however many tenants share a queue."""

from collections.abc import Sequence

import pytest

from app.ocpp.envelope import BatchEnvelope, InboundCall
from gateway.departures import MAX_CALLS_OF_TASK, TASKS_UNDER_WAY, Departures

CALL = InboundCall("CP-1", "c-1", 1, 1, "Accepted", 0, "[]")


class Platform:
    """Departures, and the tasks that left: queue and batches."""

    def __init__(self) -> None:
        self.left: list[tuple[str, list[int]]] = []
        self.departures = Departures(self._send)
        self.last_id = 0

    def _send(self, queue: str, batches: Sequence[BatchEnvelope]) -> None:
        self.left.append((queue, [batch.batch_id for batch in batches]))

    def add(self, queue: str = "calls", calls: int = 1) -> int:
        self.last_id += 1
        envelope = BatchEnvelope("acme", "gw-1", self.last_id, 1, 0, (CALL,) * calls)
        self.departures.add(queue, envelope)
        return self.last_id

    def fill(self) -> list[int]:
        """As many tasks as may be under way; answers their batches."""
        batches = []
        for _ in range(TASKS_UNDER_WAY):
            batches.append(self.add())
            self.departures.leave()
        self.left.clear()
        return batches


@pytest.fixture
def platform() -> Platform:
    return Platform()


def test_batches_of_one_turn_leave_as_one_task_by_queue(platform: Platform) -> None:
    for queue in ("calls", "ocpp.own", "calls"):
        platform.add(queue)
    platform.departures.leave()
    assert platform.left == [("calls", [1, 3]), ("ocpp.own", [2])]


def test_what_comes_while_all_tasks_are_under_way_leaves_together_with_the_next(platform: Platform) -> None:
    under_way = platform.fill()
    later = [platform.add() for _ in range(5)]
    platform.departures.leave()
    assert platform.left == []
    platform.departures.settle(under_way[0])
    assert platform.left == [("calls", later)]


def test_a_queue_that_is_full_holds_up_no_other(platform: Platform) -> None:
    platform.fill()
    platform.add()
    own = platform.add("ocpp.own")
    platform.departures.leave()
    assert platform.left == [("ocpp.own", [own])]


def test_a_task_is_over_when_all_its_batches_are_settled(platform: Platform) -> None:
    for _ in range(TASKS_UNDER_WAY):
        first, second = platform.add(), platform.add()
        platform.departures.leave()
    platform.left.clear()
    waiting = platform.add()
    platform.departures.settle(first)
    assert platform.left == []
    platform.departures.settle(second)
    assert platform.left == [("calls", [waiting])]


def test_a_task_carries_so_many_calls_and_a_batch_is_never_cut(platform: Platform) -> None:
    sizes = (MAX_CALLS_OF_TASK - 1, 1, 1, MAX_CALLS_OF_TASK)
    for size in sizes:
        platform.add(calls=size)
    platform.departures.leave()
    assert platform.left == [("calls", [1, 2]), ("calls", [3]), ("calls", [4])]


def test_who_does_not_wait_any_more_does_not_leave(platform: Platform) -> None:
    under_way = platform.fill()
    given_up, kept = platform.add(), platform.add()
    platform.departures.settle(given_up)
    platform.departures.settle(under_way[0])
    assert platform.left == [("calls", [kept])]


def test_a_batch_that_is_settled_twice_counts_once(platform: Platform) -> None:
    """A late answer comes when the gateway has handled the batch itself."""
    under_way = platform.fill()
    platform.departures.settle(under_way[0])
    platform.departures.settle(under_way[0])
    platform.add()
    platform.departures.leave()
    platform.add()
    platform.departures.leave()
    assert len(platform.left) == 1
