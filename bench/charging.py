"""What a simulated charge point does by itself: sessions, remote starts and stops, reboots, triggers."""

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from bench.station_calls import StationCalls, Transaction

TIME_LAPSE = 60  # in a simulated session one second charges like a minute
DEFAULT_POWER_W = 11_000

Trigger = Callable[[int | None], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class FinishedSession:
    """What the charge point itself knows of a session it ran; the central system must know the same."""

    transaction_id: int
    connector: int
    tag: str
    meter_start_wh: int
    meter_stop_wh: int


class ChargingBehaviour(StationCalls):
    """Habits built from the calls; connecting and disconnecting is the subclass's."""

    def __init__(self, connectors: int, sample_interval_s: float) -> None:
        super().__init__(connectors)
        self.sample_interval_s = sample_interval_s
        self.registers_wh: dict[int, int] = dict.fromkeys(self.connectors, 0)
        self.reserved: set[int] = set()
        self.triggers: dict[str, Trigger] = {
            "BootNotification": self._trigger_boot,
            "Heartbeat": self._trigger_heartbeat,
            "MeterValues": self._trigger_meter_values,
            "StatusNotification": self._trigger_status,
        }

    @abstractmethod
    async def connect(self) -> None:
        """Open the connection."""

    @abstractmethod
    async def disconnect(self) -> None:
        """Close the connection."""

    def free_connector(self, wanted: int | None = None) -> int | None:
        """The wanted connector, or the first, that neither charges nor is about to; None if there is none."""
        busy = {transaction.connector for transaction in self.transactions.values()} | self.reserved
        candidates = self.connectors if wanted is None else [wanted]
        return next((one for one in candidates if one in self.connectors and one not in busy), None)

    async def announce(self) -> None:
        """Boot, then tell the status of the whole charge point and of each connector."""
        await self.boot()
        await self.report_statuses()

    async def report_statuses(self) -> None:
        """A StatusNotification for connector 0 and for every connector as it is."""
        await self.status(0, "Available")
        for connector, status in list(self.connectors.items()):
            await self.status(connector, status)

    async def run_session(
        self,
        connector: int,
        tag: str,
        *,
        samples: int | None = None,
        power_w: int = DEFAULT_POWER_W,
        on_progress: Callable[[int], None] = lambda sample: None,
    ) -> FinishedSession:
        """A whole session: authorize, start, `samples` meter values (None: until told to stop), stop.

        An id tag that is refused at the start ends the session at once, with reason DeAuthorized.
        """
        await self.status(connector, "Preparing")
        await self.authorize(tag)
        meter_start = self.registers_wh[connector]
        started = await self.start(connector, tag, meter_start)
        self.reserved.discard(connector)
        transaction = self.transactions[started.transaction_id]
        transaction.driven = True
        if started.id_tag_info["status"] == "Accepted":
            await self.status(connector, "Charging")
            await self._charge(transaction, samples, power_w, on_progress)
        else:
            transaction.stop_reason = "DeAuthorized"
        try:
            await self._finish(transaction)
        finally:
            transaction.ended.set()
        return FinishedSession(
            transaction.transaction_id, connector, tag, meter_start, transaction.register_wh
        )

    async def _charge(
        self, transaction: Transaction, samples: int | None, power_w: int, on_progress: Callable[[int], None]
    ) -> None:
        step_wh = max(1, round(power_w * self.sample_interval_s * TIME_LAPSE / 3600))
        sample = 0
        while (samples is None or sample < samples) and not transaction.ending.is_set():
            try:
                await asyncio.wait_for(transaction.ending.wait(), self.sample_interval_s)
            except TimeoutError:
                sample += 1
                register_wh = transaction.register_wh + step_wh
                await self.meter_values(
                    transaction.connector, transaction.transaction_id, register_wh, power_w=power_w
                )
                on_progress(sample)

    async def _finish(self, transaction: Transaction) -> None:
        self.registers_wh[transaction.connector] = transaction.register_wh
        reason = transaction.stop_reason or "Local"
        await self.stop(transaction.transaction_id, transaction.register_wh, reason)
        await self.status(transaction.connector, "Finishing")
        await self.status(transaction.connector, "Available")

    async def remote_session(self, connector: int, tag: str) -> None:
        """The session behind a RemoteStartTransaction: runs until it is stopped."""
        try:
            await self.run_session(connector, tag)
        finally:
            self.reserved.discard(connector)

    async def end_session(self, transaction_id: int, reason: str) -> None:
        """Stop a transaction: its charging loop does it if it has one, else this sends the stop."""
        transaction = self.transactions[transaction_id]
        transaction.stop_reason = reason
        if transaction.driven:
            transaction.ending.set()
            await transaction.ended.wait()
        else:
            transaction.driven = True
            await self._finish(transaction)
            transaction.ended.set()

    async def reboot(self, reason: str) -> None:
        """Stop every transaction with `reason`, reconnect and announce itself."""
        for transaction_id in list(self.transactions):
            await self.end_session(transaction_id, reason)
        await self.disconnect()
        await self.connect()
        await self.announce()

    async def _trigger_boot(self, connector: int | None) -> None:
        await self.boot()

    async def _trigger_heartbeat(self, connector: int | None) -> None:
        await self.heartbeat()

    async def _trigger_status(self, connector: int | None) -> None:
        if connector in self.connectors:
            await self.status(connector, self.connectors[connector])
        else:
            await self.report_statuses()

    async def _trigger_meter_values(self, connector: int | None) -> None:
        running = {transaction.connector: transaction for transaction in self.transactions.values()}
        for one in [connector] if connector in self.connectors else list(self.connectors):
            transaction = running.get(one)
            register_wh = transaction.register_wh if transaction else self.registers_wh[one]
            transaction_id = transaction.transaction_id if transaction else None
            await self.meter_values(one, transaction_id, register_wh, context="Trigger")
