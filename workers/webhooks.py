"""`python -m workers.webhooks`: sends to webhooks what the event relay stored for them, at least once.

One sender works at a time, by lease; others stand by. Each webhook has a lane of its own, so that one which
fails or hangs keeps nobody else waiting.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog

from app.domain.errors import Retryable
from app.domain.tenant import Tenant
from app.domain.webhook import Webhook
from app.health import Role
from app.process import Process, on_stop_signal, start_process
from app.services.tenants import is_served
from workers.standby import Standby
from workers.turns import tenants_of_turn
from workers.webhook_lane import Lane

log = structlog.stdlib.get_logger(__name__)
T = TypeVar("T")
_LOOK_EVERY_S = 10.0
_WAKE_TIMEOUT_S = 0.5
_RETRY_S = 1.0
_STORE_THREADS = 8
_NAME_THREADS = 64


class Sender:
    """Has a lane for each webhook that is enabled, for as long as it holds the lease."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._services = process.services
        self._link = process.adapters.link
        self._standby = Standby("webhook-sender", process)
        self._tls = ssl.create_default_context()
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._store = ThreadPoolExecutor(_STORE_THREADS, "store")
        self._stopping = False
        self._look_at, self._look_at_everybody, self._looks = 0.0, True, 0

    def stop(self) -> None:
        """End after what is being sent now."""
        self._stopping = True

    async def run(self) -> None:
        """Until stopped. Whatever fails is tried again."""
        names = ThreadPoolExecutor(_NAME_THREADS, "names")  # a slow look-up of a name takes one for seconds
        asyncio.get_running_loop().set_default_executor(names)
        while not self._stopping:
            try:
                await self._turn()
            except Retryable as failure:
                log.warning("sender_waits", reason=failure.message)
                self._process.pulse.beat(Role.WAITING)
                self._standby.doubt()
                self._look_at, self._look_at_everybody = 0.0, True
                await asyncio.sleep(_RETRY_S)
        await self._close_all()
        try:
            await self._in_store(self._standby.release)
        except Retryable as failure:
            log.warning("lease_not_released", reason=failure.message)

    async def _turn(self) -> None:
        if not await self._in_store(self._standby.is_active):
            await self._close_all()
            self._process.pulse.beat(Role.STANDBY)
            await asyncio.sleep(_RETRY_S)
            return
        self._process.pulse.beat(Role.ACTIVE)
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + _LOOK_EVERY_S
            await self._look_at_all()
        try:
            woken = await self._in_store(lambda: self._link.wait_for_webhooks(_WAKE_TIMEOUT_S))
        except Retryable:  # without Redis nobody wakes: look more often
            await asyncio.sleep(_RETRY_S)
            self._look_at, self._look_at_everybody = 0.0, True
            return
        if woken is not None:
            await self._look(woken)

    async def _look_at_all(self) -> None:
        """Webhooks of tenants in their turn; of all of them when wakes may be lost.

        And those of tenants that are gone or suspended meanwhile.
        """
        tenants: Sequence[Tenant] = self._services.tenants.directory.all()
        if not self._look_at_everybody:
            self._looks += 1
            tenants = tenants_of_turn(tenants, _LOOK_EVERY_S, self._looks)
        self._look_at_everybody = False
        served = {tenant.id for tenant in tenants if is_served(tenant)}
        for tenant_id in served | {tenant_id for tenant_id, _ in self._lanes}:
            await self._look(tenant_id)

    async def _look(self, tenant_id: str) -> None:
        """Raises Retryable. A webhook that nobody can read stops its own tenant's changes, and no other's."""
        try:
            await self._follow(tenant_id)
        except Retryable:
            raise
        except Exception:  # the edge: it is looked at again every few seconds
            log.exception("webhooks_not_read", tenant_id=tenant_id)

    async def _follow(self, tenant_id: str) -> None:
        """Lanes follow the webhooks that are enabled now, and begin to work."""
        tenant = self._services.tenants.directory.find(tenant_id)
        served = tenant is not None and is_served(tenant)
        known = await self._in_store(lambda: self._services.webhooks.enabled(tenant_id)) if served else []
        webhooks = {webhook.id: webhook for webhook in known}
        for owner, webhook_id in [key for key in self._lanes if key[0] == tenant_id]:
            if webhook_id not in webhooks:
                self._close_aside(self._lanes.pop((owner, webhook_id)))
        for webhook in webhooks.values():
            self._lane_of(webhook).wake(webhook)

    def _lane_of(self, webhook: Webhook) -> Lane:
        key = (webhook.tenant_id, webhook.id)
        if key not in self._lanes:
            self._lanes[key] = Lane(
                webhook,
                self._services.webhook_sending,
                self._services.clock,
                self._in_store,
                self._tls,
                private_targets=self._process.settings.webhooks.private_targets,
            )
        return self._lanes[key]

    def _close_aside(self, lane: Lane) -> None:
        """Without waiting: what it is sending may take its time."""
        closing = asyncio.create_task(lane.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def _close_all(self) -> None:
        lanes, self._lanes = list(self._lanes.values()), {}
        await asyncio.gather(*(lane.close() for lane in lanes), *self._closing)

    async def _in_store(self, work: Callable[[], T]) -> T:
        """In a thread that nothing but stores can hold up."""
        return await asyncio.get_running_loop().run_in_executor(self._store, work)


def main() -> None:
    """Run until SIGTERM."""
    process = start_process()
    sender = Sender(process)
    on_stop_signal(sender.stop)
    log.info("webhooks_ready")
    asyncio.run(sender.run())


if __name__ == "__main__":
    main()
