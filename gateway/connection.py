"""One charge point on one WebSocket: reads frames, keeps its calls in order, writes answers and commands.

Everything here runs on the event loop. Calls of the charge point and calls to it are two lanes that never
wait for each other (A23).
"""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from uuid import uuid4

import structlog
from websockets.exceptions import ConnectionClosed

from app.domain.charge_point import ChargePoint, ChargePointSettings, Registration
from app.domain.context import ChargePointRef
from app.domain.times import to_epoch_ms
from app.ocpp.catalog import load_catalog
from app.ocpp.envelope import InboundCall, StrayFrame
from app.ocpp.errors import ErrorCode
from app.ocpp.frame import MAX_UNIQUE_ID_LENGTH, Call, CallError, CallResult, Malformed, encode_error, parse
from app.ocpp.quirks import Quirk
from app.services.ports import CommandDelivery
from gateway.answers import Answers
from gateway.command_lane import CommandLane
from gateway.limits import ConnectionLimits
from gateway.pace import Paces
from gateway.uplink import Uplink
from gateway.websocket import WebSocket
from gateway.writer import FrameWriter

log = structlog.stdlib.get_logger(__name__)
_MAX_BAD_FRAMES = 50
_MAX_STRAYS = 20
_MAX_STRAY_TEXT = 4_096
_MAX_DEVIATIONS = 50
_BOOT = "BootNotification"
# their answer is the time or nothing, and charge points that restart begin their ids anew
_ALWAYS_NEW = frozenset({_BOOT, "Heartbeat", "StatusNotification"})
_TOO_MUCH = 1008
_SERVICE_RESTART = 1012


@lru_cache(maxsize=1000)
def _shared(settings: ChargePointSettings) -> ChargePointSettings:
    """Those of thousands are equal."""
    return settings


