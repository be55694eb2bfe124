"""Webhooks, and what was delivered to them."""

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf

from app.api.paging import PageQuery, next_cursor_field
from app.api.schemas.base import Input, Moment, text, time, whole
from app.domain.events import EventChannel
from app.domain.webhook import DeliveryStatus

_URL = {
    "description": "Where events are sent to: https, unless this server allows http.",
    "example": "https://example.com/hooks/ocpp",
}
_CHANNELS = {
    "description": "Only events of these; none means all. With both `session` and `meter_value`, readings of "
    "sessions come twice.",
    "example": ["session", "fault"],
}
_PREFIX = {"description": "Only events of charge points whose id begins so.", "example": "DEPOT-"}


class ChangedWebhookSchema(Input):
    """What shall change; the rest stays."""

    url = fields.String(validate=Length(1, 2000), metadata=_URL)
    channels = fields.List(
        fields.Enum(EventChannel, by_value=True),
        validate=Length(max=len(EventChannel)),
        metadata=_CHANNELS,
    )
    charge_point_prefix = fields.String(validate=Length(max=255), metadata=_PREFIX)
    description = fields.String(validate=Length(max=500), metadata={"description": "For people."})
    enabled = fields.Boolean(
        metadata={"description": "false: events are not kept for it. true: what still waits is sent at once."}
    )


class NewWebhookSchema(ChangedWebhookSchema):
    """A webhook to be made."""

    url = fields.String(required=True, validate=Length(1, 2000), metadata=_URL)


class WebhookSchema(Schema):
    """A webhook. Its secret is not shown."""

    id = text("The webhook.")
    tenant_id = text("Whose it is.")
    url = text("Where events are sent to.")
    channels = fields.List(
        fields.Enum(EventChannel, by_value=True), metadata={"description": "Of which events; none: of all."}
    )
    charge_point_prefix = text("Only of charge points whose id begins so.")
    description = text("For people.")
    enabled = fields.Boolean(metadata={"description": "Whether it is fed."})
    disabled_reason = text("Why the server disabled it.", nullable=True)
    failing_since = time("Nothing has come through since then.", nullable=True)
    created_at = time("When it was made.")
    updated_at = time("When somebody changed it last.")


class WebhookWithSecretSchema(WebhookSchema):
    """A webhook with its secret, which is shown this once."""

    secret = text("Signs what is sent; keep it, it is not shown again.")


class WebhookPageSchema(Schema):
    """A page of webhooks."""

    items = fields.List(fields.Nested(WebhookSchema))
    next_cursor = next_cursor_field()


class WebhookQuery(PageQuery):
    """The list of webhooks has no filters."""

    ORDER = "id"


class DeliveryQuery(PageQuery):
    """Filters of the delivery log."""

    ORDER = "-created_at"

    status = fields.String(validate=OneOf([status.value for status in DeliveryStatus]))
    event_type = fields.String(validate=Length(1, 100))
    charge_point_id = fields.String(validate=Length(1, 255))


class DeliverySchema(Schema):
    """An event for a webhook, and what became of it."""

    id = text("The delivery; sent as `webhook-id`.")
    tenant_id = text("Whose it is.")
    webhook_id = text("For which webhook.")
    channel = text("The event's channel, or `test`.")
    event_type = text("The event's type.")
    event_id = text("The event.")
    charge_point_id = text("Whose event it is; empty for a test.")
    status = fields.Enum(
        DeliveryStatus, by_value=True, metadata={"description": "failed: it is not tried any more by itself."}
    )
    attempts = whole("How often it was sent.")
    created_at = time("When it was stored.")
    next_at = time("When it is due, while it waits.")
    last_attempt_at = time("When it was sent last.", nullable=True)
    completed_at = time("When it was delivered or given up.", nullable=True)
    response_status = whole("HTTP status of the last answer.", nullable=True)
    response_body = text("The first 500 bytes of the last answer.", nullable=True)
    error = text("Why there was no good answer, where the status does not say it.", nullable=True)


class WholeDeliverySchema(DeliverySchema):
    """With what is sent."""

    body = text("What is sent, to the letter: a JSON text.")


class DeliveryPageSchema(Schema):
    """A page of the delivery log."""

    items = fields.List(fields.Nested(DeliverySchema))
    next_cursor = next_cursor_field()


class RedeliverySchema(Input):
    """What is to be sent once more."""

    since = Moment(
        required=True,
        metadata={
            "description": "Everything stored at this moment or later that failed.",
            "example": "2026-03-01T12:00:00Z",
        },
    )


class RedeliveredSchema(Schema):
    """What will be sent once more."""

    redelivered = whole("How many deliveries wait again.")
