"""A charge point that does not give up: it comes back, and repeats a call until it is answered (A27, A32)."""

import asyncio
import random
import uuid
from collections import Counter
from typing import Any

from ocpp.exceptions import OCPPError
from ocpp.v16 import call
from websockets.exceptions import InvalidHandshake, InvalidStatus

from bench.charge_point import SimulatedChargePoint
from bench.station_calls import wire_time

Session = tuple[int, int, int]
"""Transaction id, register at the start and at the stop, as the charge point believes."""


class PersistentChargePoint:
    """Use it as an async context manager. `ledger` is what it believes, `refusals` how it was put off."""

    def __init__(self, ws_url: str, identity: str, id_tag: str) -> None:
        self.identity = identity
        self.ledger: list[Session] = []
        self.refusals: Counter[int] = Counter()
        self.reconnects = 0
        self._id_tag = id_tag
        self._line = SimulatedChargePoint(ws_url, identity, response_timeout_s=20)

    @property
    def commands(self) -> list[str]:
        """The actions that the central system asked for."""
        return [action for action, _ in self._line.commands]

    async def __aenter__(self) -> "PersistentChargePoint":
        await self._connect()
        await self._ask(call.BootNotification("Vendor", "Model"))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._line.disconnect()

    async def charge(self, stop: asyncio.Event, register_step: int = 7) -> None:
        """Session after session until `stop`; the one that runs then is ended."""
        register = 0
        while not stop.is_set():
            start, begun = register, wire_time()
            started = await self._ask(
                call.StartTransaction(connector_id=1, id_tag=self._id_tag, meter_start=start, timestamp=begun)
            )
            for _ in range(3):
                register += register_step
                await self._ask(_meter_values(started.transaction_id, register))
                await asyncio.sleep(random.uniform(0.0, 0.1))
            await self._ask(
                call.StopTransaction(
                    meter_stop=register, timestamp=wire_time(), transaction_id=started.transaction_id
                )
            )
            self.ledger.append((started.transaction_id, start, register))

    async def _ask(self, request: Any) -> Any:
        """The answer, at last: the same call, under the same id, as often as it takes."""
        unique_id = str(uuid.uuid4())
        while True:
            try:
                return await self._line.call(request, unique_id)
            except OCPPError:
                await asyncio.sleep(0.2)
            except (ConnectionError, TimeoutError):
                await self._line.disconnect()
                await self._connect()

    async def _connect(self) -> None:
        while True:
            try:
                await self._line.connect()
            except InvalidStatus as refused:
                self.refusals[refused.response.status_code] += 1
                await asyncio.sleep(min(1.0, float(refused.response.headers.get("Retry-After", 1))))
            except (OSError, InvalidHandshake, TimeoutError):
                await asyncio.sleep(random.uniform(0.1, 0.4))
            else:
                self.reconnects += 1
                return


def _meter_values(transaction_id: int, register: int) -> Any:
    sample = {"value": str(register), "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
    reading = {"timestamp": wire_time(), "sampled_value": [sample]}
    return call.MeterValues(connector_id=1, transaction_id=transaction_id, meter_value=[reading])
