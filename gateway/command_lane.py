"""Commands to one charge point: one on the wire at a time, and none before it is ready for one."""

import asyncio
from datetime import UTC, datetime
from typing import Protocol

import structlog

from app.domain.context import ChargePointRef
from app.domain.times import to_epoch_ms
from app.ocpp.envelope import CommandReport, ReportKind
from app.services.ports import CommandDelivery
from gateway.call_pairing import OutgoingCalls, SentCall
from gateway.uplink import Uplink


class Carrier(Protocol):
    """A connection, as its commands see it."""

    @property
    def ref(self) -> ChargePointRef: ...

    @property
    def log(self) -> structlog.stdlib.BoundLogger: ...

    def send(self, text: str) -> None: ...

    def may_take(self, action: str) -> bool:
        """Whether an action may go to the charge point as it is now (A34, A35, G8)."""
        ...

    def has_room(self) -> None:
        """The line, which had no room for some commands, has sent all it held."""
        ...


class CommandLane:
    """Its own lane beside the charge point's calls: the two never wait for each other (A23)."""

    def __init__(self, carrier: Carrier, uplink: Uplink) -> None:
        self._carrier = carrier
        self._uplink = uplink
        self._calls = OutgoingCalls()
        self._answer_timer: asyncio.TimerHandle | None = None
        self._hold_timer: asyncio.TimerHandle | None = None
        self._left_in_store = self._is_resting = False
        self._loop = asyncio.get_running_loop()

    def hold(self, seconds: float) -> None:
        """Let nothing out for so long from now on, whatever was said before (G8)."""
        if self._hold_timer is not None:
            self._hold_timer.cancel()
        self._hold_timer = self._loop.call_later(seconds, self._release)

    def _release(self) -> None:
        self._hold_timer = None
        self.send_next()

    @property
    def is_open(self) -> bool:
        """One is on the wire and has no answer yet."""
        return self._calls.open is not None

    def rest(self) -> None:
        """Send nothing any more: what waits here waits in the store as well, for the next connection."""
        self._is_resting = True

    def deliver(self, delivery: CommandDelivery) -> None:
        """Put a command in line."""
        if not self._calls.offer(delivery):
            self._carrier.log.warning("command_line_full", command_id=delivery.command_id)
            self._left_in_store = True
            return
        self.send_next()

    def send_next(self) -> None:
        """Send what is next in line, if anything may go out now."""
        for expired in self._calls.take_expired(datetime.now(UTC)):
            self._report(expired, ReportKind.EXPIRED)
        if self._hold_timer is not None or self._is_resting:
            return
        call = self._calls.next_call(lambda delivery: self._carrier.may_take(delivery.action))
        if self._left_in_store and self._calls.is_empty:
            self._left_in_store = False
            self._carrier.has_room()
        if call is None:
            return
        self._carrier.send(call.text)
        self._report(call.delivery, ReportKind.SENT)
        self._answer_timer = self._loop.call_later(call.delivery.timeout_s, self._give_up, call)

    def _give_up(self, call: SentCall) -> None:
        if self._calls.time_out(call):
            self._carrier.log.warning("command_unanswered", command_id=call.delivery.command_id)
            self._report(call.delivery, ReportKind.UNANSWERED, call.text)
            self.send_next()

    def take_answer(self, unique_id: str, text: str) -> bool:
        """A CallResult or CallError came, perhaps late (A25); False if it answers nothing."""
        call = self._calls.take_answered(unique_id)
        if call is None:
            return False
        if self._answer_timer is not None and self._calls.open is None:
            self._answer_timer.cancel()
        self._report(call.delivery, ReportKind.ANSWERED, call.text, text)
        self.send_next()
        return True

    def end(self) -> None:
        """The socket is gone: an open command's outcome stays unknown, waiting ones take the next (A24)."""
        for timer in (self._answer_timer, self._hold_timer):
            if timer is not None:
                timer.cancel()
        if self._calls.open is not None:
            lost = self._calls.open
            self._report(lost.delivery, ReportKind.CONNECTION_LOST, lost.text)

    def _report(
        self,
        delivery: CommandDelivery,
        kind: ReportKind,
        request: str | None = None,
        answer: str | None = None,
    ) -> None:
        ref, now = self._carrier.ref, to_epoch_ms(datetime.now(UTC))
        report = CommandReport(
            ref.charge_point_id, delivery.command_id, kind, now, delivery.action, request, answer
        )
        self._uplink.report(ref.tenant_id, report)
