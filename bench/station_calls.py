"""The calls a simulated charge point can send, one method per OCPP action, and its transactions."""

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ocpp.v16 import call

Moment = datetime | str | None


def wire_time(moment: Moment = None) -> str:
    """ISO 8601 in UTC with milliseconds; text passes unchanged, None means now."""
    if isinstance(moment, str):
        return moment
    utc = (moment or datetime.now(UTC)).astimezone(UTC)
    return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Transaction:
    """A transaction that runs on this charge point. `register_wh` is the connector's register, last told."""

    transaction_id: int
    connector: int
    tag: str
    meter_start_wh: int
    register_wh: int
    driven: bool = False  # a session of its own sends the meter values and the stop
    stop_reason: str | None = None
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class StationCalls(ABC):
    """Each method named after an OCPP action sends one call and gives the response object."""

    def __init__(self, connectors: int) -> None:
        self.connectors: dict[int, str] = dict.fromkeys(range(1, connectors + 1), "Available")
        self.transactions: dict[int, Transaction] = {}

    @abstractmethod
    async def call(self, request: Any, unique_id: str | None = None) -> Any:
        """Send any `ocpp.v16.call` object and wait for its response."""

    async def boot(self, vendor: str = "Bench", model: str = "Simulated-22kW", **optional: Any) -> Any:
        """BootNotification; `optional` takes its other fields in snake_case."""
        request = call.BootNotification(charge_point_vendor=vendor, charge_point_model=model, **optional)
        return await self.call(request)

    async def heartbeat(self) -> Any:
        """Heartbeat."""
        return await self.call(call.Heartbeat())

    async def status(
        self,
        connector: int,
        status: str,
        *,
        error_code: str = "NoError",
        timestamp: Moment = None,
        **more: Any,
    ) -> Any:
        """StatusNotification; connector 0 is the whole charge point."""
        if connector in self.connectors:
            self.connectors[connector] = status
        return await self.call(
            call.StatusNotification(
                connector_id=connector,
                error_code=error_code,
                status=status,
                timestamp=wire_time(timestamp),
                **more,
            )
        )

    async def authorize(self, tag: str) -> Any:
        """Authorize."""
        return await self.call(call.Authorize(id_tag=tag))

    async def data_transfer(
        self, vendor_id: str, message_id: str | None = None, data: str | None = None
    ) -> Any:
        """DataTransfer."""
        return await self.call(call.DataTransfer(vendor_id=vendor_id, message_id=message_id, data=data))

    async def start(
        self,
        connector: int,
        tag: str,
        meter_start: int,
        timestamp: Moment = None,
        unique_id: str | None = None,
    ) -> Any:
        """StartTransaction; remembers the transaction, so that the central system can stop it."""
        request = call.StartTransaction(
            connector_id=connector, id_tag=tag, meter_start=meter_start, timestamp=wire_time(timestamp)
        )
        result = await self.call(request, unique_id)
        self.transactions[result.transaction_id] = Transaction(
            result.transaction_id, connector, tag, meter_start, meter_start
        )
        return result

    async def meter_values(
        self,
        connector: int,
        transaction_id: int | None,
        energy_wh: int,
        *,
        power_w: int | None = None,
        timestamp: Moment = None,
        context: str = "Sample.Periodic",
    ) -> Any:
        """MeterValues with the energy register and, if `power_w` is given, power and current (230 V)."""
        values = [("Energy.Active.Import.Register", "Wh", str(energy_wh))]
        if power_w is not None:
            values.append(("Power.Active.Import", "W", str(power_w)))
            values.append(("Current.Import", "A", f"{power_w / 230:.1f}"))
        sampled = [
            {"value": value, "context": context, "measurand": measurand, "unit": unit}
            for measurand, unit, value in values
        ]
        if transaction_id in self.transactions:
            self.transactions[transaction_id].register_wh = energy_wh
        return await self.call(
            call.MeterValues(
                connector_id=connector,
                transaction_id=transaction_id,
                meter_value=[{"timestamp": wire_time(timestamp), "sampled_value": sampled}],
            )
        )

    async def stop(
        self,
        transaction_id: int,
        meter_stop: int,
        reason: str | None = None,
        *,
        timestamp: Moment = None,
        tag: str | None = None,
        unique_id: str | None = None,
    ) -> Any:
        """StopTransaction; `reason` None leaves the field out (the specification then reads Local)."""
        request = call.StopTransaction(
            transaction_id=transaction_id,
            meter_stop=meter_stop,
            timestamp=wire_time(timestamp),
            reason=reason,
            id_tag=tag,
        )
        result = await self.call(request, unique_id)
        self.transactions.pop(transaction_id, None)
        return result
