"""What is to be sent to a webhook next, and what follows from how it went."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from app.domain.times import format_time
from app.domain.webhook import GIVEN_UP_AFTER, Attempt, Delivery, Webhook
from app.services.ports import Clock
from app.services.webhooks import DeliveryRepository, WebhookService

log = structlog.stdlib.get_logger(__name__)


class WebhookSending:
    """Use cases of the program that sends. `dice` are random numbers from 0 to 1, for the jitter."""

    def __init__(
        self,
        webhooks: WebhookService,
        deliveries: DeliveryRepository,
        clock: Clock,
        dice: Callable[[], float] = random.random,
    ) -> None:
        self._webhooks = webhooks
        self._deliveries = deliveries
        self._clock = clock
        self._dice = dice

    def due(self, webhook: Webhook, limit: int) -> list[Delivery]:
        """In the order of events. Raises Retryable."""
        return self._deliveries.due(webhook, self._clock.now(), limit)

    def probe(self, webhook: Webhook) -> list[Delivery]:
        """For a webhook that nothing reaches: its oldest delivery, to see whether it is back."""
        oldest = self._deliveries.oldest(webhook)
        return [] if oldest is None else [oldest]

    def settle(self, webhook: Webhook, tried: Sequence[tuple[Delivery, Attempt]]) -> Webhook:
        """Store what came of these attempts; the webhook as it is by now, perhaps disabled.

        When something comes through after nothing did, all that waited is due at once, in order.
        """
        settled = [delivery.after(attempt, self._dice()) for delivery, attempt in tried]
        self._deliveries.record(webhook.tenant_id, settled)
        attempts = [attempt for _, attempt in tried]
        if any(attempt.wants_no_more for attempt in attempts):
            return self._disabled(webhook, "The receiver answered 410 Gone.")
        if any(attempt.succeeded for attempt in attempts):
            return self._well(webhook)
        return self._failing(webhook) if attempts else webhook

    def _well(self, webhook: Webhook) -> Webhook:
        if webhook.failing_since is None:
            return webhook
        self._webhooks.note_failing(webhook, None)
        self._deliveries.hasten(webhook, self._clock.now())
        return replace(webhook, failing_since=None)

    def _failing(self, webhook: Webhook) -> Webhook:
        now = self._clock.now()
        since = webhook.failing_since
        if since is None:
            self._webhooks.note_failing(webhook, now)
            return replace(webhook, failing_since=now)
        if now - since >= GIVEN_UP_AFTER:
            return self._disabled(webhook, f"Nothing has come through since {format_time(since)}.")
        return webhook

    def _disabled(self, webhook: Webhook, reason: str) -> Webhook:
        log.warning("webhook_disabled", tenant_id=webhook.tenant_id, webhook_id=webhook.id, reason=reason)
        self._webhooks.disable(webhook, reason)
        return replace(webhook, enabled=False, disabled_reason=reason)
