"""Numbers of a charging network."""

from datetime import date, timedelta
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema
from marshmallow.validate import Length, Range

from app.api.schemas.base import text, time, whole
from app.domain.errors import InvalidInput
from app.domain.times import time_zone

MAX_DAYS = 93
_PLAUSIBLE = Range(date(2000, 1, 1), date(2199, 12, 31))


class _Zone(fields.String):
    """The name of a time zone."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        name: str = super()._deserialize(value, attr, data, **kwargs)
        try:
            return time_zone(name).key
        except InvalidInput as unknown:
            raise ValidationError(list(unknown.problems["time_zone"])) from unknown


class StatsQuery(Schema):
    """Which days, by whose clock."""

    first = fields.Date(
        data_key="from",
        load_default=None,
        validate=_PLAUSIBLE,
        metadata={"description": "The first day; today if left out."},
    )
    last = fields.Date(
        data_key="to",
        load_default=None,
        validate=_PLAUSIBLE,
        metadata={"description": f"The last day; today if left out. {MAX_DAYS} days at most."},
    )
    time_zone = _Zone(
        load_default="UTC",
        validate=Length(1, 100),
        metadata={"description": "Whose days: a name of the IANA database.", "example": "Europe/Berlin"},
    )
    charge_point_id = fields.String(
        load_default=None, validate=Length(1, 255), metadata={"description": "Of this charge point only."}
    )

    @validates_schema(skip_on_field_errors=True)
    def _is_a_stretch(self, data: dict[str, Any], **_: Any) -> None:
        first, last = data["first"], data["last"]
        if (first is None) != (last is None):
            raise ValidationError("Give both or neither.", "from" if first is None else "to")
        if first is not None and not timedelta() <= last - first < timedelta(days=MAX_DAYS):
            raise ValidationError(f"Must be the same day or later, {MAX_DAYS} days at most.", "to")


class DayStatsSchema(Schema):
    """A day."""

    date = fields.Date(metadata={"description": "The day."})
    sessions = whole("Sessions that began on it.")
    energy_wh = fields.Float(metadata={"description": "All that these have drawn, so far, in Wh."})


class StatsSchema(Schema):
    """The numbers."""

    at = time("When they were counted; up to ten seconds ago.")
    time_zone = text("Whose days these are.")
    charge_points = whole("How many there are.")
    connected = whole("How many of them are not Offline.")
    by_status = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata={"description": "How many have each status.", "example": {"Available": 3, "Offline": 1}},
    )
    charging = whole("Sessions that run now.")
    today = fields.Nested(DayStatsSchema)
    days = fields.List(
        fields.Nested(DayStatsSchema), metadata={"description": "Each day that was asked for."}
    )
