"""What an opened connection gets beside the reading of its frames. No task of its own stays for any of it."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Executor

from app.services import Services
from gateway.admission import Admission
from gateway.connection import ChargePointConnection
from gateway.handshake import Admitted
from gateway.keepalive import KeepAlive, rhythm_of
from gateway.pongs import Pongs
from gateway.presence import Presence


class Beside:
    """`begin` and `end` for each connection, `run` once."""

    def __init__(
        self,
        services: Services,
        threads: Executor,
        presence: Presence,
        admission: Admission,
        ping_timeout_s: float,
    ) -> None:
        self._admission = admission
        self._presence = presence
        self._tenants = services.tenants.directory
        self._pongs = Pongs(services, threads)
        self._keep_alive = KeepAlive(self._pongs.note)
        self._ping_timeout_s = ping_timeout_s
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, connection: ChargePointConnection, admitted: Admitted) -> None:
        """Its proof is noted, it gets what waited for it, and from now on it is asked whether it lives."""
        self._admission.leave_soon(connection.websocket)
        self._presence.deliveries.begin(connection)
        self._do(self._presence.note_proof(admitted))
        tenant = self._tenants.find(connection.ref.tenant_id)
        if tenant is None:
            return
        rhythm = rhythm_of(admitted.charge_point.settings, tenant, self._ping_timeout_s)
        self._keep_alive.join(connection, rhythm)
        if tenant.configuration.status_after_reconnect_s > 0:
            delay_s = tenant.configuration.status_after_reconnect_s
            self._do(self._presence.ask_for_status(connection, delay_s))

    def end(self, connection: ChargePointConnection) -> None:
        """It is closed."""
        self._keep_alive.leave(connection)

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.gather(self._keep_alive.run(), self._presence.deliveries.run(), self._pongs.run())

    def _do(self, work: Coroutine[None, None, None]) -> None:
        """The loop holds tasks weakly."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
