"""Dead letters."""

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf

from app.api.paging import PageQuery, next_cursor_field
from app.api.schemas.base import text, time, whole
from app.domain.dead_letter import DeadLetterStatus


class DeadLetterQuery(PageQuery):
    """Filters of the list of dead letters."""

    ORDER = "-first_at"

    charge_point_id = fields.String(validate=Length(1, 255))
    action = fields.String(validate=Length(1, 100), metadata={"description": "OCPP's name."})
    status = fields.String(validate=OneOf([status.value for status in DeadLetterStatus]))


class DeadLetterSchema(Schema):
    """A call, or a gateway's report of a command, that no code could handle."""

    id = text("The dead letter; the log has what happened under the same `dead_letter_id`.")
    tenant_id = text("Whose it is.")
    charge_point_id = text("Whose call it was, or who was commanded.")
    kind = text("call: the charge point said it; report: a gateway, of a command that has ended since.")
    action = text("OCPP's name; empty where it could not be read.")
    frame = text("What was on the wire.")
    connection_id = text("On which connection it first came; of a report null.", nullable=True)
    epoch = whole("Which of the charge point's connections that was; of a report null.", nullable=True)
    sequence = whole("Which of the calls on it; of a report null.", nullable=True)
    received_at = time("When it first came.")
    error = text("What broke: the name of the exception.")
    reason = text("And its words.")
    count = whole("How often it came, or was replayed, and broke.")
    first_at = time("When it first broke.")
    last_at = time("When it last broke.")
    status = text(" | ".join(DeadLetterStatus))
    answer = text("What the last replay would have answered; null if there was none.", nullable=True)
    settled_at = time("When it was last replayed or discarded.", nullable=True)


class DeadLetterPageSchema(Schema):
    """A page of dead letters."""

    items = fields.List(fields.Nested(DeadLetterSchema))
    next_cursor = next_cursor_field()
