"""Charge points."""

from typing import Any

from marshmallow import Schema, fields, post_dump, pre_load
from marshmallow.validate import Length, OneOf, Range, Regexp

from app.api.paging import PageQuery, next_cursor_field
from app.api.schemas.base import Input, also_called, computed, same_as_id, text, time, whole
from app.domain.charge_point import IDENTITY_TEXT, Availability, ChargePoint, ConnectorRating, Registration

IDENTITY = Regexp(rf"{IDENTITY_TEXT}\Z", error="Use 1 to 128 characters without '/' or control bytes.")


class NewChargePointSchema(Input):
    """A charge point to be made known before it connects."""

    id = fields.String(required=True, validate=IDENTITY, metadata={"description": "Its OCPP identity."})

    @pre_load
    def _by_either_name(self, data: Any, **_: Any) -> Any:
        return also_called("id", "charge_point_id", data)


class ChargePointQuery(PageQuery):
    """Filters of the list of charge points."""

    ORDER = "id"

    registration = fields.String(
        validate=OneOf([kind.value for kind in Registration]),
        metadata={"description": "What its last BootNotification was answered."},
    )
    admission = fields.String(
        validate=OneOf([kind.value for kind in Registration]),
        metadata={"description": "What its next BootNotification will be answered."},
    )
    connected = fields.Boolean(metadata={"description": "On the line, and heard recently enough."})
    status = fields.String(
        validate=OneOf([kind.value for kind in Availability]),
        metadata={"description": "One word for the whole charge point, as it is shown."},
    )
    model = fields.String(validate=Length(1, 255))
    vendor = fields.String(validate=Length(1, 255))
    prefix = fields.String(validate=Length(1, 255), metadata={"description": "What the id begins with."})
    search = fields.String(
        validate=Length(1, 255), metadata={"description": "What the id contains, in any case."}
    )


class DecisionSchema(Input):
    """Whether a charge point is admitted."""

    status = fields.String(
        required=True,
        validate=OneOf([kind.value for kind in Registration]),
        metadata={"description": "What its next BootNotification is answered."},
    )
    trigger_boot = fields.Boolean(
        load_default=False,
        metadata={"description": "Ask a pending one that is connected to boot now."},
    )


class RatingSchema(Input):
    """What OCPP does not say of a connector."""

    id = fields.Integer(required=True, strict=True, validate=Range(1, 1000))
    type = fields.String(
        allow_none=True, validate=Length(1, 50), metadata={"example": "Type2", "description": "Its kind."}
    )
    max_power = fields.Integer(
        allow_none=True, strict=True, validate=Range(1, 10_000_000), metadata={"description": "In W."}
    )


class ChangedChargePointSchema(Input):
    """How a charge point is treated. What is left out stays."""

    settings = fields.Dict(
        keys=fields.String(),
        load_default=dict,
        metadata={"example": {"strict": False, "time_zone": "Europe/Berlin"}},
    )
    connectors = fields.List(fields.Nested(RatingSchema), load_default=list, validate=Length(0, 100))


class RemovalQuery(Schema):
    """How to remove a charge point."""

    force = fields.Boolean(
        load_default=False, metadata={"description": "Although it is connected or has a running session."}
    )


class RegistrationSchema(Schema):
    """Whether a charge point is admitted, and what it was told."""

    charge_point_id = fields.String(attribute="charge_point.id", metadata={"description": "Whose it is."})
    admission = fields.String(
        attribute="charge_point.admission",
        metadata={"description": "What its next BootNotification will be answered."},
    )
    registration = fields.String(
        attribute="charge_point.registration",
        allow_none=True,
        metadata={"description": "What its last one was answered; null before the first."},
    )
    command_id = text("The command that asks it to boot, where one was sent.", nullable=True)


