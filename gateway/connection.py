"""One charge point on one WebSocket: reads frames, keeps its calls in order, writes answers and commands.

Everything here runs on the event loop. Calls of the charge point and calls to it are two lanes that never
wait for each other (A23).
"""

import asyncio
from collections import OrderedDict, deque
from datetime import UTC, datetime
from typing import Protocol
from uuid import uuid4

import structlog
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from app.domain.charge_point import Registration
from app.domain.context import ChargePointRef
from app.domain.times import to_epoch_ms
from app.ocpp.envelope import CommandReport, InboundCall, ReportKind
from app.ocpp.errors import ErrorCode
from app.ocpp.frame import Call, CallError, CallResult, Malformed, encode_error, parse
from app.services.ports import CommandDelivery
from gateway.call_pairing import OutgoingCalls, SentCall
from gateway.limits import ConnectionLimits

log = structlog.stdlib.get_logger(__name__)
_REMEMBERED_ANSWERS = 8
_MAX_BAD_FRAMES = 50
_BOOT = "BootNotification"
# their answer is the time or nothing, and charge points that restart begin their ids anew
_ALWAYS_NEW = frozenset({_BOOT, "Heartbeat", "StatusNotification"})
_MAX_UNSENT = 200
_RESULT = "[3,"
_READY = (Registration.ACCEPTED.value, Registration.PENDING.value)


class Uplink(Protocol):
    """Where a connection's calls and reports go."""

    def submit(self, connection: "ChargePointConnection", call: InboundCall) -> None: ...

    def report(self, tenant_id: str, report: CommandReport) -> None: ...


