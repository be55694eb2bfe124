"""A scriptable simulated charge point, OCPP 1.6-J, client side built on the `ocpp` package.

    async with SimulatedChargePoint("ws://127.0.0.1:9000/ocpp", "DEMO-0001") as charge_point:
        await charge_point.boot()
        started = await charge_point.start(1, "DEMO-TAG-1", meter_start=1000)
        await charge_point.stop(started.transaction_id, meter_stop=2500)

Every call gives the response as the package's `call_result` object. Errors: an `ocpp.exceptions.OCPPError`
for a CALLERROR, TimeoutError without an answer, ConnectionError when the connection ends meanwhile.
It answers the central system's commands by itself (see `bench.station`); what came is in `commands`.
"""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from bench.charging import ChargingBehaviour
from bench.station import Station
from bench.station_configuration import StationConfiguration
from bench.station_lists import StationList
from bench.station_reservations import StationReservationBook
from bench.station_security import StationTrust
from bench.station_smart_charging import StationProfiles

PUT_OFF = (429, 503)


class SimulatedChargePoint(ChargingBehaviour):
    """One charge point; its calls are in `StationCalls`, its habits in `ChargingBehaviour`."""

    def __init__(
        self,
        ws_url: str,
        identity: str,
        *,
        connectors: int = 2,
        response_timeout_s: float = 30.0,
        sample_interval_s: float = 1.0,
        subprotocols: tuple[str, ...] = ("ocpp1.6",),
        headers: dict[str, str] | None = None,
        comes_again: bool = False,
    ) -> None:
        super().__init__(connectors, sample_interval_s)
        self.url = f"{ws_url.rstrip('/')}/{quote(identity, safe='')}"
        self.identity = identity
        self.configuration = StationConfiguration(connectors)
        self.local_list = StationList()
        self.trust = StationTrust()
        self.reservations = StationReservationBook()
        self.charging_profiles = StationProfiles()
        self.commands: list[tuple[str, dict[str, Any]]] = []
        self.background_errors: list[BaseException] = []
        self.connection: ClientConnection | None = None
        self._response_timeout_s = response_timeout_s
        self._subprotocols = [Subprotocol(name) for name in subprotocols]
        self._headers = headers
        self._comes_again = comes_again
        self._station: Station | None = None
        self._reader: asyncio.Task[None] | None = None
        self._background: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in list(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self.disconnect()

    async def connect(self) -> None:
        """Open the WebSocket; raises OSError or `websockets.exceptions.InvalidHandshake`.

        One that `comes_again` waits as long as it is told when it is put off, as real ones do.
        """
        while True:
            try:
                self.connection = await self._open()
                break
            except InvalidStatus as refused:
                if not self._comes_again or refused.response.status_code not in PUT_OFF:
                    raise
                await asyncio.sleep(float(refused.response.headers.get("Retry-After", "1")))
        self._station = Station(self, self.connection, self._response_timeout_s)
        self._reader = asyncio.create_task(self._station.start())

    async def _open(self) -> ClientConnection:
        return await connect(
            self.url,
            subprotocols=self._subprotocols,
            additional_headers=self._headers,
            compression=None,
            proxy=None,
            open_timeout=self._response_timeout_s,
        )

    async def disconnect(self) -> None:
        """Close the WebSocket properly; harmless when it is closed already."""
        if self.connection is not None:
            await self.connection.close()
        await self._end_reader()

    async def drop(self) -> None:
        """Lose the connection without a closing handshake, as a charge point that lost power would."""
        if self.connection is not None:
            self.connection.transport.abort()
        await self._end_reader()

    async def _end_reader(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)

    async def call(self, request: Any, unique_id: str | None = None) -> Any:
        """Send any `ocpp.v16.call` object; at most one is on the wire, others wait their turn."""
        if self._station is None or self._reader is None:
            raise ConnectionError(f"{self.identity} is not connected")
        answer = asyncio.ensure_future(self._station.call(request, suppress=False, unique_id=unique_id))
        done, _ = await asyncio.wait({answer, self._reader}, return_when=asyncio.FIRST_COMPLETED)
        if answer not in done:
            answer.cancel()
            await asyncio.gather(answer, return_exceptions=True)
            raise ConnectionError(f"{self.identity}: the connection ended before the answer")
        try:
            return answer.result()
        except ConnectionClosed as closed:
            raise ConnectionError(f"{self.identity}: the connection has ended") from closed

    def note_command(self, action: str, parameters: dict[str, Any]) -> None:
        """Keep what the central system asked, for tests to look at."""
        self.commands.append((action, parameters))

    def run_in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` until this charge point is left; what it raises lands in `background_errors`."""
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._note_end)

    def _note_end(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.background_errors.append(error)
