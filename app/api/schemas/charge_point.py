"""Charge points."""

from typing import Any

from marshmallow import Schema, fields, post_dump, pre_load
from marshmallow.validate import OneOf, Regexp

from app.api.paging import PageQuery, next_cursor_field
from app.api.schemas.base import Input, also_called, computed, same_as_id, text, time, whole
from app.domain.charge_point import Availability, ChargePoint, Registration

IDENTITY = Regexp(r"[^/\x00-\x1f\x7f]{1,64}\Z", error="Use 1 to 64 characters without '/' or control bytes.")


class NewChargePointSchema(Input):
    """A charge point to be made known before it connects."""

    id = fields.String(required=True, validate=IDENTITY, metadata={"description": "Its OCPP identity."})

    @pre_load
    def _by_either_name(self, data: Any, **_: Any) -> Any:
        return also_called("id", "charge_point_id", data)


class ChargePointQuery(PageQuery):
    """Filters of the list of charge points."""

    registration = fields.String(validate=OneOf([kind.value for kind in Registration]))


class ConnectorSchema(Schema):
    """A connector as last reported; 0 is the charge point as a whole."""

    id = whole("Number of the connector.")
    status = text("OCPP's ChargePointStatus.")
    error_code = text("OCPP's ChargePointErrorCode; NoError where all is well.")
    info = text("What the charge point adds to it.", nullable=True)
    last_update = time("When that was.")
    stale = fields.Boolean(metadata={"description": "The charge point is offline: nobody knows any better."})


def _from_inventory(description: str, *keys: str) -> fields.Function:
    """The first of `keys` that the last BootNotification gave."""

    def get(charge_point: ChargePoint) -> Any:
        return next((charge_point.inventory[key] for key in keys if charge_point.inventory.get(key)), None)

    return computed(get, "string", description, nullable=True)


class ChargePointSchema(Schema):
    """A charge point."""

    id = text("Its OCPP identity.")
    charge_point_id = same_as_id()
    tenant_id = text("Whose it is.")
    model = _from_inventory("As it says of itself when it boots.", "charge_point_model")
    vendor = _from_inventory("As it says of itself when it boots.", "charge_point_vendor")
    serial_number = _from_inventory(
        "As it says of itself when it boots.", "charge_point_serial_number", "charge_box_serial_number"
    )
    firmware_version = _from_inventory("As it says of itself when it boots.", "firmware_version")
    status = fields.String(attribute="availability", metadata={"description": " | ".join(Availability)})
    connected = fields.Boolean(
        attribute="is_live", metadata={"description": "On the line, and heard recently enough."}
    )
    registration = text(" | ".join(Registration) + "; null before its first BootNotification.", nullable=True)
    connectors = fields.List(fields.Nested(ConnectorSchema), metadata={"description": "As last reported."})
    configuration = fields.Dict(metadata={"description": "Intervals it was told, in seconds."})
    last_seen = time("When it was last heard.", nullable=True)
    last_boot = time("When it last booted.", nullable=True)
    created_at = time("When it became known.", nullable=True)

    @post_dump(pass_original=True)
    def _mark_stale(self, shown: dict[str, Any], charge_point: ChargePoint, **_: Any) -> dict[str, Any]:
        for connector in shown["connectors"]:
            connector["stale"] = not charge_point.is_live
        return shown


class ChargePointPageSchema(Schema):
    """A page of charge points."""

    items = fields.List(fields.Nested(ChargePointSchema))
    next_cursor = next_cursor_field()
