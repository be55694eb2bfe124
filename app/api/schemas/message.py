"""The OCPP message log."""

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf

from app.api.paging import PageQuery, next_cursor_field
from app.api.schemas.base import moment, text, time


class MessageQuery(PageQuery):
    """Filters of the message log."""

    ORDER = "-received_at"

    charge_point_id = fields.String(validate=Length(1, 255))
    direction = fields.String(
        validate=OneOf(["in", "out"]), metadata={"description": "in: from the charge point."}
    )
    action = fields.String(
        validate=Length(1, 100),
        metadata={"description": "OCPP's name; `(stray)` for frames that are no calls."},
    )
    unique_id = fields.String(validate=Length(1, 255))
    from_at = moment("from", "Received at this moment or later.")
    to_at = moment("to", "Received before this moment.")
    errors = fields.Boolean(metadata={"description": "true: only what was answered with a CALLERROR."})


class MessageSchema(Schema):
    """A frame and its answer."""

    id = text("The entry of the log.")
    tenant_id = text("Whose it is.")
    charge_point_id = text("Who sent or got it.")
    direction = text("in: the charge point called; out: it was called.")
    action = text("OCPP's name; `(stray)` for a frame that is no call.")
    unique_id = text("The call's id; of a call to the charge point, the command's.")
    received_at = time("When it was received; of a call to the charge point, when it was answered.")
    request = text("The call as it was on the wire.")
    response = text("The answer as it was on the wire; empty without one. For a stray frame: what is wrong.")


class MessagePageSchema(Schema):
    """A page of the message log."""

    items = fields.List(fields.Nested(MessageSchema))
    next_cursor = next_cursor_field()
