"""Charging profiles: templates, what is installed, and what follows from it."""

from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Range

from app.api.paging import PageQuery, next_cursor_field
from app.api.schemas.base import ID_TEXT, MAX_INTEGER, Input, Number, computed, text, time, whole
from app.api.schemas.command import CommandOptions, InsistingQuery, WaitQuery
from app.domain.charging_profile import Kind, Purpose, RateUnit, Recurrency, as_fields

MAX_DURATION_S = 31 * 86_400
_MOMENT = {"format": "date-time", "example": "2026-12-31T18:00:00Z"}


def _whole(description: str, low: int = 0) -> fields.Integer:
    return fields.Integer(
        strict=True, validate=Range(low, MAX_INTEGER), metadata={"description": description}
    )


class PeriodSchema(Input):
    """A limit from `start_period` seconds on."""

    start_period = fields.Integer(required=True, strict=True, metadata={"description": "Seconds; first 0."})
    limit = Number(required=True, metadata={"description": "One digit behind the point.", "example": 16.1})
    number_phases = fields.Integer(strict=True, metadata={"description": "1 to 3; three if left out."})


class ScheduleSchema(Input):
    """Limits over time."""

    duration = _whole("Seconds; without it the last period goes on.", 1)
    start_schedule = fields.String(metadata=_MOMENT)
    charging_rate_unit = fields.String(
        required=True,
        validate=OneOf(list(RateUnit)),
        metadata={"description": "A for each phase, or W for all phases together."},
    )
    charging_schedule_period = fields.List(fields.Nested(PeriodSchema), required=True)
    min_charging_rate = Number(metadata={"description": "Below it charging makes no sense."})


class ProfileSchema(Input):
    """A charging profile, with OCPP's names in snake_case (OCPP 1.6 7.8)."""

    charging_profile_id = _whole("OCPP's id of it; each charge point has each once.")
    transaction_id = _whole("Of a TxProfile.", 1)
    stack_level = fields.Integer(
        required=True, strict=True, metadata={"description": "The highest valid one rules."}
    )
    charging_profile_purpose = fields.String(required=True, validate=OneOf(list(Purpose)))
    charging_profile_kind = fields.String(required=True, validate=OneOf(list(Kind)))
    recurrency_kind = fields.String(validate=OneOf(list(Recurrency)))
    valid_from = fields.String(metadata=_MOMENT)
    valid_to = fields.String(metadata=_MOMENT)
    charging_schedule = fields.Nested(ScheduleSchema, required=True)


class TemplateBodySchema(Input):
    """What a template holds."""

    profile = fields.Nested(ProfileSchema, required=True)
    description = fields.String(allow_none=True, load_default=None, validate=Length(0, 500))


class NewTemplateSchema(TemplateBodySchema):
    """A template to be kept."""

    name = fields.String(required=True, validate=ID_TEXT, metadata={"example": "night-6a"})


class TemplateQuery(PageQuery):
    """Which page of templates."""

    ORDER = "name"


class TemplateSchema(Schema):
    """A charging profile by name."""

    name = text("By which it is assigned.")
    description = text("For people.", nullable=True)
    profile = fields.Nested(ProfileSchema)
    created_at = time("When it was made.")
    updated_at = time("When it was changed last.")


class TemplatePageSchema(Schema):
    """A page of templates."""

    items = fields.List(fields.Nested(TemplateSchema))
    next_cursor = next_cursor_field()


class AssignmentSchema(CommandOptions):
    """A profile for one charge point: give `template` or `profile`."""

    connector_id = fields.Integer(
        required=True,
        strict=True,
        validate=Range(0, MAX_INTEGER),
        metadata={"description": "0: the charge point as a whole, or every connector."},
    )
    template = fields.String(validate=Length(1, 128), metadata={"description": "Name of a template."})
    profile = fields.Nested(ProfileSchema)
    charging_profile_id = _whole("OCPP's id of it; made if left out.")
    transaction_id = _whole("Of a TxProfile; the one that runs on the connector if left out.", 1)
    retry_lower = fields.Boolean(
        load_default=False,
        metadata={"description": "If it is refused, try lower stack levels, one after the other."},
    )


