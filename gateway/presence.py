"""Which charge points are connected here: opening, replacing and closing connections."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any
from weakref import WeakValueDictionary

import structlog

from app.domain.charge_point import Connection, Registration
from app.domain.command import CommandRequest
from app.domain.context import ChargePointRef
from app.domain.errors import AppError, Retryable
from app.services import Services
from app.services.ports import OpenedConnection
from app.services.tenants import is_served
from gateway.connection import ChargePointConnection
from gateway.credentials import promotion
from gateway.deliveries import Deliveries
from gateway.gathered import Gathered
from gateway.handshake import Admitted
from gateway.limits import ConnectionLimits
from gateway.pace import Paces
from gateway.uplink import Uplink
from gateway.websocket import WebSocket

log = structlog.stdlib.get_logger(__name__)
_REPLACED = 1008
_NOT_SERVED = 1008
_CLOSE_RETRY_S = 2.0


class Presence:
    """The connections of this gateway. The store is asked in `threads`, everything else is on the loop."""

    def __init__(
        self,
        gateway_id: str,
        services: Services,
        threads: Executor,
        uplink: Uplink,
        limits: ConnectionLimits,
        paces: Paces,
    ) -> None:
        self._gateway_id = gateway_id
        self._services = services
        self._threads = threads
        self._uplink = uplink
        self._limits = limits
        self._paces = paces
        self.deliveries = Deliveries(services, threads)
        self._openings = Gathered(threads, self._open_all)
        self._connections: dict[ChargePointRef, ChargePointConnection] = {}
        self._by_tenant: Counter[str] = Counter()
        self.opened: Counter[str] = Counter()
        self._turns: WeakValueDictionary[ChargePointRef, asyncio.Lock] = WeakValueDictionary()
        self._loop = asyncio.get_running_loop()

    @property
    def count(self) -> int:
        """Charge points connected here."""
        return len(self._connections)

    def count_of(self, tenant_id: str) -> int:
        """A tenant's charge points connected here."""
        return self._by_tenant[tenant_id]

    def counts(self) -> dict[str, int]:
        """The same of every tenant that has any."""
        return {tenant_id: count for tenant_id, count in self._by_tenant.items() if count}

    def all(self) -> list[ChargePointConnection]:
        """Every connection."""
        return list(self._connections.values())

    def close_unserved(self) -> None:
        """End the connections of tenants that are out of service."""
        find = self._services.tenants.directory.find
        unserved = {tenant_id for tenant_id in self.counts() if not is_served(find(tenant_id))}
        for connection in self.all() if unserved else ():
            if connection.ref.tenant_id in unserved:
                connection.close(_NOT_SERVED, "the tenant is not served")

    def find(self, ref: ChargePointRef) -> ChargePointConnection | None:
        """The charge point's connection."""
        return self._connections.get(ref)

    async def open(
        self, websocket: WebSocket, admitted: Admitted, connection_id: str
    ) -> ChargePointConnection | None:
        """Make this the charge point's connection: the newest wins (A39). None if a newer one came meanwhile.

        Those of one charge point take turns: threads would not keep their order. Raises AppError if the store
        does not let it in.
        """
        ref = admitted.ref
        turn = self._turns.setdefault(ref, asyncio.Lock())
        async with turn:
            opened = await self._openings.ask(ref, connection_id)
        connection = ChargePointConnection(
            websocket,
            opened.charge_point,
            self._uplink,
            self._limits,
            self._paces,
            connection_id,
            admitted.deviations,
            self.deliveries.begin,
        )
        older = self._connections.get(ref)
        if older is not None and older.epoch > connection.epoch:
            connection.ended()
            return None
        websocket.forget_handshake()
        self._connections[connection.ref] = connection
        self.opened["again" if connection.epoch > 1 else "first"] += 1
        self._by_tenant[ref.tenant_id] += older is None
        if older is not None:
            connection.remember_answers_of(older)
            older.close(_REPLACED, "replaced by a newer connection")
        return connection

    def _open_all(
        self, tenant_id: str, connection_ids: Mapping[str, str]
    ) -> Mapping[str, OpenedConnection | AppError]:
        return self._services.charge_points.open_connections(tenant_id, self._gateway_id, connection_ids)

    async def note_proof(self, admitted: Admitted) -> None:
        """What was pending becomes the rule when used (E4, E6); a new certificate retires the old (E25).

        Should it fail, it is noted the next time: the same proof is good then, too.
        """
        changes = promotion(admitted.charge_point.security, admitted.proof)
        if not changes and admitted.proof.serial_hex is None:
            return  # as nearly always: no thread is woken up for it
        try:
            await self._loop.run_in_executor(self._threads, self._keep_proof, admitted, changes)
        except AppError as failure:
            ref, reason = admitted.ref, failure.message
            log.warning(
                "proof_not_noted", tenant_id=ref.tenant_id, charge_point_id=ref.charge_point_id, reason=reason
            )

    def _keep_proof(self, admitted: Admitted, changes: Mapping[str, Any]) -> None:
        keepers, proof = self._services.keepers, admitted.proof
        if changes:
            keepers.charge_points.change(admitted.ref, {"security": changes})
            log.info("security_changed", profile=proof.profile, new_key=proof.uses_pending_key)
        if proof.serial_hex is not None:
            keepers.certificates.note_seen(admitted.ref, proof.serial_hex)

    async def ask_for_status(self, connection: ChargePointConnection, delay_s: float) -> None:
        """Some seconds after it connected, where its tenant wants that, ask how its connectors are."""
        await asyncio.sleep(delay_s)
        tenant = self._services.tenants.directory.find(connection.ref.tenant_id)
        is_there = self._connections.get(connection.ref) is connection
        if tenant is None or not is_there or connection.registration != Registration.ACCEPTED:
            return
        wish = {"requested_message": "StatusNotification"}
        request = CommandRequest(connection.ref, "trigger_message", wish, "system")
        try:
            await self._loop.run_in_executor(self._threads, self._services.commands.submit, tenant, request)
        except AppError as refusal:
            connection.log.warning("status_not_asked_for", reason=refusal.message)

    async def deliver_all_waiting(self) -> None:
        """Redis may have lost what was on its way to this gateway: the store knows what it was."""
        for connection in self.all():
            await self.deliveries.deliver(connection)

    async def close(self, connection: ChargePointConnection) -> None:
        """The connection has ended. Tried until the store takes it: nobody else knows as long as we live."""
        connection.ended()
        if self._connections.get(connection.ref) is connection:
            del self._connections[connection.ref]
            self._by_tenant[connection.ref.tenant_id] -= 1
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
        """The charge point has connected to another gateway, or is to connect anew."""
        connection = self._connections.get(ref)
        if connection is not None and connection.epoch < epoch:
            connection.close(_REPLACED, "closed by the central system, connect again")
