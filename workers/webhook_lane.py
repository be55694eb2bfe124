"""One webhook's lane: what is due goes out, in order for each charge point, several of them at once."""

import asyncio
import random
import ssl
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from typing import Any

import structlog

from app.domain.errors import Retryable
from app.domain.webhook import FAILURES_TO_PAUSE, Attempt, Delivery, Webhook, pause_s, probe_pause_s
from app.messaging.webhook_client import WebhookClient
from app.metrics import WEBHOOK_ATTEMPTS
from app.services.ports import Clock
from app.services.webhook_sending import WebhookSending

log = structlog.stdlib.get_logger(__name__)
_AT_ONCE = 8
_BATCH = 40
_BEGIN_WITHIN_S = 5.0
_RETRY_S = 1.0


class Lane:
    """Sends until it is closed. `in_store` runs a function that asks a store, outside the loop."""

    def __init__(
        self,
        webhook: Webhook,
        sending: WebhookSending,
        clock: Clock,
        in_store: Callable[[Callable[[], Any]], Any],
        tls: ssl.SSLContext,
        *,
        private_targets: bool,
    ) -> None:
        self._webhook = webhook
        self._sending = sending
        self._clock = clock
        self._in_store = in_store
        self._client = WebhookClient(tls, private_targets=private_targets)
        self._woken = asyncio.Event()
        self._closing = False
        self._failures = 0
        self._pauses = 0
        self._not_before = 0.0
        self._task = asyncio.create_task(self._run())

    def wake(self, webhook: Webhook) -> None:
        """There may be something to send; `webhook` is how it is by now."""
        if webhook.updated_at != self._webhook.updated_at:  # somebody has mended it
            self._failures, self._pauses, self._not_before = 0, 0, 0.0
        self._webhook = webhook
        self._woken.set()

    async def close(self) -> None:
        """Return when what is being sent has ended."""
        self._closing = True
        self._woken.set()
        await self._task

    async def _run(self) -> None:
        async with self._client:
            while not self._closing:
                self._woken.clear()
                try:
                    again_in_s = await self._work()
                except Retryable as failure:
                    log.warning(
                        "webhook_waits",
                        tenant_id=self._webhook.tenant_id,
                        webhook_id=self._webhook.id,
                        reason=failure.message,
                    )
                    again_in_s = _RETRY_S
                except Exception:  # the edge: what breaks one round must not end the lane
                    log.exception("webhook_broke", webhook_id=self._webhook.id)
                    again_in_s = _RETRY_S
                await self._rest(again_in_s)

    async def _rest(self, seconds: float | None) -> None:
        """Until woken, or for so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _work(self) -> float | None:
        """Send all that is due; seconds until the next look, None when nobody knows of anything."""
        while not self._closing and self._webhook.enabled:
            paused_s = self._not_before - time.monotonic()
            if paused_s > 0:
                return paused_s
            batch = await self._batch()
            if not batch:
                return None
            tried = await self._send_all(batch)
            webhook = self._webhook
            settled = await self._in_store(partial(self._sending.settle, webhook, tried))
            if self._webhook is webhook:  # else somebody changed it meanwhile, and it is how that one says
                self._webhook = settled
            if not any(attempt.succeeded for _, attempt in tried):
                return self._pause()
            self._pauses = 0
        return None

    async def _batch(self) -> list[Delivery]:
        webhook = self._webhook
        if self._failures >= FAILURES_TO_PAUSE:
            found: list[Delivery] = await self._in_store(lambda: self._sending.probe(webhook))
        else:
            found = await self._in_store(lambda: self._sending.due(webhook, _BATCH))
        return found

    def _pause(self) -> float:
        """Nothing came through: as a whole it waits only if that goes on."""
        dice = random.random()  # noqa: S311 - a dice, no secret
        if self._failures < FAILURES_TO_PAUSE:
            return pause_s(1, dice)
        self._pauses += 1
        pause = probe_pause_s(self._pauses, dice)
        self._not_before = time.monotonic() + pause
        return pause

    async def _send_all(self, batch: Sequence[Delivery]) -> list[tuple[Delivery, Attempt]]:
        """Charge points side by side; of each, one after the other, and nothing after a failure."""
        ordered = sorted(batch, key=lambda one: (one.charge_point_id, one.position))
        lines = [list(line) for _, line in groupby(ordered, key=lambda one: one.charge_point_id)]
        places, begin_until = asyncio.Semaphore(_AT_ONCE), time.monotonic() + _BEGIN_WITHIN_S
        too_many = max(FAILURES_TO_PAUSE, self._failures + 1)
        tried: list[tuple[Delivery, Attempt]] = []

        async def send(line: list[Delivery]) -> None:
            async with places:
                for delivery in line:
                    if self._closing or self._failures >= too_many or time.monotonic() > begin_until:
                        return
                    attempt = await self._client.post(self._webhook, delivery, self._clock.now())
                    tried.append((delivery, attempt))
                    WEBHOOK_ATTEMPTS.labels("delivered" if attempt.succeeded else "failed").inc()
                    self._failures = 0 if attempt.succeeded else self._failures + 1
                    if not attempt.succeeded:
                        return

        await asyncio.gather(*(send(line) for line in lines))
        return tried
