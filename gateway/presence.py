"""Which charge points are connected here: opening, replacing and closing connections."""

import asyncio
from concurrent.futures import Executor

import structlog
from websockets.asyncio.server import ServerConnection

from app.domain.charge_point import Connection
from app.domain.context import ChargePointRef
from app.domain.errors import Retryable
from app.services import Services
from gateway.connection import ChargePointConnection, Uplink
from gateway.limits import ConnectionLimits

log = structlog.stdlib.get_logger(__name__)
_REPLACED = 1008
_CLOSE_RETRY_S = 2.0


class Presence:
    """The connections of this gateway. The store is asked in `threads`, everything else is on the loop."""

    def __init__(
        self, gateway_id: str, services: Services, threads: Executor, uplink: Uplink, limits: ConnectionLimits
    ) -> None:
        self._gateway_id = gateway_id
        self._services = services
        self._threads = threads
        self._uplink = uplink
        self._limits = limits
        self._connections: dict[ChargePointRef, ChargePointConnection] = {}
        self._loop = asyncio.get_running_loop()

    @property
    def count(self) -> int:
        """Charge points connected here."""
        return len(self._connections)

    def all(self) -> list[ChargePointConnection]:
        """Every connection."""
        return list(self._connections.values())

    def find(self, ref: ChargePointRef) -> ChargePointConnection | None:
        """The charge point's connection."""
        return self._connections.get(ref)

    async def open(
        self, websocket: ServerConnection, ref: ChargePointRef, connection_id: str
    ) -> ChargePointConnection | None:
        """Make this the charge point's connection: the newest wins (A39). None if a newer one came meanwhile.

        Raises AppError if the store does not let it in.
        """
        opened = await self._loop.run_in_executor(
            self._threads, self._services.charge_points.open_connection, ref, self._gateway_id, connection_id
        )
        state = opened.charge_point
        epoch = state.connection.epoch if state.connection else 0
        connection = ChargePointConnection(
            websocket, ref, epoch, state.registration, self._uplink, self._limits, connection_id
        )
        older = self._connections.get(ref)
        if older is not None and older.epoch > epoch:
            return None
        self._connections[ref] = connection
        if older is not None:
            connection.remember_answers_of(older)
            older.close(_REPLACED, "replaced by a newer connection")
        return connection

    async def deliver_waiting(self, connection: ChargePointConnection) -> None:
        """Send the commands that waited for this connection."""
        try:
            await self._loop.run_in_executor(
                self._threads, self._services.commands.deliver_waiting, connection.ref
            )
        except Retryable as failure:
            connection.log.warning("waiting_commands_not_delivered", reason=failure.message)

    async def close(self, connection: ChargePointConnection) -> None:
        """The connection has ended. Tried until the store takes it: nobody else knows as long as we live."""
        connection.ended()
        if self._connections.get(connection.ref) is connection:
            del self._connections[connection.ref]
        while True:
            try:
                await self._loop.run_in_executor(
                    self._threads,
                    self._services.charge_points.close_connection,
                    connection.ref,
                    connection.epoch,
                )
            except Retryable as failure:
                connection.log.warning("disconnect_not_stored", reason=failure.message)
                await asyncio.sleep(_CLOSE_RETRY_S)
            else:
                return

    async def resume(self) -> int:
        """After a pause in which this gateway may have been taken for dead: note all connections again."""
        resumed = 0
        for connection in self.all():
            noted = Connection(
                self._gateway_id, connection.connection_id, connection.epoch, connection.opened_at
            )
            try:
                resumed += await self._loop.run_in_executor(
                    self._threads, self._services.charge_points.resume_connection, connection.ref, noted
                )
            except Retryable as failure:
                connection.log.warning("connection_not_resumed", reason=failure.message)
        return resumed

    def close_older(self, ref: ChargePointRef, epoch: int) -> None:
        """The charge point has connected to another gateway."""
        connection = self._connections.get(ref)
        if connection is not None and connection.epoch < epoch:
            connection.close(_REPLACED, "replaced by a connection to another gateway")
