"""Webhooks of tenants, and what is to be delivered to them."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

from app.domain.addresses import problem_of_target
from app.domain.errors import Conflict, InvalidInput, NotFound, QuotaExceeded
from app.domain.webhook import (
    LOG_KEPT_FOR,
    MAX_WEBHOOKS,
    Delivery,
    Webhook,
    deliveries_of,
    secret_of,
    trial_delivery,
)
from app.services.ports import Clock, GatewayLink, OutboxEntry, Page, PageRequest

_CACHED = timedelta(seconds=1)
_SECRET_BYTES = 32


class WebhookRepository(Protocol):
    """Webhooks of a tenant, a handful."""

    def all(self, tenant_id: str) -> list[Webhook]:
        """In order of id."""
        ...

    def find(self, tenant_id: str, webhook_id: str) -> Webhook | None: ...

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Webhook]:
        """In order of id."""
        ...

    def insert(self, webhook: Webhook) -> None: ...

    def change(self, tenant_id: str, webhook_id: str, changes: Mapping[str, Any]) -> Webhook | None:
        """Set fields of `Webhook`, all at once; None if there is none."""
        ...

    def remove(self, tenant_id: str, webhook_id: str) -> None:
        """With all its deliveries."""
        ...


class DeliveryRepository(Protocol):
    """What was sent to a tenant's webhooks, and what waits to be."""

    def add(self, tenant_id: str, deliveries: Sequence[Delivery]) -> None:
        """Those that are there already stay as they are."""
        ...

    def find(self, tenant_id: str, delivery_id: str) -> Delivery | None: ...

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Delivery]:
        """Newest first."""
        ...

    def due(self, webhook: Webhook, now: datetime, limit: int) -> list[Delivery]:
        """What is to be sent now, in the order of events.

        Nothing of a charge point of which an earlier event waits for its next attempt, unless that one has
        failed `ORDERED_ATTEMPTS` times.
        """
        ...

    def oldest(self, webhook: Webhook) -> Delivery | None:
        """The first that waits, whenever its next attempt was to be."""
        ...

    def record(self, tenant_id: str, deliveries: Sequence[Delivery]) -> None:
        """Store these, as they are by now, unless they were removed meanwhile."""
        ...

    def hasten(self, webhook: Webhook, now: datetime) -> None:
        """Whatever waits for its next attempt is due now."""
        ...

    def redeliver_failed(self, webhook: Webhook, since: datetime, now: datetime) -> int:
        """What was created at `since` or later and has failed waits again; answers how many."""
        ...

    def give_up(self, tenant_id: str, now: datetime) -> int:
        """What still waits after its time fails, as of a webhook that is disabled."""
        ...

    def prune(self, tenant_id: str, before: datetime) -> int:
        """Forget what was created before, unless it waits."""
        ...