class ChargePointConnection:
    """State of one connection. `registration` is what the charge point was last told."""

    def __init__(
        self,
        websocket: WebSocket,
        charge_point: ChargePoint,
        uplink: Uplink,
        limits: ConnectionLimits,
        paces: Paces,
        connection_id: str | None = None,
        deviations: Iterable[Quirk] = (),
        wants_commands: Callable[["ChargePointConnection"], None] = lambda _: None,
    ) -> None:
        self.websocket = websocket
        self.ref = ref = ChargePointRef(charge_point.tenant_id, charge_point.id)
        self.epoch = charge_point.connection.epoch if charge_point.connection else 0
        self.registration = charge_point.registration.value if charge_point.registration else None
        self.connection_id = connection_id or uuid4().hex
        self.opened_at, self.heard_at = datetime.now(UTC), time.monotonic()
        self._settings = _shared(charge_point.settings)
        self._uplink = uplink
        self._wants_commands = wants_commands
        self._limits = limits
        self._pace = paces.join(ref, self)
        self._line: list[tuple[Call, str, int]] = []
        self._sequence = 0
        self._in_flight: tuple[int, Call, str] | None = None
        self._answered = Answers()
        self._is_retiring = self._is_leaving = False
        self._has_answered = False
        self._bad_frames = 0
        self._strays_left = _MAX_STRAYS
        self._deviations = list(deviations)
        self._writer = FrameWriter(self, limits.send_timeout_s)
        self._commands = CommandLane(self, uplink)
        self._commands.hold(limits.silent_wait_s)

    @property
    def log(self) -> structlog.stdlib.BoundLogger:
        """Made when something is to be said, which is seldom."""
        ref = self.ref
        return log.bind(
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
        """Until the socket is closed and all it said is read."""
        try:
            await self.websocket.listen(self._receive)
        except ConnectionClosed as closed:
            self.log.info("connection_broken", reason=str(closed))

    # --- what the charge point sends -------------------------------------------------------------

    def _receive(self, text: str) -> None:
        self.heard_at = time.monotonic()
        if not text.strip():  # G23
            self.websocket.rest(self._pace.spend())
            self._deviate(Quirk.EMPTY_FRAME)
            return
        frame = parse(text)
        if isinstance(frame, Call):
            self._receive_call(frame, text)
        elif isinstance(frame, CallResult | CallError):
            if not self._commands.take_answer(frame.unique_id, text):
                self._stray(text, "an answer to no call")  # A25
        elif isinstance(frame, Malformed):
            self._receive_malformed(frame, text)
        else:
            self._stray(text, f"message type {frame.number!r}"[:80])  # A19

    def _receive_malformed(self, frame: Malformed, text: str) -> None:
        self._bad_frames += 1
        unique_id = frame.unique_id[:MAX_UNIQUE_ID_LENGTH] if frame.unique_id is not None else None
        self.log.warning("frame_malformed", reason=frame.reason, unique_id=unique_id)
        self._stray(text, frame.reason)
        if unique_id is not None:
            self.send(encode_error(unique_id, ErrorCode.FORMATION_VIOLATION, frame.reason))
        if self._bad_frames >= _MAX_BAD_FRAMES:
            self.close(1002, "too many malformed frames")

    def _stray(self, text: str, reason: str) -> None:
        """For the message log, as long as calls come in between: a flood of rubbish must not fill it."""
        self.websocket.rest(self._pace.spend())
        self._deviate(Quirk.STRAY_FRAME)
        if self._strays_left > 0:
            self._strays_left -= 1
            self.log.info("frame_ignored", reason=reason)
            now = to_epoch_ms(datetime.now(UTC))
            frame = StrayFrame(self.ref.charge_point_id, now, reason, text[:_MAX_STRAY_TEXT])
            self._uplink.stray(self.ref.tenant_id, frame)

    def _deviate(self, quirk: Quirk) -> None:
        """To be counted with the next call."""
        if len(self._deviations) < _MAX_DEVIATIONS:
            self._deviations.append(quirk)

    def _receive_call(self, frame: Call, text: str) -> None:
        self._bad_frames = 0
        self._strays_left = _MAX_STRAYS
        if frame.action == _BOOT:
            self._answered.clear()
        if self._is_repeated(frame, text):
            self.websocket.rest(self._pace.spend())
            self._deviate(Quirk.REPEATED_CALL)
            return
        if frame.null_payload:
            self._deviate(Quirk.NULL_PAYLOAD)
        self._line.append((frame, text, to_epoch_ms(datetime.now(UTC))))
        if len(self._line) >= self._limits.max_waiting_calls:
            self.websocket.pause()  # the sender is slowed down, nothing is dropped
        self._submit_next()

    def _is_repeated(self, frame: Call, text: str) -> bool:
        """The same call again, to the letter (A32): answered as before, or once when it is done."""
        known = self._answered.find(frame.unique_id, text)
        if known is not None and frame.action not in _ALWAYS_NEW:
            self.log.info("call_repeated", unique_id=frame.unique_id, action=frame.action)
            self._send_answer(known)
            return True
        is_in_flight = self._in_flight is not None and self._in_flight[2] == text
        return is_in_flight or any(waiting == text for _, waiting, _ in self._line)

    def _submit_next(self) -> None:
        if self._in_flight is not None or not self._line:
            return
        if not self._pace.may_go(crowded=len(self._line) > self._limits.max_waiting_calls // 2 > 0):
            return
        frame, text, received_ms = self._line.pop(0)
        self._sequence += 1
        self._in_flight = (self._sequence, frame, text)
        deviations, self._deviations = tuple(self._deviations), []
        call = InboundCall(
            self.ref.charge_point_id,
            self.connection_id,
            self.epoch,
            self._sequence,
            self.registration,
            received_ms,
            text,
            self._settings.strict,
            self._settings.time_zone,
            deviations,
        )
        self._uplink.submit(self, call)
        if len(self._line) < self._limits.max_waiting_calls:
            self.websocket.resume()

    def may_speak(self) -> None:
        """The pace of this charge point allows the next call."""
        self._submit_next()

    def overran(self) -> None:
        """It sends on and on without waiting for answers, above its rate: what was read is still handled."""
        self.log.warning("charge_point_floods")
        self.close(_TOO_MUCH, "too many messages: wait for the answers, and keep to the rate")
        self.websocket.stop()
        self._speak_freely()

    def _speak_freely(self) -> None:
        self._pace.end()
        self._submit_next()

    def answer(self, sequence: int, text: str, registration: str | None) -> None:
        """The answer to the call of this sequence. One that is not awaited (any more) changes nothing."""
        if self._in_flight is None or self._in_flight[0] != sequence:
            return
        _, frame, asked = self._in_flight
        self._in_flight = None
        self._answered.keep(frame.unique_id, asked, text)
        if registration is not None:
            self.registration = registration
        self._send_answer(text, is_boot=frame.action == _BOOT)
        self._submit_next()
        if self._is_retiring:
            self.retire()

    def _send_answer(self, text: str, *, is_boot: bool = False) -> None:
        """After the first one, and after each boot's, commands may follow, but not at its heels (G8)."""
        self.send(text)
        if is_boot or not self._has_answered:
            self._has_answered = True
            self.websocket.settle()
            self._commands.hold(self._limits.first_command_delay_s)

    def fail(self, sequence: int) -> None:
        """The call of this sequence gets no answer from anybody: say so, and go on with the next."""
        if self._in_flight is not None:
            unique_id = self._in_flight[1].unique_id
            self.answer(sequence, encode_error(unique_id, ErrorCode.INTERNAL_ERROR, "try again later"), None)

    # --- what is sent to the charge point --------------------------------------------------------

    def deliver(self, delivery: CommandDelivery) -> None:
        """Put a command in line."""
        self._commands.deliver(delivery)

    def has_room(self) -> None:
        """Commands that found no room in line would find some now."""
        self._wants_commands(self)

    def may_take(self, action: str) -> bool:
        """No command before a boot is answered (G8) and while rejected (A35), some while pending (A34)."""
        if self._is_booting or self.registration not in (Registration.ACCEPTED, Registration.PENDING):
            return False
        is_accepted = self.registration == Registration.ACCEPTED
        return is_accepted or load_catalog().command_kind(action).allowed_while_pending

    @property
    def _is_booting(self) -> bool:
        """A boot waits for its answer."""
        in_flight = [] if self._in_flight is None else [self._in_flight[1]]
        return any(frame.action == _BOOT for frame in (*in_flight, *(frame for frame, _, _ in self._line)))

    def send(self, text: str) -> None:
        """Write soon."""
        self._writer.send(text)

    def close(self, code: int, reason: str) -> None:
        """Start closing; `run` returns when it is done."""
        self._writer.close(code, reason)

    def retire(self) -> None:
        """Close once nothing is under way; no command goes out any more. To be called until it is gone."""
        self._is_retiring = True
        self._commands.rest()
        if not self.is_busy and not self._commands.is_open:
            self.restart()

    def restart(self) -> None:
        """Close now: the charge point is to come back, here or to another gateway."""
        if not self._is_leaving:
            self._is_leaving = True
            self.close(_SERVICE_RESTART, "the gateway restarts")

    def ended(self) -> None:
        """The socket is gone; what came before is still handled."""
        self._commands.end()
        self._speak_freely()
