"""Lists: `limit`, `cursor` and `sort` in, `{"items": [...], "next_cursor": ...}` out."""

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length, Range

from app.services.ports import PageRequest

MAX_LIMIT = 200


class _Direction(fields.Field[bool]):
    """`sort`: by the only field that a list can be sorted by, loaded as whether that is backwards."""

    def bind_to(self, order: str) -> None:
        """`order` is the list's own: a field's name, after a minus sign if it comes newest first."""
        self.order = order
        self.reverse = order[1:] if order.startswith("-") else f"-{order}"
        self.metadata = {
            "type": "string",
            "enum": [self.order, self.reverse],
            "default": self.order,
            "description": "The order; with a minus sign the other way round.",
        }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if value not in (self.order, self.reverse):
            raise ValidationError(f"Must be {self.order} or {self.reverse}; other fields have no index.")
        return bool(value == self.reverse)


class PageQuery(Schema):
    """Query parameters of every list; a list's own schema adds its filters and its order.

    `ORDER` is the field by which the list is sorted, which is the one that has an index; a minus sign before
    it means descending. None: the list has one order, and no `sort`.
    """

    ORDER: ClassVar[str | None] = None

    limit = fields.Integer(
        load_default=50, validate=Range(1, MAX_LIMIT), metadata={"description": "How many items at most."}
    )
    cursor = fields.String(
        load_default=None,
        validate=Length(1, 1000),
        metadata={"description": "`next_cursor` of the page before, with the same filters and `sort`."},
    )
    backwards = _Direction(data_key="sort")

    def __init__(self, **options: Any) -> None:
        if self.ORDER is None:
            options["exclude"] = (*options.get("exclude", ()), "backwards")
        super().__init__(**options)

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Tell `sort` what it may be."""
        if isinstance(field_obj, _Direction) and self.ORDER is not None:
            field_obj.bind_to(self.ORDER)


def page_request(query: Mapping[str, Any]) -> PageRequest:
    """What a list's query asks for; everything but the page itself is a filter."""
    page = {"limit", "cursor", "backwards"}
    filters = {name: value for name, value in query.items() if name not in page}
    return PageRequest(query["limit"], query["cursor"], filters or None, query.get("backwards", False))


def next_cursor_field() -> fields.String:
    """The field by which every page says how to go on."""
    return fields.String(allow_none=True, metadata={"description": "null on the last page."})
