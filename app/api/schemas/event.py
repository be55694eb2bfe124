"""Live events."""

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length

from app.api.schemas.base import text, whole
from app.domain.events import EventChannel

LIVE = (EventChannel.STATUS, EventChannel.SESSION, EventChannel.METER_VALUE, EventChannel.FAULT)


class _Types(fields.String):
    """Types with commas between, loaded as channels."""

    def _deserialize(self, value, attr, data, **kwargs):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, ANN003
        known = {channel.value: channel for channel in LIVE}
        names = [name.strip() for name in super()._deserialize(value, attr, data, **kwargs).split(",")]
        if unknown := sorted(set(names) - set(known)):
            raise ValidationError(f"Unknown: {', '.join(unknown)}. Known: {', '.join(known)}.")
        return frozenset(known[name] for name in names)


class EventsQuery(Schema):
    """Which events, and from where on."""

    charge_point_id = fields.String(
        validate=Length(1, 255), load_default=None, metadata={"description": "Of this charge point only."}
    )
    types = _Types(
        load_default=frozenset(LIVE),
        metadata={
            "description": f"Of {', '.join(LIVE)}: some, with commas between; all if left out.",
            "example": "status,session",
        },
    )
    last_event_id = fields.String(
        validate=Length(1, 60),
        load_default=None,
        metadata={"description": "Go on after this one; the header `Last-Event-ID` means the same."},
    )
    ticket = fields.String(
        validate=Length(1, 100),
        load_default=None,
        metadata={"description": "Of `POST /api/v1/events/ticket`, instead of a token."},
    )


class TicketSchema(Schema):
    """A ticket to the stream of events."""

    ticket = text("Put it into the address: `?ticket=`. Good for one request.")
    expires_in = whole("Seconds that it lives.")
