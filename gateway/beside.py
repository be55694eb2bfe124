"""What runs beside an opened connection while its frames are read."""

import asyncio

from app.services.tenants import TenantDirectory
from gateway.admission import Admission
from gateway.connection import ChargePointConnection
from gateway.handshake import Admitted
from gateway.keepalive import Pongs, keep_alive, rhythm_of
from gateway.presence import Presence


class Beside:
    """One `run` for each connection; cancelled when that ends."""

    def __init__(
        self,
        presence: Presence,
        tenants: TenantDirectory,
        admission: Admission,
        pongs: Pongs,
        ping_timeout_s: float,
    ) -> None:
        self._admission = admission
        self._presence = presence
        self._tenants = tenants
        self._pongs = pongs
        self._ping_timeout_s = ping_timeout_s

    async def run(self, connection: ChargePointConnection, admitted: Admitted) -> None:
        """Its proof is noted, it gets what waited for it, and is asked now and then whether it lives."""
        beginning = asyncio.ensure_future(self._begin(connection, admitted))
        delivering = asyncio.ensure_future(self._presence.keep_delivering(connection))
        try:
            await self._keep_alive(connection, admitted)
            await asyncio.gather(beginning, delivering)
        finally:
            beginning.cancel()
            delivering.cancel()

    async def _begin(self, connection: ChargePointConnection, admitted: Admitted) -> None:
        await asyncio.gather(
            self._admission.leave_after(connection.has_answered, connection.websocket),
            self._presence.note_proof(admitted),
            self._ask_for_status(connection),
        )

    async def _ask_for_status(self, connection: ChargePointConnection) -> None:
        tenant = self._tenants.find(connection.ref.tenant_id)
        if tenant is not None and tenant.configuration.status_after_reconnect_s > 0:
            await self._presence.ask_for_status(connection, tenant.configuration.status_after_reconnect_s)

    async def _keep_alive(self, connection: ChargePointConnection, admitted: Admitted) -> None:
        tenant = self._tenants.find(connection.ref.tenant_id)
        if tenant is not None:
            rhythm = rhythm_of(admitted.charge_point.settings, tenant, self._ping_timeout_s)
            await keep_alive(connection, rhythm, self._pongs.note)
