"""Webhooks and their deliveries in MongoDB.

A delivery is `open` while it waits; the index of what waits holds nothing else, so it stays small.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, UpdateOne
from pymongo.collection import Collection

from app.domain.events import EventChannel
from app.domain.webhook import GIVEN_UP_AFTER, ORDERED_ATTEMPTS, Delivery, DeliveryStatus, Webhook
from app.services.ports import Page, PageRequest
from app.storage.mongo import Databases, Document, members_of, store_errors
from app.storage.paging import read_page

NAME = "webhooks"
DELIVERIES = "webhook_deliveries"
_GIVEN_UP = "It waited for too long."


class MongoWebhooks:
    """Port `WebhookRepository`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def _collection(self, tenant_id: str) -> Collection[Document]:
        return self._databases.collection(tenant_id, NAME)

    def all(self, tenant_id: str) -> list[Webhook]:
        """In order of id."""
        with store_errors():
            return [_webhook_of(found) for found in self._collection(tenant_id).find().sort("_id", ASCENDING)]

    def find(self, tenant_id: str, webhook_id: str) -> Webhook | None:
        """By id."""
        with store_errors():
            document = self._collection(tenant_id).find_one({"_id": webhook_id})
        return _webhook_of(document) if document else None

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Webhook]:
        """In order of id."""
        return read_page(self._collection(tenant_id), page, _webhook_of)

    def insert(self, webhook: Webhook) -> None:
        """Ids are unique by how they are made."""
        document = _stored(asdict(webhook))
        document["_id"] = document.pop("id")
        with store_errors():
            self._collection(webhook.tenant_id).insert_one(document)

    def change(self, tenant_id: str, webhook_id: str, changes: Mapping[str, Any]) -> Webhook | None:
        """One write, so that changes from several sides do not undo each other."""
        with store_errors():
            self._collection(tenant_id).update_one({"_id": webhook_id}, {"$set": _stored(changes)})
        return self.find(tenant_id, webhook_id)

    def remove(self, tenant_id: str, webhook_id: str) -> None:
        """The webhook first: then nothing is added to what is removed next."""
        with store_errors():
            self._collection(tenant_id).delete_one({"_id": webhook_id})
            self._databases.collection(tenant_id, DELIVERIES).delete_many({"webhook_id": webhook_id})


def _stored(fields: Mapping[str, Any]) -> Document:
    return {
        name: [channel.value for channel in value] if name == "channels" else value
        for name, value in fields.items()
    }


def _webhook_of(document: Document) -> Webhook:
    channels = tuple(EventChannel(channel) for channel in document["channels"])
    return Webhook(**(members_of(Webhook, document) | {"id": document["_id"], "channels": channels}))


class MongoDeliveries:
    """Port `DeliveryRepository`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def _collection(self, tenant_id: str) -> Collection[Document]:
        return self._databases.collection(tenant_id, DELIVERIES)

    def add(self, tenant_id: str, deliveries: Sequence[Delivery]) -> None:
        """One bulk write; what is there is left alone."""
        writes = []
        for delivery in deliveries:
            document = _document_of(delivery)
            itself = {"_id": document.pop("_id")}
            writes.append(UpdateOne(itself, {"$setOnInsert": document}, upsert=True))
        with store_errors():
            self._collection(tenant_id).bulk_write(writes, ordered=False)

    def find(self, tenant_id: str, delivery_id: str) -> Delivery | None:
        """By id."""
        with store_errors():
            document = self._collection(tenant_id).find_one({"_id": delivery_id})
        return _delivery_of(document) if document else None

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Delivery]:
        """Newest first."""
        return read_page(self._collection(tenant_id), page, _delivery_of, newest_by="created_at")

    def due(self, webhook: Webhook, now: datetime, limit: int) -> list[Delivery]:
        """What an earlier failure holds back is left out."""
        waiting = {"webhook_id": webhook.id, "open": True}
        retried = {"next_at": {"$gt": now}, "attempts": {"$gt": 0, "$lt": ORDERED_ATTEMPTS}}
        with store_errors():
            collection = self._collection(webhook.tenant_id)
            held = collection.distinct("charge_point_id", waiting | retried)
            query: Document = waiting | {"next_at": {"$lte": now}}
            if held:
                query["charge_point_id"] = {"$nin": held}
            return [
                _delivery_of(found)
                for found in collection.find(query).sort("position", ASCENDING).limit(limit)
            ]

    def oldest(self, webhook: Webhook) -> Delivery | None:
        """By position."""
        waiting = {"webhook_id": webhook.id, "open": True}
        with store_errors():
            found = self._collection(webhook.tenant_id).find_one(waiting, sort=[("position", ASCENDING)])
        return _delivery_of(found) if found else None

    def record(self, tenant_id: str, deliveries: Sequence[Delivery]) -> None:
        """One bulk write. What was removed meanwhile stays away."""
        writes = []
        for delivery in deliveries:
            document = _document_of(delivery)
            writes.append(UpdateOne({"_id": document.pop("_id")}, {"$set": document}))
        if writes:
            with store_errors():
                self._collection(tenant_id).bulk_write(writes, ordered=False)

    def hasten(self, webhook: Webhook, now: datetime) -> None:
        """One write for all."""
        later = {"webhook_id": webhook.id, "open": True, "next_at": {"$gt": now}}
        with store_errors():
            self._collection(webhook.tenant_id).update_many(later, {"$set": {"next_at": now}})

    def redeliver_failed(self, webhook: Webhook, since: datetime, now: datetime) -> int:
        """One write for all."""
        failed = {
            "webhook_id": webhook.id,
            "created_at": {"$gte": since},
            "status": DeliveryStatus.FAILED.value,
        }
        again = {
            "status": DeliveryStatus.WAITING.value,
            "open": True,
            "attempts": 0,
            "next_at": now,
            "give_up_at": now + GIVEN_UP_AFTER,
            "completed_at": None,
        }
        with store_errors():
            return self._collection(webhook.tenant_id).update_many(failed, {"$set": again}).modified_count

    def give_up(self, tenant_id: str, now: datetime) -> int:
        """By the index of what waits."""
        overdue = {"open": True, "give_up_at": {"$lt": now}}
        failed = {"open": False, "status": DeliveryStatus.FAILED.value, "completed_at": now}
        with store_errors():
            written = self._collection(tenant_id).update_many(
                overdue, {"$set": failed | {"error": _GIVEN_UP}}
            )
        return written.modified_count

    def prune(self, tenant_id: str, before: datetime) -> int:
        """By the index of age."""
        old = {"created_at": {"$lt": before}, "open": False}
        with store_errors():
            return self._collection(tenant_id).delete_many(old).deleted_count


def _document_of(delivery: Delivery) -> Document:
    document = asdict(delivery)
    document["_id"] = document.pop("id")
    document["status"] = delivery.status.value
    document["open"] = delivery.status is DeliveryStatus.WAITING
    return document


def _delivery_of(document: Document) -> Delivery:
    status = DeliveryStatus(document["status"])
    return Delivery(**(members_of(Delivery, document) | {"id": document["_id"], "status": status}))
