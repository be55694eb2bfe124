"""Commands."""

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Range

from app.api.paging import PageQuery, next_cursor_field
from app.api.schemas.base import ID_TEXT, Input, Number, same_as_id, text, time
from app.api.schemas.guarded import Guarded
from app.domain.command import CommandStatus

MAX_WAIT_S = 60
WEEK_S = 7 * 86_400


class Insisting(Input):
    """A body that makes a command which may look like a mistake."""

    force = fields.Boolean(
        load_default=False,
        metadata={"description": "Send it although it looks like a mistake (409 `needs_force`)."},
    )


class CommandOptions(Insisting):
    """A body that makes a command, which its caller may name and limit in time."""

    command_id = fields.String(
        validate=ID_TEXT,
        metadata={"description": "Your own id for it; sent again, it answers the command that exists."},
    )
    expires_in = Number(
        validate=Range(1, WEEK_S),
        metadata={"description": "Seconds after which it is not sent any more; else as the tenant sets."},
    )


class NewCommandSchema(CommandOptions):
    """A wish for a charge point."""

    command_type = fields.String(
        required=True,
        validate=Length(1, 100),
        metadata={
            "description": "`remote_start`, `remote_stop`, or an OCPP action such as `Reset`.",
            "example": "remote_start",
        },
    )
    parameters = fields.Dict(
        keys=fields.String(),
        load_default=dict,
        metadata={
            "description": "What the action takes, in snake_case.",
            "example": {"id_tag": "DEMO-TAG-1", "connector_id": 1},
        },
    )


class WaitQuery(Schema):
    """How long to hold the answer."""

    wait = fields.Float(
        load_default=0.0,
        validate=Range(0, MAX_WAIT_S),
        metadata={"description": "Seconds to wait for the command's end; a busy server may answer earlier."},
    )


class InsistingQuery(WaitQuery):
    """For a request that has no body."""

    force = fields.Boolean(
        load_default=False, metadata={"description": "Send it although it looks like a mistake."}
    )


class CommandQuery(PageQuery):
    """Filters of the list of commands."""

    ORDER = "-created_at"

    charge_point_id = fields.String(validate=Length(1, 255))
    status = fields.String(validate=OneOf([status.value for status in CommandStatus]))
    action = fields.String(validate=Length(1, 100), metadata={"description": "OCPP's name, as `Reset`."})


class CommandSchema(Guarded):
    """A command and what became of it."""

    id = text("The command.")
    command_id = same_as_id()
    charge_point_id = text("Whom it is for.")
    tenant_id = text("Whose it is.")
    command_type = text("As it was asked for.")
    action = text("OCPP's name of it.")
    parameters = fields.Dict(metadata={"description": "As they were given, with what was made here."})
    status = text(" | ".join(CommandStatus))
    created_at = time("When it was taken.")
    expires_at = time("When it will not be sent any more.")
    sent_at = time("When it went to the charge point.", nullable=True)
    completed_at = time("When it ended.", nullable=True)
    result = fields.Dict(allow_none=True, metadata={"description": "What the charge point answered."})
    error = fields.Dict(allow_none=True, metadata={"description": "Why it failed: code and message."})
    warnings = fields.List(fields.String(), metadata={"description": "What to know beside the result."})
    requested_by = text("The user's id, or mqtt.")


class EffectSchema(Schema):
    """The message that shows that a command was done."""

    command_id = text("The command.")
    seen_at = time("When the message came; null: not seen.", nullable=True)
    what = text("OCPP's name of the message.", nullable=True)
    message_id = text("Its entry in the message log.", nullable=True)


class CommandPageSchema(Schema):
    """A page of commands."""

    items = fields.List(fields.Nested(CommandSchema))
    next_cursor = next_cursor_field()