class ChargePointConnection:
    """State of one connection. `registration` is what the charge point was last told."""

    def __init__(
        self,
        websocket: ServerConnection,
        ref: ChargePointRef,
        epoch: int,
        registration: str | None,
        uplink: Uplink,
        limits: ConnectionLimits,
        connection_id: str | None = None,
    ) -> None:
        self.websocket = websocket
        self.ref = ref
        self.epoch = epoch
        self.registration = registration
        self.connection_id = connection_id or uuid4().hex
        self.opened_at = datetime.now(UTC)
        self._uplink = uplink
        self._limits = limits
        self._line: deque[tuple[Call, str, int]] = deque()
        self._room = asyncio.Event()
        self._room.set()
        self._sequence = 0
        self._in_flight: tuple[int, str, str] | None = None
        self._answered: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._bad_frames = 0
        self._outgoing = OutgoingCalls()
        self._to_write: deque[str] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._answer_timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self.log = log.bind(
            tenant_id=ref.tenant_id, charge_point_id=ref.charge_point_id, connection_id=self.connection_id
        )

    @property
    def is_busy(self) -> bool:
        """A call is being worked on or waits to be."""
        return self._in_flight is not None or bool(self._line)

    def remember_answers_of(self, older: "ChargePointConnection") -> None:
        """A retry on a new socket gets the answer that was given on the old one (A32)."""
        self._answered = older._answered.copy()

    async def run(self) -> None:
        """Read until the socket closes."""
        try:
            async for message in self.websocket:
                self._receive(message if isinstance(message, str) else message.decode("utf-8", "replace"))
                if not self._room.is_set():
                    await self._room.wait()
        except ConnectionClosed as closed:
            self.log.info("connection_broken", reason=str(closed))

    # --- what the charge point sends -------------------------------------------------------------

    def _receive(self, text: str) -> None:
        frame = parse(text)
        if isinstance(frame, Call):
            self._receive_call(frame, text)
        elif isinstance(frame, CallResult | CallError):
            self._receive_answer(frame.unique_id, text)
        elif isinstance(frame, Malformed):
            self._receive_malformed(frame)
        else:
            self.log.info("frame_ignored", reason=f"message type {frame.number!r}"[:80])

    def _receive_malformed(self, frame: Malformed) -> None:
        self._bad_frames += 1
        self.log.warning("frame_malformed", reason=frame.reason, unique_id=frame.unique_id)
        if frame.unique_id is not None:
            self.send(encode_error(frame.unique_id[:36], ErrorCode.FORMATION_VIOLATION, frame.reason))
        if self._bad_frames >= _MAX_BAD_FRAMES:
            self.close(1002, "too many malformed frames")

    def _receive_call(self, frame: Call, text: str) -> None:
        self._bad_frames = 0
        if frame.action == _BOOT:
            self._answered.clear()
        known = self._answered.get(frame.unique_id)
        if known is not None and known[0] == text and frame.action not in _ALWAYS_NEW:
            self.log.info("call_repeated", unique_id=frame.unique_id, action=frame.action)
            self.send(known[1])
            return
        if self._in_flight is not None and self._in_flight[1] == text:
            return  # the same call again while it is worked on: answered once (A32)
        if any(waiting == text for _, waiting, _ in self._line):
            return
        self._line.append((frame, text, to_epoch_ms(datetime.now(UTC))))
        if len(self._line) >= self._limits.max_waiting_calls:
            self._room.clear()  # stop reading: the sender is slowed down, nothing is dropped
        self._submit_next()

    def _submit_next(self) -> None:
        if self._in_flight is not None or not self._line:
            return
        frame, text, received_ms = self._line.popleft()
        self._room.set()
        self._sequence += 1
        self._in_flight = (self._sequence, text, frame.unique_id)
        call = InboundCall(
            self.ref.charge_point_id,
            self.connection_id,
            self.epoch,
            self._sequence,
            self.registration,
            received_ms,
            text,
        )
        self._uplink.submit(self, call)

    def answer(self, sequence: int, text: str, registration: str | None) -> None:
        """The answer to the call of this sequence. One that is not awaited (any more) changes nothing."""
        if self._in_flight is None or self._in_flight[0] != sequence:
            return
        _, asked, unique_id = self._in_flight
        self._in_flight = None
        if text.startswith(_RESULT):  # a call that failed is worth another try under the same id (A27)
            self._answered[unique_id] = (asked, text)
            if len(self._answered) > _REMEMBERED_ANSWERS:
                self._answered.popitem(last=False)
        if registration is not None:
            self.registration = registration
        self.send(text)
        self._submit_next()
        if registration is not None:
            self._send_next_command()

    def fail(self, sequence: int) -> None:
        """The call of this sequence gets no answer from anybody: say so, and go on with the next."""
        if self._in_flight is not None:
            unique_id = self._in_flight[2]
            self.answer(sequence, encode_error(unique_id, ErrorCode.INTERNAL_ERROR, "try again later"), None)

    # --- what is sent to the charge point --------------------------------------------------------

    def deliver(self, delivery: CommandDelivery) -> None:
        """Put a command in line."""
        if not self._outgoing.offer(delivery):
            self.log.warning("command_line_full", command_id=delivery.command_id)
            return
        self._send_next_command()

    def _send_next_command(self) -> None:
        for expired in self._outgoing.take_expired(datetime.now(UTC)):
            self._report(expired, ReportKind.EXPIRED)
        if self.registration not in _READY:  # nothing goes out before the first boot was answered (G8)
            return
        call = self._outgoing.next_call()
        if call is None:
            return
        self.send(call.text)
        self._report(call.delivery, ReportKind.SENT)
        self._answer_timer = self._loop.call_later(call.delivery.timeout_s, self._give_up, call)

    def _give_up(self, call: SentCall) -> None:
        if self._outgoing.time_out(call):
            self.log.warning("command_unanswered", command_id=call.delivery.command_id)
            self._report(call.delivery, ReportKind.UNANSWERED, call.text)
            self._send_next_command()

    def _receive_answer(self, unique_id: str, text: str) -> None:
        call = self._outgoing.take_answered(unique_id)
        if call is None:
            self.log.info("answer_to_nothing", unique_id=unique_id)
            return
        if self._answer_timer is not None and self._outgoing.open is None:
            self._answer_timer.cancel()
        self._report(call.delivery, ReportKind.ANSWERED, call.text, text)
        self._send_next_command()

    def _report(
        self,
        delivery: CommandDelivery,
        kind: ReportKind,
        request: str | None = None,
        answer: str | None = None,
    ) -> None:
        now = to_epoch_ms(datetime.now(UTC))
        self._uplink.report(
            self.ref.tenant_id,
            CommandReport(
                self.ref.charge_point_id, delivery.command_id, kind, now, delivery.action, request, answer
            ),
        )

    # --- the socket ------------------------------------------------------------------------------

    def send(self, text: str) -> None:
        """Write soon. A reader that stays away for too long loses its connection, and nobody waits for it."""
        if len(self._to_write) >= _MAX_UNSENT:
            self._drop_slow_reader()
            return
        self._to_write.append(text)
        if self._writer is None:
            self._writer = self._loop.create_task(self._write())

    async def _write(self) -> None:
        try:
            async with asyncio.timeout(self._limits.send_timeout_s):
                while self._to_write:
                    await self.websocket.send(self._to_write.popleft())
        except TimeoutError:
            self._drop_slow_reader()
        except ConnectionClosed:
            self._to_write.clear()  # the charge point sends its call again on its next connection
        finally:
            self._writer = None

    def _drop_slow_reader(self) -> None:
        self.log.warning("slow_reader_dropped", unsent=len(self._to_write))
        self._to_write.clear()
        self.websocket.transport.abort()

    def close(self, code: int, reason: str) -> None:
        """Start closing; `run` returns when it is done."""
        self.log.info("connection_closing", code=code, reason=reason)
        task = self._loop.create_task(self.websocket.close(code, reason))
        _keep(task)

    def ended(self) -> None:
        """The socket is gone: an open command's outcome stays unknown, waiting ones take the next."""
        if self._answer_timer is not None:
            self._answer_timer.cancel()
        if self._outgoing.open is not None:
            lost = self._outgoing.open
            self._report(lost.delivery, ReportKind.CONNECTION_LOST)


_TASKS: set[asyncio.Task[None]] = set()


def _keep(task: asyncio.Task[None]) -> None:
    """The loop holds tasks weakly; a closing must not be collected half-way."""
    _TASKS.add(task)
    task.add_done_callback(_TASKS.discard)