class InstalledQuery(Schema):
    """Filters of what is installed."""

    connector_id = fields.Integer(validate=Range(0, MAX_INTEGER))
    purpose = fields.String(validate=OneOf(list(Purpose)))
    stack_level = fields.Integer(validate=Range(0, MAX_INTEGER))
    charging_profile_id = fields.Integer(
        validate=Range(0, MAX_INTEGER), metadata={"description": "This one alone; the others do not count."}
    )


class ClearQuery(InstalledQuery, InsistingQuery):
    """Which profiles to clear; without any filter all of them."""


class InstalledSchema(Schema):
    """A profile that the charge point has taken, as far as it told this system."""

    connector_id = whole("Where.")
    profile = fields.Function(
        lambda installed: as_fields(installed.profile), metadata={"type": "object", "description": "As sent."}
    )
    template = text("The template it came from.", nullable=True)
    installed_at = time("When it was sent.")
    command_id = text("The command that installed it.")


class InstalledListSchema(Schema):
    """What is installed in a charge point."""

    items = fields.List(fields.Nested(InstalledSchema))


class AssignedSchema(Schema):
    """What became of an assignment, or of clearing."""

    charge_point_id = text("Whose profiles.")
    command_id = text("The command to the charge point.")
    status = text("Of the command: accepted means that the charge point has done it.")
    result = fields.Dict(allow_none=True, metadata={"description": "What the charge point answered."})
    error = fields.Dict(allow_none=True, metadata={"description": "Why it failed: code and message."})
    warnings = fields.List(fields.String(), metadata={"description": "What was doubted, and sent by force."})
    installed = fields.List(
        fields.Nested(InstalledSchema), metadata={"description": "What is installed by now."}
    )


class EstimateQuery(Schema):
    """What is wanted to be known."""

    connector_id = fields.Integer(
        load_default=0, validate=Range(0, MAX_INTEGER), metadata={"description": "0: the charge point."}
    )
    duration = fields.Integer(
        load_default=86_400,
        validate=Range(1, MAX_DURATION_S),
        metadata={"description": "Seconds from now on."},
    )
    unit = fields.String(
        validate=OneOf(list(RateUnit)), metadata={"description": "Else as the charge point likes."}
    )


class CompositeQuery(EstimateQuery, WaitQuery):
    """What is wanted to be known, and how long to wait for it."""

    wait = fields.Float(
        load_default=30.0,
        validate=Range(1, 60),
        metadata={"description": "Seconds to wait for its answer; a busy server may answer earlier."},
    )
    force = fields.Boolean(
        load_default=False, metadata={"description": "Ask although it looks like a mistake."}
    )


def _limit(period: Any) -> float | None:
    return None if period.limit is None else float(period.limit)


class CompositePeriodSchema(Schema):
    """A limit from `start_period` seconds on."""

    start_period = whole("Seconds.")
    limit = computed(_limit, "number", "null: without limit.", nullable=True)
    number_phases = whole("null: all there are.", nullable=True)


class EstimateSchema(Schema):
    """What the installed profiles amount to by our own reckoning; the charge point may see it differently."""

    connector_id = whole("Which connector; 0: the charge point.")
    start = time("What the periods count from.")
    duration = whole("Seconds.")
    charging_rate_unit = text("A for each phase, or W for all phases together.")
    limit_now = computed(
        lambda estimate: _limit(estimate.periods[0]), "number", "null: without limit.", nullable=True
    )
    periods = fields.List(fields.Nested(CompositePeriodSchema))


class CompositeSchema(Schema):
    """The charge point's own word, and our estimate beside it."""

    charge_point_id = text("Who was asked.")
    command_id = text("The command that asked it.")
    status = text("Of the command.")
    error = fields.Dict(allow_none=True, metadata={"description": "Why there is no answer."})
    reported = fields.Dict(
        allow_none=True,
        metadata={"description": "`connector_id`, `schedule_start`, `charging_schedule`, as it answered."},
    )
    estimate = fields.Nested(EstimateSchema)
