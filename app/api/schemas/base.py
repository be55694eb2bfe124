"""Fields and bases that several nouns share."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields
from marshmallow.validate import Regexp

from app.domain.times import format_time, parse_time

MAX_INTEGER = 2**31 - 1
ID_TEXT = Regexp(
    r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}\Z", error="Use letters, digits, '.', '_', ':' and '-' (128)."
)


class Input(Schema):
    """A body that a caller sends: unknown fields are refused; only true and false are booleans."""

    class Meta:
        """marshmallow's settings."""

        unknown = RAISE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """marshmallow would take "yes", 1 and many others for true."""
        if isinstance(field_obj, fields.Boolean):
            field_obj.pre_load = [_true_or_false]


def _true_or_false(value: Any) -> Any:
    if value is not None and not isinstance(value, bool):
        raise ValidationError("Must be true or false.")
    return value


class Time(fields.Field[datetime]):
    """A moment as `YYYY-MM-DDThh:mm:ss.sssZ`; only ever sent."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else format_time(value)


class Moment(fields.Field[datetime]):
    """A moment that a caller names, ISO 8601; without an offset it is UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        at = parse_time(value) if isinstance(value, str) else None
        if at is None:
            raise ValidationError("Must be a time, such as 2026-03-01T12:00:00Z.")
        return at


class WireTime(fields.String):
    """A moment that a caller gives, as it goes to the charge point: UTC with milliseconds."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        at = parse_time(super()._deserialize(value, attr, data, **kwargs))
        if at is None:
            raise ValidationError("Must be a time in ISO 8601, such as 2026-03-01T12:00:00Z.")
        return format_time(at)


class Number(fields.Float):
    """A JSON number; neither a text nor true or false."""

    def _validated(self, value: Any) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise ValidationError("Must be a number.")
        number: float = super()._validated(value)
        return number


def text(description: str, *, nullable: bool = False) -> fields.String:
    """A text that we send."""
    return fields.String(allow_none=nullable, metadata={"description": description})


def moment(name: str, description: str) -> Moment:
    """A moment that we are asked about, under a name that Python may not have, as `from`."""
    return Moment(data_key=name, metadata={"description": description})


def same_as_id() -> fields.String:
    """The resource's own name for its id, as MQTT calls it."""
    return fields.String(attribute="id", dump_only=True, metadata={"description": "The same as `id`."})


def whole(description: str, *, nullable: bool = False) -> fields.Integer:
    """A whole number that we send."""
    return fields.Integer(allow_none=nullable, metadata={"description": description})


def time(description: str, *, nullable: bool = False) -> Time:
    """A moment that we send."""
    return Time(allow_none=nullable, metadata={"description": description})


def computed(
    get: Callable[[Any], Any], kind: str, description: str, *, nullable: bool = False
) -> fields.Function:
    """A value that is no attribute but what `get` makes of the object; `kind` is its JSON type."""
    type_ = [kind, "null"] if nullable else kind
    return fields.Function(get, metadata={"type": type_, "description": description})


def also_called(name: str, alias: str, data: Any) -> Any:
    """Take a body that gives `name` under the resource's own name for it, as our answers show both."""
    if isinstance(data, Mapping) and alias in data and name not in data:
        return {name if key == alias else key: value for key, value in data.items()}
    return data
