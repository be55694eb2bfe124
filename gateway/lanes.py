"""Lanes: calls of one tenant wait here for their turn and leave in batches that grow by themselves.

At most `credits` batches of a lane are under way. While they are, new calls wait and leave together when a
credit comes back: single calls when idle, large batches under load (design section 3).
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
    credits: int
    max_calls: int
    waiting: deque[Waiting] = field(default_factory=deque)

    def take_batch(self, at_most: int | None = None) -> list[Waiting]:
        """The next batch, for one credit; empty if there is nothing to send or no credit."""
        if not self.waiting or self.credits <= 0:
            return []
        self.credits -= 1
        size = min(len(self.waiting), self.max_calls, at_most or self.max_calls)
        return [self.waiting.popleft() for _ in range(size)]

    def give_back(self) -> None:
        """A batch has ended."""
        self.credits += 1

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
