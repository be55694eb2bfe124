"""Refused identities."""

from marshmallow import Schema, fields
from marshmallow.validate import OneOf

from app.api.paging import PageQuery, next_cursor_field
from app.api.schemas.base import text, time, whole
from app.services.refusals import RefusalReason


class RefusedIdentityQuery(PageQuery):
    """Filters of the list of refused identities."""

    ORDER = "-last_at"

    reason = fields.String(validate=OneOf([reason.value for reason in RefusalReason]))


class RefusedIdentitySchema(Schema):
    """An identity that was not let in."""

    identity = text("As it stood in the address that was called.")
    reason = text(" | ".join(RefusalReason))
    detail = text("The reason in a sentence.")
    peer = text("The address of the network from which it last tried.")
    first_at = time("When it was first refused.")
    last_at = time("When it was last refused.")
    count = whole("How often it was refused.")


class RefusedIdentityPageSchema(Schema):
    """A page of refused identities."""

    items = fields.List(fields.Nested(RefusedIdentitySchema))
    next_cursor = next_cursor_field()
