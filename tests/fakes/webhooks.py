"""Webhooks and their deliveries in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.domain.webhook import ORDERED_ATTEMPTS, Delivery, DeliveryStatus, Webhook
from app.services.ports import Page, PageRequest
from tests.fakes.paging import page_of


class FakeDeliveryRepository:
    """`DeliveryRepository` in memory."""

    def __init__(self) -> None:
        self._deliveries: dict[tuple[str, str], Delivery] = {}

    def add(self, tenant_id: str, deliveries: Sequence[Delivery]) -> None:
        """What is there stays."""
        for delivery in deliveries:
            self._deliveries.setdefault((tenant_id, delivery.id), delivery)

    def find(self, tenant_id: str, delivery_id: str) -> Delivery | None:
        """By id."""
        return self._deliveries.get((tenant_id, delivery_id))

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Delivery]:
        """Newest first."""
        return page_of(
            sorted(self.all(tenant_id), key=lambda one: (one.created_at, one.id), reverse=True), page
        )

    def due(self, webhook: Webhook, now: datetime, limit: int) -> list[Delivery]:
        """What an earlier failure holds back is left out."""
        waiting = self._waiting(webhook)
        held = {
            one.charge_point_id
            for one in waiting
            if one.next_at > now and 0 < one.attempts < ORDERED_ATTEMPTS
        }
        due = [one for one in waiting if one.next_at <= now and one.charge_point_id not in held]
        return due[:limit]

    def oldest(self, webhook: Webhook) -> Delivery | None:
        """By position."""
        return next(iter(self._waiting(webhook)), None)

    def record(self, tenant_id: str, deliveries: Sequence[Delivery]) -> None:
        """Of those that are still there."""
        for delivery in deliveries:
            key = (tenant_id, delivery.id)
            if key in self._deliveries:
                self._deliveries[key] = delivery

    def hasten(self, webhook: Webhook, now: datetime) -> None:
        """All that waits."""
        hastened = [replace(one, next_at=min(one.next_at, now)) for one in self._waiting(webhook)]
        self.record(webhook.tenant_id, hastened)

    def redeliver_failed(self, webhook: Webhook, since: datetime, now: datetime) -> int:
        """Of this webhook."""
        failed = [
            one
            for one in self.all(webhook.tenant_id)
            if one.webhook_id == webhook.id
            and one.status is DeliveryStatus.FAILED
            and one.created_at >= since
        ]
        self.record(webhook.tenant_id, [one.again(now) for one in failed])
        return len(failed)

    def give_up(self, tenant_id: str, now: datetime) -> int:
        """Of all webhooks."""
        overdue = [
            one
            for one in self.all(tenant_id)
            if one.status is DeliveryStatus.WAITING and one.give_up_at < now
        ]
        why = "It waited for too long."
        failed = [replace(one, status=DeliveryStatus.FAILED, completed_at=now, error=why) for one in overdue]
        self.record(tenant_id, failed)
        return len(overdue)

    def prune(self, tenant_id: str, before: datetime) -> int:
        """Of all webhooks."""
        old = [
            one
            for one in self.all(tenant_id)
            if one.status is not DeliveryStatus.WAITING and one.created_at < before
        ]
        for one in old:
            del self._deliveries[tenant_id, one.id]
        return len(old)

    def remove_of(self, tenant_id: str, webhook_id: str) -> None:
        """With its webhook."""
        for one in self.all(tenant_id):
            if one.webhook_id == webhook_id:
                del self._deliveries[tenant_id, one.id]

    def all(self, tenant_id: str) -> list[Delivery]:
        """For tests: in the order of events."""
        own = [one for (owner, _), one in self._deliveries.items() if owner == tenant_id]
        return sorted(own, key=lambda one: one.position)

    def _waiting(self, webhook: Webhook) -> list[Delivery]:
        return [
            one
            for one in self.all(webhook.tenant_id)
            if one.webhook_id == webhook.id and one.status is DeliveryStatus.WAITING
        ]


class FakeWebhookRepository:
    """`WebhookRepository` in memory."""

    def __init__(self, deliveries: FakeDeliveryRepository) -> None:
        self._deliveries = deliveries
        self._webhooks: dict[tuple[str, str], Webhook] = {}

    def all(self, tenant_id: str) -> list[Webhook]:
        """In order of id."""
        own = [webhook for (owner, _), webhook in self._webhooks.items() if owner == tenant_id]
        return sorted(own, key=lambda webhook: webhook.id)

    def find(self, tenant_id: str, webhook_id: str) -> Webhook | None:
        """By id."""
        return self._webhooks.get((tenant_id, webhook_id))

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Webhook]:
        """In order of id."""
        return page_of(self.all(tenant_id), page)

    def insert(self, webhook: Webhook) -> None:
        """Ids are unique by how they are made."""
        self._webhooks[webhook.tenant_id, webhook.id] = webhook

    def change(self, tenant_id: str, webhook_id: str, changes: Mapping[str, Any]) -> Webhook | None:
        """All at once."""
        known = self.find(tenant_id, webhook_id)
        if known is None:
            return None
        self._webhooks[tenant_id, webhook_id] = changed = replace(known, **changes)
        return changed

    def remove(self, tenant_id: str, webhook_id: str) -> None:
        """With all its deliveries."""
        self._webhooks.pop((tenant_id, webhook_id), None)
        self._deliveries.remove_of(tenant_id, webhook_id)
