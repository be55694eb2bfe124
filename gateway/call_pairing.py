"""Outgoing calls of one connection: a bounded line, one on the wire, each paired with its answer. No I/O."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from app.ocpp.frame import encode_call
from app.services.ports import CommandDelivery

MAX_WAITING = 64
MAX_SEEN = 4 * MAX_WAITING
_REMEMBERED = 8


@dataclass(frozen=True, slots=True)
class SentCall:
    """A command on the wire."""

    delivery: CommandDelivery
    unique_id: str
    text: str


class OutgoingCalls:
    """The next call goes out only after the answer or time-out of the one before (A22)."""

    __slots__ = ("_seen", "_timed_out", "_waiting", "open")

    def __init__(self) -> None:
        # lists: hardly ever is there anything in them, and an empty deque takes ten times as much
        self._waiting: list[CommandDelivery] = []
        self._seen: list[str] = []
        self._timed_out: list[SentCall] = []
        self.open: SentCall | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing waits in line."""
        return not self._waiting

    def offer(self, delivery: CommandDelivery) -> bool:
        """Put a command in line. False if the line is full; one that is known already is in line."""
        in_line = (waiting.command_id for waiting in self._waiting)
        if delivery.command_id in self._seen or delivery.command_id in in_line:
            return True
        if len(self._waiting) >= MAX_WAITING:
            return False
        self._seen = [*self._seen[1 - MAX_SEEN :], delivery.command_id]
        self._waiting.append(delivery)
        return True

    def take_expired(self, now: datetime) -> list[CommandDelivery]:
        """Remove and return what has waited too long."""
        expired = [delivery for delivery in self._waiting if delivery.expires_at <= now]
        for delivery in expired:
            self._waiting.remove(delivery)
        return expired

    def next_call(self, may_go: Callable[[CommandDelivery], bool] = lambda _: True) -> SentCall | None:
        """The call to send now, which then is the open one; None if one is open or none may go."""
        delivery = next(filter(may_go, self._waiting), None) if self.open is None else None
        if delivery is None:
            return None
        self._waiting.remove(delivery)
        unique_id = str(uuid4())
        text = encode_call(unique_id, delivery.action, delivery.payload)
        self.open = SentCall(delivery, unique_id, text)
        return self.open

    def take_answered(self, unique_id: str) -> SentCall | None:
        """The call that an answer belongs to: the open one, or one timed out lately; None if unknown."""
        if self.open is not None and self.open.unique_id == unique_id:
            answered, self.open = self.open, None
            return answered
        for late in self._timed_out:
            if late.unique_id == unique_id:
                self._timed_out.remove(late)
                return late
        return None

    def time_out(self, call: SentCall) -> bool:
        """Give up waiting for this call; False if it is not open any more."""
        if self.open is not call:
            return False
        self._timed_out = [*self._timed_out[1 - _REMEMBERED :], call]
        self.open = None
        return True
