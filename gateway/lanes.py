"""Lanes: calls of one tenant wait here for their turn and leave in batches that grow by themselves.

While a batch of a lane is under way new calls wait, and leave together when it is answered: single calls
when idle, large batches under load (design section 3). Only when so many wait that they fill a batch, another
one leaves beside the first: then it is not small batches that cost, but waiting for the store's answers.
"""

from collections import deque
from dataclasses import dataclass, field

from app.ocpp.envelope import CommandReport, InboundCall, StrayFrame
from gateway.connection import ChargePointConnection

_LATELY_S = 2.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call and the connection that waits for its answer; a report or a stray frame has none."""

    item: InboundCall | CommandReport | StrayFrame
    connection: ChargePointConnection | None = None


@dataclass(slots=True)
class Lane:
    """One tenant's calls on one carrier."""

    tenant_id: str
    waiting: deque[Waiting] = field(default_factory=deque)
    under_way: int = 0

    def take_batch(self, full: int, most: int, full_ones: int) -> list[Waiting]:
        """The next batch; empty if none may leave: the first leaves as it is, others when `full` calls wait.

        At most `most` leave together, and `full_ones` batches are under way.
        """
        waiting = len(self.waiting)
        if not waiting or (self.under_way and (self.under_way >= full_ones or waiting < full)):
            return []
        self.under_way += 1
        return [self.waiting.popleft() for _ in range(min(waiting, most))]

    def end_batch(self) -> None:
        """One is answered, or not waited for any more."""
        self.under_way -= 1

    def empty_into(self, other: "Lane") -> None:
        """Let everything that waits here wait there."""
        other.waiting.extend(self.waiting)
        self.waiting.clear()


class Speakers:
    """Which tenants have spoken lately: the last one, and the last other one, is all that has to be known."""

    def __init__(self) -> None:
        self._last: tuple[str, float] = ("", -_LATELY_S)
        self._other: tuple[str, float] = self._last

    def heard(self, tenant_id: str, now: float) -> None:
        """It speaks."""
        if tenant_id != self._last[0]:
            self._other = self._last
        self._last = (tenant_id, now)

    def is_alone(self, tenant_id: str, now: float) -> bool:
        """No other has spoken lately."""
        who, at = self._other if self._last[0] == tenant_id else self._last
        return not who or now - at > _LATELY_S
