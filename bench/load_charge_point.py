"""One charge point of the load generator: one call on the wire at a time, the rest in line, and a ledger."""

import asyncio
import logging
from collections import deque
from time import perf_counter
from typing import Any, NamedTuple

import orjson
from websockets.exceptions import InvalidHandshake
from websockets.uri import parse_uri

from bench import frames
from bench.connection import LoadConnection
from bench.latency import Recorder
from bench.ledger import Ledger

LOGGER = logging.getLogger("bench.load")

UNMEASURED = -1.0
SAMPLE_WH = 15
POWER_W = 11_000
RECONNECT_AFTER_S = 1.0
PREPARING_ATTEMPTS = 5
STATES = ("Charging", "SuspendedEV")


def identity(number: int) -> str:
    """Of the charge point of this number, from 1 on."""
    return f"LOAD-{number:05d}"


class Outstanding(NamedTuple):
    """The call on the wire."""

    unique_id: str
    action: str
    scheduled_at: float
    sent_at: float
    text: bytes


class LoadChargePoint:
    """`offer` calls at any time; unique ids count 1, 2, 3, ... so that each one can be found again later."""

    def __init__(self, ws_url: str, identity: str, recorder: Recorder, meter_wh: int) -> None:
        self.identity = identity
        self.url = ws_url
        self.sent = self.answered = self.errors = self.disconnects = self.meter_values = 0
        self.prepared: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._uri = parse_uri(f"{ws_url}/{identity}")
        self._recorder = recorder
        self._register_wh = meter_wh
        self._connection: LoadConnection | None = None
        self._ledger = Ledger()
        self._outstanding: Outstanding | None = None
        self._waiting: deque[tuple[str, float]] = deque()
        self._given_up: list[int] = []
        self._preparing_attempts = 0
        self._leaving = False
        self._reconnecting: asyncio.Task[None] | None = None

    async def prepare(self) -> None:
        """Connect, boot, report the connector and start a session, all outside the measurement.

        A connection that is refused is tried again, as any charge point would: the gateway may not know
        the new tenant yet.
        """
        await self._connect_until_it_works()
        for action in (frames.BOOT, frames.STATUS, frames.START):
            self.offer(action, UNMEASURED)
        await self.prepared

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        connection = LoadConnection(self._uri, self._on_message, self._on_lost)
        await loop.create_connection(lambda: connection, self._uri.host, self._uri.port)
        await connection.opened
        self._connection = connection

    async def _connect_until_it_works(self) -> None:
        told = False
        while not self._leaving:
            try:
                await self._connect()
                return
            except (OSError, InvalidHandshake) as error:
                if not told:
                    LOGGER.warning("%s cannot connect: %s", self.identity, error)
                told = True
                await asyncio.sleep(RECONNECT_AFTER_S)

    @property
    def pending(self) -> int:
        """Calls that are on the wire or in line."""
        return len(self._waiting) + (self._outstanding is not None)

    def offer(self, action: str, scheduled_at: float) -> None:
        """Send the call now, or as soon as those before it are answered."""
        if self._outstanding is None and self._connection is not None and self._connection.is_open:
            self._send(action, scheduled_at)
        else:
            self._waiting.append((action, scheduled_at))

    def expire(self, sent_before: float) -> None:
        """Give up a call that was put on the wire before that moment and go on with the next one."""
        call = self._outstanding
        if call is not None and call.sent_at < sent_before:
            self._given_up.append(int(call.unique_id))
            self._outstanding = None
            self._note_failure(call.action)
            self._send_next()

    def leave(self) -> None:
        """Close the connection for good."""
        self._leaving = True
        if self._connection is not None:
            self._connection.close()

    def ledger(self) -> dict[str, Any]:
        """What the central system must know of this charge point afterwards."""
        call = self._outstanding
        ledger = self._ledger.as_dict(call is not None and call.action == frames.START)
        unanswered = self._given_up + ([int(call.unique_id)] if call else [])
        return {
            "charge_point_id": self.identity,
            "url": self.url,
            "calls": self.sent,
            "unanswered": unanswered,
            **ledger,
        }

    def _send(self, action: str, scheduled_at: float) -> None:
        assert self._connection is not None
        action, text = self._compose(action, self.sent + 1)
        self.sent += 1
        self._outstanding = Outstanding(str(self.sent), action, scheduled_at, perf_counter(), text)
        self._recorder.note_sent(scheduled_at)
        self._connection.send(text)

    def _send_next(self) -> None:
        if self._waiting and self._connection is not None and self._connection.is_open:
            self._send(*self._waiting.popleft())

    def _compose(self, action: str, unique_id: int) -> tuple[str, bytes]:
        """The frame; a start or stop that makes no sense any more (its counterpart failed) is a Heartbeat."""
        session = self._ledger.running
        if action == frames.METER_VALUES:
            self._register_wh += SAMPLE_WH
            text = frames.meter_values(unique_id, self._ledger.transaction_id, self._register_wh, POWER_W)
        elif action == frames.STATUS:
            text = frames.status(unique_id, STATES[unique_id % 2])
        elif action == frames.START and session is None:
            text = frames.start(unique_id, self.identity, self._register_wh)
        elif action == frames.STOP and session is not None:
            session.meter_stop_wh = self._register_wh
            text = frames.stop(unique_id, session.transaction_id, self._register_wh)
        elif action == frames.BOOT:
            text = frames.boot(unique_id)
        else:
            action, text = frames.HEARTBEAT, frames.heartbeat(unique_id)
        return action, text.encode()

    def _on_message(self, message: bytes) -> None:
        now = perf_counter()
        frame = orjson.loads(message)
        call = self._outstanding
        if frame[0] == 2:
            self._accept(frame[1])
        elif call is not None and frame[1] == call.unique_id:
            self._outstanding = None
            ok = frame[0] == 3
            self.answered += 1
            self.errors += not ok
            self._recorder.note_answer(call.action, call.scheduled_at, call.sent_at, now, ok)
            self._settle(call.action, frame, ok, now)
            self._send_next()

    def _accept(self, unique_id: str) -> None:
        """Commands are answered at once, so that what is measured is the central system."""
        if self._connection is not None:
            self._connection.send(f'[3,"{unique_id}",{{"status":"Accepted"}}]'.encode())

    def _settle(self, action: str, frame: list[Any], ok: bool, now: float) -> None:
        """Write what is settled now into the ledger."""
        if action == frames.START and ok:
            self._ledger.started(frame[2]["transactionId"], self._register_wh, now)
        elif action == frames.STOP and ok:
            self._ledger.stopped(now)
        elif action == frames.METER_VALUES and ok:
            self.meter_values += 1
            self._ledger.sampled()
        elif not ok:
            LOGGER.warning("%s: %s was answered %s", self.identity, action, frame)
            self._note_failure(action)
        if not self.prepared.done():
            self._settle_preparation(action, frame, ok)

    def _note_failure(self, action: str) -> None:
        """No good answer: the central system may have a start or stop, or not; the ledger says "unknown"."""
        if action == frames.START:
            self._ledger.start_unconfirmed()
        elif action == frames.STOP:
            self._ledger.stop_unconfirmed()

    def _settle_preparation(self, action: str, frame: list[Any], ok: bool) -> None:
        """A boot or start without a good answer is sent again after a while, as charge points do."""
        if not ok or (action == frames.BOOT and frame[2]["status"] != "Accepted"):
            self._preparing_attempts += 1
            if self._preparing_attempts > PREPARING_ATTEMPTS:
                reason = f"{self.identity}: {action} was answered {frame}"
                self.prepared.set_exception(ConnectionError(reason))
            else:
                loop = asyncio.get_running_loop()
                loop.call_later(RECONNECT_AFTER_S, self.offer, action, UNMEASURED)
        elif action == frames.START:
            self.prepared.set_result(None)

    def _on_lost(self) -> None:
        if self._leaving:
            return
        self.disconnects += 1
        self._connection = None
        self._reconnecting = asyncio.ensure_future(self._come_back())

    async def _come_back(self) -> None:
        """Reconnect until it works, then send the unanswered call again under its own id."""
        await asyncio.sleep(RECONNECT_AFTER_S)
        await self._connect_until_it_works()
        if self._outstanding is not None and self._connection is not None:
            self._connection.send(self._outstanding.text)
        else:
            self._send_next()
