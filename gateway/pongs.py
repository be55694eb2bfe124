"""Which charge points answered a ping: told to the store as signs of life."""

import asyncio
from concurrent.futures import Executor
from datetime import UTC, datetime

import structlog

from app.domain.context import ChargePointRef
from app.services import Services

log = structlog.stdlib.get_logger(__name__)
NOTE_EVERY_S = 2.0


class Pongs:
    """A pong proves life like a Heartbeat (A40). All of some seconds are noted at once, for each tenant."""

    def __init__(self, services: Services, threads: Executor) -> None:
        self._services = services
        self._threads = threads
        self._seen: dict[str, dict[str, datetime]] = {}

    def note(self, ref: ChargePointRef) -> None:
        """It answered just now."""
        self._seen.setdefault(ref.tenant_id, {})[ref.charge_point_id] = datetime.now(UTC)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(NOTE_EVERY_S)
            await self.flush()

    async def flush(self) -> None:
        """What cannot be noted now is noted with the next pong."""
        seen, self._seen = self._seen, {}
        if seen:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._tell, seen)

    def _tell(self, seen: dict[str, dict[str, datetime]]) -> None:
        for tenant_id, times in seen.items():
            try:
                self._services.charge_points.hear(tenant_id, times)
            except Exception:  # the edge of a side path
                log.exception("pongs_not_noted", tenant_id=tenant_id, count=len(times))
