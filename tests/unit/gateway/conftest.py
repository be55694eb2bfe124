"""What a gateway's connections speak with: a socket without a network, and an uplink that only notes."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from websockets.exceptions import ConnectionClosedOK
from websockets.protocol import State

from app.domain.charge_point import ChargePoint, ChargePointSettings, Connection, Registration
from app.domain.context import ChargePointRef
from app.ocpp.envelope import CommandReport, InboundCall, StrayFrame
from app.ocpp.quirks import Quirk
from app.services.ports import CommandDelivery
from app.services.tenants import TenantDirectory
from gateway.connection import ChargePointConnection
from gateway.limits import ConnectionLimits
from gateway.pace import Paces
from gateway.websocket import WebSocket
from tests.builders import REF
from tests.fakes.tenants import FakeTenantRepository

IN_TIME_S = 5.0
AS_USUAL = ChargePointSettings()


class FakeWebSocket:
    """The charge point's end: `says` is read by the connection, `heard` is what it sent."""

    def __init__(self) -> None:
        self._incoming: list[str] = []
        self._listener: Callable[[str], None]
        self._is_paused = True
        self._hung_up = asyncio.Event()
        self._outgoing: asyncio.Queue[str] = asyncio.Queue()
        self.closed_with: tuple[int, str] | None = None
        self.ended = asyncio.Event()
        self.may_write = asyncio.Event()
        self.may_write.set()
        self.aborted = asyncio.Event()
        self.read = 0
        self.is_settled = False

    @property
    def transport(self) -> "FakeWebSocket":
        return self

    @property
    def state(self) -> State:
        return State.CLOSED if self.ended.is_set() else State.OPEN

    def get_write_buffer_size(self) -> int:
        """Something is left when the charge point does not read."""
        return 0 if self.may_write.is_set() else 1

    def send_now(self, text: str) -> None:
        if not self.ended.is_set():
            self._outgoing.put_nowait(text)

    def abort(self) -> None:
        self.aborted.set()
        self.ended.set()

    def says(self, *messages: str | bytes | list[Any]) -> None:
        for message in messages:
            text = message.decode() if isinstance(message, bytes) else message
            self._incoming.append(text if isinstance(text, str) else json.dumps(text))
        self._tell()

    def hangs_up(self) -> None:
        self._hung_up.set()

    async def listen(self, listener: Callable[[str], None]) -> None:
        self._listener = listener
        self.resume()
        await self._hung_up.wait()

    def pause(self) -> None:
        self._is_paused = True

    def resume(self) -> None:
        self._is_paused = False
        self._tell()

    def rest(self, seconds: float) -> None:
        if seconds > 0.0:
            self.pause()
            asyncio.get_running_loop().call_later(seconds, self.resume)

    def forget_handshake(self) -> None:
        """There was none."""

    def settle(self) -> None:
        self.is_settled = True

    def stop(self) -> None:
        self._incoming.clear()
        self.hangs_up()

    def _tell(self) -> None:
        while self._incoming and not self._is_paused:
            self.read += 1
            self._listener(self._incoming.pop(0))

    async def heard(self) -> list[Any]:
        """The next frame that was sent to the charge point."""
        async with asyncio.timeout(IN_TIME_S):
            frame: list[Any] = json.loads(await self._outgoing.get())
        return frame

    @property
    def silent(self) -> bool:
        """Nothing more was sent."""
        return self._outgoing.empty()

    async def send(self, text: str) -> None:
        await self.may_write.wait()
        if self.ended.is_set():
            raise ConnectionClosedOK(None, None)
        self._outgoing.put_nowait(text)

    async def close(self, code: int, reason: str) -> None:
        self.closed_with = (code, reason)
        self.ended.set()
        self.hangs_up()


class FakeUplink:
    """Notes calls and reports; a test answers them."""

    def __init__(self) -> None:
        self._calls: asyncio.Queue[InboundCall] = asyncio.Queue()
        self._reports: asyncio.Queue[CommandReport] = asyncio.Queue()
        self.strays: list[StrayFrame] = []

    def submit(self, connection: ChargePointConnection, call: InboundCall) -> None:
        self._calls.put_nowait(call)

    def report(self, tenant_id: str, report: CommandReport) -> None:
        self._reports.put_nowait(report)

    def stray(self, tenant_id: str, frame: StrayFrame) -> None:
        self.strays.append(frame)

    async def call(self) -> InboundCall:
        async with asyncio.timeout(IN_TIME_S):
            return await self._calls.get()

    async def reported(self) -> CommandReport:
        async with asyncio.timeout(IN_TIME_S):
            return await self._reports.get()

    @property
    def idle(self) -> bool:
        """No call waits to be answered."""
        return self._calls.empty()

    @property
    def nothing_reported(self) -> bool:
        return self._reports.empty()


class Line:
    """A connection with both its ends in a test's hands. To be made inside the event loop.

    Commands go out at once unless a test wants to see them held back (G8).
    """

    def __init__(
        self,
        registration: str | None = "Accepted",
        ref: ChargePointRef = REF,
        epoch: int = 1,
        max_waiting_calls: int = 32,
        send_timeout_s: float = IN_TIME_S,
        first_command_delay_s: float = 0.0,
        silent_wait_s: float = 0.0,
        settings: ChargePointSettings = AS_USUAL,
        deviations: tuple[Quirk, ...] = (),
        paces: Paces | None = None,
    ) -> None:
        self.websocket = FakeWebSocket()
        self.uplink = FakeUplink()
        self.wanted_commands: list[ChargePointConnection] = []
        self.connection = ChargePointConnection(
            cast(WebSocket, self.websocket),
            ChargePoint(
                ref.tenant_id,
                ref.charge_point_id,
                Registration(registration) if registration else None,
                connection=Connection("gw-1", "c-1", epoch, datetime.now(UTC)),
                settings=settings,
            ),
            self.uplink,
            ConnectionLimits(max_waiting_calls, send_timeout_s, first_command_delay_s, silent_wait_s),
            paces or Paces(TenantDirectory(FakeTenantRepository())),
            deviations=deviations,
            wants_commands=self.wanted_commands.append,
        )
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Line":
        self._running = asyncio.get_running_loop().create_task(self.connection.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.websocket.hangs_up()
        if self._running is not None:
            async with asyncio.timeout(IN_TIME_S):
                await self._running

    async def answer(self, call: InboundCall, payload: dict[str, Any] | None = None) -> list[Any]:
        """Answer a call as its handler would; the frame that the charge point gets."""
        unique_id = json.loads(call.text)[1]
        self.connection.answer(
            call.sequence, json.dumps([3, unique_id, payload or {}], separators=(",", ":")), None
        )
        return await self.websocket.heard()

    async def settle(self) -> None:
        """Let everything happen that can happen by itself."""
        for _ in range(20):
            await asyncio.sleep(0)


def a_delivery(command_id: str = "cmd-1", **fields: Any) -> CommandDelivery:
    known: dict[str, Any] = {
        "charge_point": REF,
        "epoch": 1,
        "action": "Reset",
        "payload": {"type": "Soft"},
        "expires_at": datetime.now(UTC) + timedelta(seconds=60),
        "timeout_s": 30.0,
    }
    return CommandDelivery(command_id=command_id, **(known | fields))