class SettingsSchema(Schema):
    """How one charge point is treated."""

    strict = fields.Boolean(metadata={"description": "What breaches the standard is refused, not mended."})
    accept_missing_subprotocol = fields.Boolean(
        metadata={"description": "It may offer no WebSocket subprotocol."}
    )
    ping_interval_s = whole(
        "Seconds between WebSocket pings; 0: none; null: as the tenant sets.", nullable=True
    )
    compression = fields.Boolean(metadata={"description": "Its frames may be compressed."})
    time_zone = text("Zone of its times without an offset; null: UTC.", nullable=True)
    command_timeout_s = whole("Seconds it has for an answer; null: as the tenant sets.", nullable=True)


class SecuritySchema(Schema):
    """How a charge point proves who it is."""

    profile = whole("Its security profile, 0 to 3.")
    pending_profile = whole("The one it was asked to use and is not known to use yet.", nullable=True)
    has_key = computed(
        lambda security: security.key_hash is not None, "boolean", "An AuthorizationKey is set."
    )


class ConnectorSchema(Schema):
    """A connector as last reported; 0 is the charge point as a whole."""

    id = whole("Number of the connector.")
    status = text("OCPP's ChargePointStatus.")
    error_code = text("OCPP's ChargePointErrorCode; NoError where all is well.")
    info = text("What the charge point adds to it.", nullable=True)
    last_update = time("When that was.")
    stale = fields.Boolean(metadata={"description": "The charge point is offline: nobody knows any better."})
    wanted = text("Operative or Inoperative, as it last agreed to be; null: never asked.", nullable=True)
    type = text("Its kind, as its operator entered it.", nullable=True)
    max_power = whole("In W, as its operator entered it.", nullable=True)


def _from_inventory(key: str) -> fields.Function:
    """As the last BootNotification gave it."""
    return computed(
        lambda charge_point: charge_point.inventory.get(key) or None,
        "string",
        "As it says of itself when it boots.",
        nullable=True,
    )


class ChargePointSchema(Schema):
    """A charge point."""

    id = text("Its OCPP identity.")
    charge_point_id = same_as_id()
    tenant_id = text("Whose it is.")
    model = _from_inventory("charge_point_model")
    vendor = _from_inventory("charge_point_vendor")
    serial_number = computed(
        lambda charge_point: next(iter(charge_point.serial_numbers), None),
        "string",
        "As it says of itself when it boots.",
        nullable=True,
    )
    firmware_version = _from_inventory("firmware_version")
    status = fields.String(attribute="availability", metadata={"description": " | ".join(Availability)})
    connected = fields.Boolean(
        attribute="is_live", metadata={"description": "On the line, and heard recently enough."}
    )
    registration = text(" | ".join(Registration) + "; null before its first BootNotification.", nullable=True)
    admission = text("What its next BootNotification will be answered.")
    connectors = fields.List(fields.Nested(ConnectorSchema), metadata={"description": "As last reported."})
    settings = fields.Nested(SettingsSchema)
    security = fields.Nested(SecuritySchema)
    configuration = fields.Dict(metadata={"description": "Intervals it was told, in seconds."})
    last_seen = time("When it was last heard.", nullable=True)
    last_boot = time("When it last booted.", nullable=True)
    created_at = time("When it became known.", nullable=True)
    revision = whole("How often an operator changed it; the ETag begins with it.")

    @post_dump(pass_original=True)
    def _complete_connectors(
        self, shown: dict[str, Any], charge_point: ChargePoint, **_: Any
    ) -> dict[str, Any]:
        for connector in shown["connectors"]:
            rating = charge_point.ratings.get(connector["id"], ConnectorRating())
            connector["stale"] = not charge_point.is_live
            connector["wanted"] = charge_point.wanted_availability.get(connector["id"])
            connector["type"], connector["max_power"] = rating.type, rating.max_power
        return shown


class ChargePointPageSchema(Schema):
    """A page of charge points."""

    items = fields.List(fields.Nested(ChargePointSchema))
    next_cursor = next_cursor_field()
