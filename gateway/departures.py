"""Batches leave for the workers: those that share a queue travel together, as one Celery task.

A task costs about a millisecond whatever it carries. So at most `TASKS_UNDER_WAY` tasks of a queue are
unanswered, and what comes meanwhile leaves as one when the next is answered: few tasks, however many tenants
share the queue. Everything here runs on the event loop.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.ocpp.envelope import BatchEnvelope

SendTask = Callable[[str, Sequence[BatchEnvelope]], None]
TASKS_UNDER_WAY = 4  # as many as a worker has threads
MAX_CALLS_OF_TASK = 200


@dataclass(slots=True)
class _Queue:
    """What waits for its turn, and how many tasks are unanswered."""

    name: str
    waiting: deque[BatchEnvelope] = field(default_factory=deque)
    under_way: int = 0


@dataclass(slots=True)
class _Task:
    """Its batches that are not settled yet."""

    queue: _Queue
    open: int


class Departures:
    """Hands batches to `send`, queue by queue."""

    def __init__(self, send: SendTask) -> None:
        self._send = send
        self._queues: dict[str, _Queue] = {}
        self._tasks: dict[int, _Task] = {}

    def add(self, queue: str, envelope: BatchEnvelope) -> None:
        """It leaves with the next task of this queue."""
        self._queues.setdefault(queue, _Queue(queue)).waiting.append(envelope)

    def leave(self) -> None:
        """Whatever may leave now, does."""
        for queue in self._queues.values():
            if queue.waiting:
                self._leave(queue)

    def settle(self, batch_id: int) -> None:
        """It was answered, or is not waited for any more: when its whole task is, the next one may leave."""
        task = self._tasks.pop(batch_id, None)
        if task is None:
            self._withdraw(batch_id)
            return
        task.open -= 1
        if task.open == 0:
            task.queue.under_way -= 1
            self._leave(task.queue)

    def _leave(self, queue: _Queue) -> None:
        while queue.waiting and queue.under_way < TASKS_UNDER_WAY:
            batches = _load(queue.waiting)
            queue.under_way += 1
            task = _Task(queue, len(batches))
            self._tasks.update((batch.batch_id, task) for batch in batches)
            self._send(queue.name, batches)

    def _withdraw(self, batch_id: int) -> None:
        for queue in self._queues.values():
            for envelope in queue.waiting:
                if envelope.batch_id == batch_id:
                    queue.waiting.remove(envelope)
                    return


def _load(waiting: deque[BatchEnvelope]) -> list[BatchEnvelope]:
    """The first batches, as many as fit."""
    batches = [waiting.popleft()]
    calls = len(batches[0].calls)
    while waiting and calls + len(waiting[0].calls) <= MAX_CALLS_OF_TASK:
        batches.append(waiting.popleft())
        calls += len(batches[-1].calls)
    return batches
