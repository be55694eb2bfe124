"""A charge point that believes only what it was answered, and keeps a ledger of it."""

import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from bench import frames

STEP_WH = 25
_ANSWER_WITHIN_S = 12.0
_CONNECT_WITHIN_S = 8.0
_RESULT, _CALL = 3, 2


@dataclass
class Ran:
    """A session that the charge point was told to exist. Times by `time.monotonic()`."""

    transaction_id: int
    started_at: float
    meter_start_wh: int
    samples: int = 0
    meter_stop_wh: int = -1
    stopped_at: float | None = None


@dataclass
class Ledger:
    """What one charge point has been answered."""

    sessions: list[Ran] = field(default_factory=list)
    answers: list[tuple[str, float, float]] = field(default_factory=list)  # action, first sent, answered
    errors: int = 0
    reconnects: int = -1

    def finished(self) -> list[Ran]:
        """Sessions whose stop was answered."""
        return [session for session in self.sessions if session.stopped_at is not None]


class FaithfulChargePoint:
    """Runs session after session. What belongs to one is sent again until it is answered well (A27, B26)."""

    def __init__(self, ws_url: str, identity: str, id_tag: str, seed: int, pace_s: float) -> None:
        self.identity = identity
        self.ledger = Ledger()
        self._url = f"{ws_url}/{identity}"
        self._id_tag = id_tag
        self._chance = random.Random(f"{seed}-{identity}")
        self._pace_s = pace_s
        self._connection: ClientConnection | None = None
        self._unique_id = 0
        self._register_wh = self._chance.randrange(1_000_000)

    async def run(self, leave: asyncio.Event) -> None:
        """Until `leave` is set and the session that runs then has been stopped."""
        await self._deliver(frames.BOOT, frames.boot)
        while not leave.is_set():
            await self._session()
        if self._connection is not None:
            await self._connection.close()

    async def _session(self) -> None:
        meter_start, asked_at = self._register_wh, time.monotonic()
        start = await self._deliver(frames.START, lambda n: frames.start(n, self._id_tag, meter_start))
        session = Ran(start["transactionId"], asked_at, meter_start)
        self.ledger.sessions.append(session)
        for _ in range(self._chance.randint(1, 4)):
            await self._rest()
            self._register_wh += STEP_WH
            await self._deliver(
                frames.METER_VALUES,
                lambda n: frames.meter_values(n, session.transaction_id, self._register_wh, 11_000),
            )
            session.samples += 1
            if self._chance.random() < 0.2:
                await self._deliver(frames.HEARTBEAT, frames.heartbeat)
        await self._rest()
        session.meter_stop_wh = self._register_wh
        await self._deliver(
            frames.STOP, lambda n: frames.stop(n, session.transaction_id, session.meter_stop_wh)
        )
        session.stopped_at = time.monotonic()

    async def _rest(self) -> None:
        await asyncio.sleep(self._chance.uniform(0.5, 1.5) * self._pace_s)

    async def _deliver(self, action: str, compose: Any) -> Any:
        """Send it until it is answered with a CallResult; at times under a new unique id."""
        first_sent = time.monotonic()
        call = json.loads(compose(self._next_id()))  # its content, with its times, stays the same
        while True:
            answer = await self._ask(call)
            if answer is not None and answer[0] == _RESULT:
                self.ledger.answers.append((action, first_sent, time.monotonic()))
                return answer[2]
            self.ledger.errors += answer is not None
            await asyncio.sleep(self._chance.uniform(0.2, 0.8))
            if self._chance.random() < 0.5:
                call[1] = str(self._next_id())

    def _next_id(self) -> int:
        self._unique_id += 1
        return self._unique_id

    async def _ask(self, call: list[Any]) -> list[Any] | None:
        """The answer; None if none came. Then the connection is given up."""
        try:
            if self._connection is None:
                self._connection = await self._connect()
            await self._connection.send(json.dumps(call))
            async with asyncio.timeout(_ANSWER_WITHIN_S):
                return await self._answer_to(self._connection, call[1])
        except (OSError, TimeoutError, WebSocketException):
            if self._connection is not None:
                self._connection.transport.abort()
            self._connection = None
            return None

    async def _connect(self) -> ClientConnection:
        self.ledger.reconnects += 1
        async with asyncio.timeout(_CONNECT_WITHIN_S):
            return await connect(
                self._url,
                subprotocols=[Subprotocol("ocpp1.6")],
                compression=None,
                proxy=None,
                ping_interval=None,
                process_exception=lambda error: error,
            )

    async def _answer_to(self, connection: ClientConnection, unique_id: str) -> list[Any]:
        while True:
            frame: list[Any] = json.loads(await connection.recv())
            if frame[0] == _CALL:
                await connection.send(json.dumps([4, frame[1], "NotSupported", "", {}]))
            elif frame[1] == unique_id:
                return frame
