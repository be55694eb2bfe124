"""Charging sessions."""

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Range

from app.api.current import services
from app.api.paging import PageQuery, next_cursor_field
from app.api.schemas.base import computed, moment, same_as_id, text, time, whole
from app.domain.session import MAX_TRANSACTION_ID, FaultReason, Review, Session, SessionStatus


class SessionFilters(Schema):
    """Which sessions."""

    charge_point_id = fields.String(validate=Length(1, 255))
    status = fields.String(validate=OneOf([status.value for status in SessionStatus]))
    transaction_id = fields.Integer(validate=Range(-MAX_TRANSACTION_ID, MAX_TRANSACTION_ID))
    id_tag = fields.String(validate=Length(1, 255))
    connector_id = fields.Integer(validate=Range(0, MAX_TRANSACTION_ID))
    from_at = moment("from", "Started at this moment or later.")
    to_at = moment("to", "Started before this moment.")
    needs_review = fields.Boolean(
        data_key="review",
        metadata={"description": "true: what a person should look at; false: the others."},
    )


class SessionQuery(SessionFilters, PageQuery):
    """Filters of the list of sessions."""

    ORDER = "-start_time"


class EnergyValueSchema(Schema):
    """A reading of the energy register."""

    timestamp = time("When it was read.")
    value = fields.Float(metadata={"description": "The reading."})
    unit = text("Wh")


def _duration_seconds(session: Session) -> int | None:
    """Of an active session: until now."""
    return session.duration_seconds_at(session.stop_time or services().clock.now())


def _counts(session: Session) -> dict[str, int]:
    return {how.value: count for how, count in services().meter_values.count_by_attribution(session).items()}


class SessionSchema(Schema):
    """A charging session: one OCPP transaction."""

    id = text("The session.")
    session_id = same_as_id()
    tenant_id = text("Whose it is.")
    charge_point_id = text("Where it happens.")
    connector_id = whole("Which connector; null for a stop that no start was known of.", nullable=True)
    transaction_id = whole("OCPP's number of it.")
    id_tag = text("Who started it.", nullable=True)
    authorization_status = text("What the charge point was told about the id tag.", nullable=True)
    status = text(" | ".join(SessionStatus))
    start_time = time("As the charge point said.", nullable=True)
    stop_time = time("As the charge point said, or as `estimated`.", nullable=True)
    raw_start_time = text("What the charge point wrote, where that cannot be.", nullable=True)
    raw_stop_time = text("What the charge point wrote, where that cannot be.", nullable=True)
    start_meter_value = whole("Energy register at the start, in Wh.", nullable=True)
    stop_meter_value = whole("Energy register at the stop, in Wh.", nullable=True)
    stop_reason = text("OCPP's reason of the stop.", nullable=True)
    stop_id_tag = text("Who stopped it, where the charge point says so.", nullable=True)
    fault_reason = text(f"Why the status is faulted: {' | '.join(FaultReason)}.", nullable=True)
    estimated = fields.Boolean(
        metadata={"description": "The end is a guess, because no stop came; a late stop overwrites it."}
    )
    reservation_id = whole("The reservation it used.", nullable=True)
    review = fields.List(
        fields.String(), metadata={"description": f"What a person should look at: {', '.join(Review)}."}
    )
    energy_wh = computed(
        lambda session: session.energy_wh, "number", "Energy delivered so far, in Wh.", nullable=True
    )
    duration_seconds = computed(_duration_seconds, "integer", "From start to stop or to now.", nullable=True)
    attributed = computed(
        _counts, "object", "How many readings came by their `transaction`, and how many by their `time`."
    )
    meter_values = fields.List(
        fields.Nested(EnergyValueSchema), metadata={"description": "The energy register over time."}
    )


class ListedSessionSchema(SessionSchema):
    """A charging session as lists show it: without its meter values, of which there may be thousands."""

    class Meta:
        """marshmallow's settings."""

        exclude = ("attributed", "meter_values")


LISTED = ListedSessionSchema()


class SessionPageSchema(Schema):
    """A page of sessions."""

    items = fields.List(fields.Nested(ListedSessionSchema))
    next_cursor = next_cursor_field()