class WebhookService:
    """Use cases of webhooks. `plain_http` and `private_targets` allow what production does not."""

    def __init__(
        self,
        webhooks: WebhookRepository,
        deliveries: DeliveryRepository,
        link: GatewayLink,
        clock: Clock,
        *,
        plain_http: bool,
        private_targets: bool,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._webhooks = webhooks
        self._deliveries = deliveries
        self._link = link
        self._clock = clock
        self._plain_http = plain_http
        self._private_targets = private_targets
        self._random_bytes = random_bytes
        self._lately: dict[str, tuple[datetime, list[Webhook]]] = {}

    def get(self, tenant_id: str, webhook_id: str) -> Webhook:
        """Raises NotFound."""
        webhook = self._webhooks.find(tenant_id, webhook_id)
        if webhook is None:
            raise _unknown(webhook_id)
        return webhook

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Webhook]:
        """In order of id."""
        return self._webhooks.list_page(tenant_id, page)

    def create(self, tenant_id: str, url: str, fields: Mapping[str, Any]) -> Webhook:
        """A webhook with a new secret. Raises InvalidInput, QuotaExceeded."""
        self._check_url(url)
        if len(self._webhooks.all(tenant_id)) >= MAX_WEBHOOKS:
            raise QuotaExceeded(f"A tenant has {MAX_WEBHOOKS} webhooks at most.")
        now = self._clock.now()
        webhook = Webhook(
            id=f"wh-{uuid4()}",
            tenant_id=tenant_id,
            url=url,
            secret=self._new_secret(),
            created_at=now,
            updated_at=now,
            **fields,
        )
        self._webhooks.insert(webhook)
        return webhook

    def change(self, tenant_id: str, webhook_id: str, changes: Mapping[str, Any]) -> Webhook:
        """Set what is named. Enabling it forgets why it was disabled. Raises NotFound, InvalidInput."""
        if "url" in changes:
            self._check_url(changes["url"])
        afresh = {"disabled_reason": None, "failing_since": None} if changes.get("enabled") else {}
        now = self._clock.now()
        webhook = self._changed(tenant_id, webhook_id, {**changes, **afresh, "updated_at": now})
        if changes.get("enabled"):
            self._deliveries.hasten(webhook, now)
        self._link.wake_webhooks(tenant_id)
        return webhook

    def remove(self, tenant_id: str, webhook_id: str) -> None:
        """With its deliveries. Raises NotFound."""
        self.get(tenant_id, webhook_id)
        self._webhooks.remove(tenant_id, webhook_id)

    def rotate_secret(self, tenant_id: str, webhook_id: str) -> Webhook:
        """A new secret; the present one signs beside it for another day. Raises NotFound."""
        rotated = self.get(tenant_id, webhook_id).with_secret(self._new_secret(), self._clock.now())
        names = ("secret", "old_secret", "old_secret_until", "updated_at")
        return self._changed(tenant_id, webhook_id, {name: getattr(rotated, name) for name in names})

    def disable(self, webhook: Webhook, reason: str) -> None:
        """Nothing is sent to it any more, until somebody enables it."""
        self._webhooks.change(webhook.tenant_id, webhook.id, {"enabled": False, "disabled_reason": reason})

    def note_failing(self, webhook: Webhook, since: datetime | None) -> None:
        """Nothing comes through since then; None: it does again."""
        self._webhooks.change(webhook.tenant_id, webhook.id, {"failing_since": since})

    def enabled(self, tenant_id: str) -> list[Webhook]:
        """Those that are to be fed. Raises Retryable."""
        return [webhook for webhook in self._webhooks.all(tenant_id) if webhook.enabled]

    def take(self, tenant_id: str, entries: Sequence[OutboxEntry]) -> int:
        """Store what these entries mean for the tenant's webhooks; answers how many deliveries it were.

        The same entries again change nothing. A webhook is fed within a second of its creation: the relay
        must not ask for every event. Raises Retryable.
        """
        webhooks = self._lately_enabled(tenant_id)
        if not webhooks:
            return 0
        now = self._clock.now()
        made = [one for entry in entries for one in deliveries_of(entry.id, entry.events, webhooks, now)]
        if made:
            self._deliveries.add(tenant_id, made)
            self._link.wake_webhooks(tenant_id)
        return len(made)

    def try_out(self, tenant_id: str, webhook_id: str) -> Delivery:
        """A delivery of the type `test`. Raises NotFound, Conflict (disabled)."""
        delivery = trial_delivery(self._in_use(tenant_id, webhook_id), uuid4().hex[:12], self._clock.now())
        self._deliveries.add(tenant_id, [delivery])
        self._link.wake_webhooks(tenant_id)
        return delivery

    def list_deliveries(self, tenant_id: str, webhook_id: str, page: PageRequest) -> Page[Delivery]:
        """Newest first. Raises NotFound."""
        self.get(tenant_id, webhook_id)
        filters = {**(page.filters or {}), "webhook_id": webhook_id}
        return self._deliveries.list_page(tenant_id, replace(page, filters=filters))

    def get_delivery(self, tenant_id: str, webhook_id: str, delivery_id: str) -> Delivery:
        """Raises NotFound."""
        delivery = self._deliveries.find(tenant_id, delivery_id)
        if delivery is None or delivery.webhook_id != webhook_id:
            raise NotFound(f"There is no delivery '{delivery_id}' of the webhook '{webhook_id}'.")
        return delivery

    def redeliver(self, tenant_id: str, webhook_id: str, delivery_id: str) -> Delivery:
        """Send it once more, whatever became of it. Raises NotFound, Conflict (disabled)."""
        self._in_use(tenant_id, webhook_id)
        again = self.get_delivery(tenant_id, webhook_id, delivery_id).again(self._clock.now())
        self._deliveries.record(tenant_id, [again])
        self._link.wake_webhooks(tenant_id)
        return again

    def redeliver_failed(self, tenant_id: str, webhook_id: str, since: datetime) -> int:
        """Everything that failed since then; answers how many. Raises NotFound, Conflict (disabled)."""
        webhook = self._in_use(tenant_id, webhook_id)
        count = self._deliveries.redeliver_failed(webhook, since, self._clock.now())
        self._link.wake_webhooks(tenant_id)
        return count

    def sweep(self, tenant_id: str) -> int:
        """Give up what waited for too long, forget what is old."""
        now = self._clock.now()
        given_up = self._deliveries.give_up(tenant_id, now)
        return given_up + self._deliveries.prune(tenant_id, now - LOG_KEPT_FOR)

    def _lately_enabled(self, tenant_id: str) -> list[Webhook]:
        now = self._clock.now()
        read_at, known = self._lately.get(tenant_id, (None, []))
        if read_at is None or not timedelta() <= now - read_at < _CACHED:
            known = self.enabled(tenant_id)
            self._lately[tenant_id] = (now, known)
        return known

    def _in_use(self, tenant_id: str, webhook_id: str) -> Webhook:
        webhook = self.get(tenant_id, webhook_id)
        if not webhook.enabled:
            raise Conflict(f"The webhook '{webhook_id}' is disabled; enable it first.")
        return webhook

    def _changed(self, tenant_id: str, webhook_id: str, changes: Mapping[str, Any]) -> Webhook:
        changed = self._webhooks.change(tenant_id, webhook_id, changes)
        if changed is None:
            raise _unknown(webhook_id)
        return changed

    def _new_secret(self) -> str:
        return secret_of(self._random_bytes(_SECRET_BYTES))

    def _check_url(self, url: str) -> None:
        """What can be told without asking anybody; where a name leads to is checked at each sending."""
        sentence = problem_of_target(url, plain_http=self._plain_http, private_targets=self._private_targets)
        if sentence:
            raise InvalidInput("The address of the webhook is not valid.", problems={"url": [sentence]})


def _unknown(webhook_id: str) -> NotFound:
    return NotFound(f"There is no webhook '{webhook_id}'.")
