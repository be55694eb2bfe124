"""Commands that wait in the store are sent when their charge point connects, and when its line has room."""

import asyncio
import time
from collections.abc import Mapping
from concurrent.futures import Executor

from websockets.protocol import State

from app.domain.errors import Retryable
from app.services import Services
from gateway.connection import ChargePointConnection
from gateway.gathered import Gathered

_LOOK_EVERY_S = 1.0
_RETRY_S = 5.0
_RARELY_S = 300.0


class Deliveries:
    """To the connections of this gateway. The store is asked in `threads`, everything else is on the loop."""

    def __init__(self, services: Services, threads: Executor) -> None:
        self._services = services
        self._gathered = Gathered(threads, self._deliver_to_all)
        self._failed: dict[ChargePointConnection, tuple[float, float]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, connection: ChargePointConnection) -> None:
        """Soon; tried again, ever more rarely, until the store could say what waits, or it is gone."""
        self._begin(connection, _RETRY_S)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            self.try_again(time.monotonic())

    def try_again(self, now: float) -> None:
        """Those that are due, and still there."""
        for connection, (due_at, pause_s) in list(self._failed.items()):
            if connection.websocket.state is State.CLOSED:
                del self._failed[connection]
            elif due_at <= now:
                del self._failed[connection]
                self._begin(connection, min(2 * pause_s, _RARELY_S))

    def _begin(self, connection: ChargePointConnection, pause_s: float) -> None:
        task = asyncio.get_running_loop().create_task(self._try(connection, pause_s))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _try(self, connection: ChargePointConnection, pause_s: float) -> None:
        if await self.deliver(connection):
            self._failed.pop(connection, None)
        else:
            self._failed[connection] = (time.monotonic() + pause_s, pause_s)

    async def deliver(self, connection: ChargePointConnection) -> bool:
        """Send the commands that waited for this connection; False if the store could not say which."""
        try:
            await self._gathered.ask(connection.ref, None)
        except Retryable as failure:
            connection.log.warning("waiting_commands_not_delivered", reason=failure.message)
            return False
        except Exception:  # the edge: a command that nobody can read ends nothing else of this connection
            connection.log.exception("waiting_commands_not_delivered")
            return False
        return True

    def _deliver_to_all(self, tenant_id: str, whom: Mapping[str, None]) -> Mapping[str, None]:
        self._services.commands.deliver_waiting(tenant_id, whom)
        return whom
