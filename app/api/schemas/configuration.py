"""The configuration of a charge point."""

from marshmallow import Schema, fields
from marshmallow.validate import Length

from app.api.schemas.base import text, time
from app.api.schemas.command import Insisting


class ReadConfigurationSchema(Insisting):
    """Which keys to ask the charge point for."""

    keys = fields.List(
        fields.String(validate=Length(1, 50)),
        validate=Length(1, 500),
        metadata={"description": "Names of keys; all without it.", "example": ["HeartbeatInterval"]},
    )


class ChangeConfigurationSchema(Insisting):
    """Keys and the values they shall have."""

    values = fields.Dict(
        keys=fields.String(validate=Length(1, 50)),
        values=fields.Raw(),
        required=True,
        validate=Length(1, 50),
        metadata={
            "description": "Key: value. Numbers, true and false may be given as such.",
            "example": {"MeterValueSampleInterval": 60},
        },
    )


class ConfigurationKeySchema(Schema):
    """A key as the charge point last told of it."""

    key = text("As the charge point spells it.")
    value = text("null: known and not set.", nullable=True)
    readonly = fields.Boolean(allow_none=True)
    reported_at = time("When it told this value, or took it.")
    reset_needed = fields.Boolean(metadata={"description": "The value is in force after the next reset."})


class RefusedValueSchema(Schema):
    """A value that the charge point did not take."""

    key = text("In small letters.")
    value = text("What it was to be.")
    answered = fields.Boolean(metadata={"description": "false: there was no answer."})
    at = time("When that was.")


class ChargePointConfigurationSchema(Schema):
    """What is known of a charge point's configuration, without asking it."""

    charge_point_id = text("Whose it is.")
    read_at = time("When it last told all its keys.", nullable=True)
    reported_at = time("When it last told any.", nullable=True)
    reset_needed = fields.Boolean(metadata={"description": "Some key waits for a reset."})
    keys = fields.List(fields.Nested(ConfigurationKeySchema))
    unknown_keys = fields.List(fields.String(), metadata={"description": "Keys it said it does not know."})
    refused = fields.List(fields.Nested(RefusedValueSchema))
    command_id = text("The command that was sent, where one was.", nullable=True)


class ChangedKeySchema(Schema):
    """What became of one key."""

    key = text("As it was asked for.")
    command_id = text("The command; null if none was sent.", nullable=True)
    status = text("As of commands; `not_taken` if none was sent.")
    result = fields.Dict(allow_none=True, metadata={"description": "What the charge point answered."})
    error = fields.Dict(allow_none=True, metadata={"description": "Why not: code and message."})
    warnings = fields.List(fields.String())


class ChangedConfigurationSchema(Schema):
    """What became of each key, in the order given."""

    results = fields.List(fields.Nested(ChangedKeySchema))
