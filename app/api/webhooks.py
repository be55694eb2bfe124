"""Webhooks over HTTP. Secrets are shown when they are made, and never again."""

from datetime import datetime
from typing import Any

from flask import url_for

from app.api.blueprint import Blueprint, problems
from app.api.caller import current_caller
from app.api.current import services
from app.api.paging import page_request
from app.api.permissions import requires
from app.api.schemas.webhook import (
    ChangedWebhookSchema,
    DeliveryPageSchema,
    DeliveryQuery,
    DeliverySchema,
    NewWebhookSchema,
    RedeliveredSchema,
    RedeliverySchema,
    WebhookPageSchema,
    WebhookQuery,
    WebhookSchema,
    WebhookWithSecretSchema,
    WholeDeliverySchema,
)
from app.api.tenancy import current_tenant
from app.domain.api_key import check_within
from app.domain.permissions import Permission
from app.domain.webhook import Delivery, Webhook
from app.services.ports import Page

webhooks = Blueprint(
    "webhooks", __name__, url_prefix="/api/v1/webhooks", description="Events sent to addresses of yours."
)


@webhooks.get("")
@requires(Permission.WEBHOOKS_READ)
@webhooks.query(WebhookQuery)
@webhooks.answers(200, WebhookPageSchema, "A page of webhooks.")
def list_webhooks(query: dict[str, Any]) -> Page[Webhook]:
    """List webhooks

    In order of id.
    """
    return services().webhooks.list_page(current_tenant().id, page_request(query))


@webhooks.post("")
@requires(Permission.WEBHOOKS_MANAGE)
@webhooks.body(NewWebhookSchema)
@webhooks.answers(201, WebhookWithSecretSchema, "The webhook with its secret; its address is in Location.")
@problems(400, 415)
def create_webhook(body: dict[str, Any]) -> tuple[Webhook, int, dict[str, str]]:
    """Create a webhook

    Its secret is shown in this answer only. Events from now on are sent to it, a second later at most. A
    tenant has 20 webhooks at most (403 `quota_exceeded`).
    """
    check_within(frozenset({Permission.EVENTS_READ}), current_caller().permissions)
    made = services().webhooks.create(current_tenant().id, body.pop("url"), body)
    return made, 201, {"Location": url_for("webhooks.get_webhook", webhook_id=made.id)}


@webhooks.get("/<webhook_id>")
@requires(Permission.WEBHOOKS_READ)
@webhooks.answers(200, WebhookSchema, "The webhook.")
def get_webhook(webhook_id: str) -> Webhook:
    """Show a webhook

    With how it is doing: `failing_since`, and `disabled_reason` where the server gave up.
    """
    return services().webhooks.get(current_tenant().id, webhook_id)


@webhooks.patch("/<webhook_id>")
@requires(Permission.WEBHOOKS_MANAGE)
@webhooks.body(ChangedWebhookSchema)
@webhooks.answers(200, WebhookSchema, "The webhook.")
@problems(400, 415)
def change_webhook(body: dict[str, Any], webhook_id: str) -> Webhook:
    """Change a webhook

    What the body does not name stays as it is. What waits goes to the new address.
    """
    check_within(frozenset({Permission.EVENTS_READ}), current_caller().permissions)
    return services().webhooks.change(current_tenant().id, webhook_id, body)


@webhooks.delete("/<webhook_id>")
@requires(Permission.WEBHOOKS_MANAGE)
@webhooks.response(204, description="It is gone, with its delivery log.")
def delete_webhook(webhook_id: str) -> None:
    """Delete a webhook

    With its delivery log; what waits is not sent.
    """
    services().webhooks.remove(current_tenant().id, webhook_id)


@webhooks.post("/<webhook_id>/secret")
@requires(Permission.WEBHOOKS_MANAGE)
@webhooks.answers(200, WebhookWithSecretSchema, "The webhook with its new secret.")
def rotate_webhook_secret(webhook_id: str) -> Webhook:
    """Get a new secret

    It is shown in this answer only. For 24 hours everything is signed with the old one too, so that
    receivers can be changed one after the other.
    """
    return services().webhooks.rotate_secret(current_tenant().id, webhook_id)


@webhooks.post("/<webhook_id>/test")
@requires(Permission.WEBHOOKS_MANAGE)
@webhooks.answers(202, WholeDeliverySchema, "The delivery; its address is in Location.")
@problems(409)
def try_webhook(webhook_id: str) -> tuple[Delivery, int, dict[str, str]]:
    """Try a webhook

    Sends it an event of the type `test`. What came of it, the delivery says a moment later.
    """
    delivery = services().webhooks.try_out(current_tenant().id, webhook_id)
    return delivery, 202, _location(delivery)


@webhooks.post("/<webhook_id>/redeliver")
@requires(Permission.WEBHOOKS_MANAGE)
@webhooks.body(RedeliverySchema)
@webhooks.answers(202, RedeliveredSchema, "How many will be sent once more.")
@problems(400, 409, 415)
def redeliver_failed(body: dict[str, datetime], webhook_id: str) -> tuple[dict[str, int], int]:
    """Send again what failed

    Everything that was stored since then and has failed. It keeps its ids, by which receivers can tell what
    they have already.
    """
    count = services().webhooks.redeliver_failed(current_tenant().id, webhook_id, body["since"])
    return {"redelivered": count}, 202


@webhooks.get("/<webhook_id>/deliveries")
@requires(Permission.WEBHOOKS_READ)
@webhooks.query(DeliveryQuery)
@webhooks.answers(200, DeliveryPageSchema, "A page of deliveries.")
def list_deliveries(query: dict[str, Any], webhook_id: str) -> Page[Delivery]:
    """List deliveries

    Newest first. They are kept for seven days.
    """
    return services().webhooks.list_deliveries(current_tenant().id, webhook_id, page_request(query))


@webhooks.get("/<webhook_id>/deliveries/<delivery_id>")
@requires(Permission.WEBHOOKS_READ)
@webhooks.answers(200, WholeDeliverySchema, "The delivery.")
def get_delivery(webhook_id: str, delivery_id: str) -> Delivery:
    """Show a delivery

    With what is sent, to the letter.
    """
    return services().webhooks.get_delivery(current_tenant().id, webhook_id, delivery_id)


@webhooks.post("/<webhook_id>/deliveries/<delivery_id>/redeliver")
@requires(Permission.WEBHOOKS_MANAGE)
@webhooks.answers(202, DeliverySchema, "The delivery, which waits again; its address is in Location.")
@problems(409)
def redeliver(webhook_id: str, delivery_id: str) -> tuple[Delivery, int, dict[str, str]]:
    """Send a delivery once more

    Whatever became of it before. It keeps its id.
    """
    delivery = services().webhooks.redeliver(current_tenant().id, webhook_id, delivery_id)
    return delivery, 202, _location(delivery)


def _location(delivery: Delivery) -> dict[str, str]:
    address = url_for("webhooks.get_delivery", webhook_id=delivery.webhook_id, delivery_id=delivery.id)
    return {"Location": address}
