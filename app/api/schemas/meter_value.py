"""Meter values as charge points sent them."""

from marshmallow import Schema, fields
from marshmallow.validate import Range

from app.api.paging import PageQuery, next_cursor_field
from app.api.schemas.base import MAX_INTEGER, Time, computed, text, time, whole
from app.domain.meter import Attribution, energy_wh


class MeterValueQuery(PageQuery):
    """Which page of meter values."""

    ORDER = "-timestamp"


class ConnectorQuery(MeterValueQuery):
    """Filter of the meter values without a session."""

    connector_id = fields.Integer(
        load_default=None,
        validate=Range(0, MAX_INTEGER),
        metadata={"description": "Of this connector only; 0 is the main meter."},
    )


class MeterValueSchema(Schema):
    """One reading: a time, and what was measured then."""

    id = text("The reading.")
    timestamp = Time(attribute="reading.timestamp", metadata={"description": "When it was taken."})
    received_at = time("When it was received.")
    connector_id = whole("Which connector; 0 is the main meter.")
    transaction_id = whole("The transaction that it names.", nullable=True)
    session_id = text("The session it belongs to.", nullable=True)
    attributed = text(f"How it came to its session: {' | '.join(Attribution)}.", nullable=True)
    register_wh = computed(
        lambda kept: energy_wh(kept.reading.sampled_values),
        "number",
        "The energy register in Wh, if it is among the values.",
        nullable=True,
    )
    sampled_values = fields.List(
        fields.Dict(keys=fields.String(), values=fields.String()),
        attribute="reading.sampled_values",
        metadata={"description": "As the charge point sent them, with OCPP's names."},
    )


class MeterValuePageSchema(Schema):
    """A page of meter values."""

    items = fields.List(fields.Nested(MeterValueSchema))
    next_cursor = next_cursor_field()
