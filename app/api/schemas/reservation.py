"""Reservations."""

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Range

from app.api.paging import PageQuery, next_cursor_field
from app.api.schemas.base import MAX_INTEGER, text, time, whole
from app.api.schemas.command import CommandOptions
from app.domain.reservation import ReservationStatus


class NewReservationSchema(CommandOptions):
    """A connector to be kept free."""

    charge_point_id = fields.String(required=True, validate=Length(1, 255))
    connector_id = fields.Integer(
        required=True,
        strict=True,
        validate=Range(0, MAX_INTEGER),
        metadata={"description": "0: any connector of the charge point, where it can do that."},
    )
    id_tag = fields.String(
        required=True, validate=Length(1, 20), metadata={"description": "For whom.", "example": "DEMO-TAG-1"}
    )
    expires_at = fields.String(
        required=True,
        metadata={"format": "date-time", "description": "Until when.", "example": "2026-12-31T18:00:00Z"},
    )
    parent_id_tag = fields.String(
        validate=Length(1, 20), metadata={"description": "Every id tag of this group may use it as well."}
    )
    reservation_id = fields.Integer(
        strict=True,
        validate=Range(0, MAX_INTEGER),
        metadata={"description": "OCPP's number of it; made if left out. One that is in use is replaced."},
    )


class ReservationQuery(PageQuery):
    """Filters of the list of reservations."""

    ORDER = "-created_at"

    charge_point_id = fields.String(validate=Length(1, 255))
    status = fields.String(validate=OneOf([status.value for status in ReservationStatus]))
    id_tag = fields.String(validate=Length(1, 255), metadata={"description": "In any case of letters."})


class ReservationSchema(Schema):
    """A reservation and what became of it."""

    id = text("The reservation.")
    command_id = fields.String(
        attribute="id",
        dump_only=True,
        metadata={"description": "The command that asked for it; the same as `id`."},
    )
    tenant_id = text("Whose it is.")
    charge_point_id = text("Where it is.")
    connector_id = whole("Which connector; 0: any.")
    reservation_id = whole("OCPP's number of it.")
    id_tag = text("For whom.")
    parent_id_tag = text("The group that may use it as well.", nullable=True)
    expires_at = time("Until when.")
    status = text(" | ".join(ReservationStatus))
    reason = text(
        "More of the status: the charge point's word for a refusal, what ended it, why nobody knows.",
        nullable=True,
    )
    transaction_id = whole("The transaction that used it.", nullable=True)
    created_at = time("When it was asked for.")
    changed_at = time("When its status changed last.")


class ReservationPageSchema(Schema):
    """A page of reservations."""

    items = fields.List(fields.Nested(ReservationSchema))
    next_cursor = next_cursor_field()
