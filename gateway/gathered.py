"""Questions to the store, asked for many charge points at once: a reconnecting network costs few round trips.

One question of a tenant is under way at a time; what comes meanwhile is asked together after it. So a single
charge point waits for nobody, a storm fills its own batches, and no tenant holds more than one thread.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Generic, TypeVar

from app.domain.context import ChargePointRef
from app.domain.errors import AppError

T = TypeVar("T")
R = TypeVar("R")
_AT_ONCE = 100
Ask = Callable[[str, Mapping[str, T]], Mapping[str, R | AppError]]


class Gathered(Generic[T, R]):
    """`ask` runs in `threads`: a tenant, and what is asked by charge point; an answer or an error for each.

    What it raises, all of them get.
    """

    def __init__(self, threads: Executor, ask: Ask[T, R]) -> None:
        self._threads = threads
        self._ask = ask
        self._waiting: dict[str, deque[tuple[str, T, asyncio.Future[R]]]] = {}

    async def ask(self, ref: ChargePointRef, what: T) -> R:
        """The answer for this charge point. Raises its error."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[R] = loop.create_future()
        waiting = self._waiting.get(ref.tenant_id)
        if waiting is not None:
            waiting.append((ref.charge_point_id, what, answer))
        else:
            self._waiting[ref.tenant_id] = deque([(ref.charge_point_id, what, answer)])
            _TASKS.add(task := loop.create_task(self._run(ref.tenant_id)))
            task.add_done_callback(_TASKS.discard)
        return await answer

    async def _run(self, tenant_id: str) -> None:
        """Until nothing waits any more."""
        loop, waiting = asyncio.get_running_loop(), self._waiting[tenant_id]
        while waiting:
            batch = _take(waiting)
            asked = {charge_point_id: what for charge_point_id, (what, _) in batch.items()}
            try:
                answers = await loop.run_in_executor(self._threads, self._ask, tenant_id, asked)
            except Exception as failure:  # the edge: whoever asked is told, and the next batch goes on
                for _, future in batch.values():
                    _settle(future, failure)
                continue
            for charge_point_id, (_, future) in batch.items():
                _settle(future, answers[charge_point_id])
        del self._waiting[tenant_id]


def _take(waiting: "deque[tuple[str, T, asyncio.Future[R]]]") -> dict[str, tuple[T, "asyncio.Future[R]"]]:
    """The next ones, each charge point once."""
    batch: dict[str, tuple[T, asyncio.Future[R]]] = {}
    while waiting and len(batch) < _AT_ONCE and waiting[0][0] not in batch:
        charge_point_id, what, future = waiting.popleft()
        batch[charge_point_id] = (what, future)
    return batch


def _settle(future: "asyncio.Future[R]", answer: R | Exception) -> None:
    """Whoever asked may be gone by now."""
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)


_TASKS: set[asyncio.Task[None]] = set()
