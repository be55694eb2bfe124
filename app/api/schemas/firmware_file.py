"""Firmware files."""

from marshmallow import Schema, fields

from app.api.paging import PageQuery, next_cursor_field
from app.api.schemas.base import text, time, whole


class NewFirmwareFileQuery(Schema):
    """What is said of a file that is sent as the body."""

    name = fields.String(metadata={"description": "Its name; a multipart file may bring its own."})
    version = fields.String(metadata={"description": "The version that charge points report with it."})


class FirmwareFileQuery(PageQuery):
    """Which page of firmware files."""

    ORDER = "-created_at"


class FirmwareFileSchema(Schema):
    """A firmware image."""

    id = text("The file.")
    tenant_id = text("Whose it is.")
    name = text("As charge points see it.")
    version = text("What charge points report with it.", nullable=True)
    size = whole("In bytes.")
    sha256 = text("Of the content, in hexadecimal.")
    created_at = time("When it was uploaded.")
    created_by = text("The user's id.")


class FirmwareFilePageSchema(Schema):
    """A page of firmware files."""

    items = fields.List(fields.Nested(FirmwareFileSchema))
    next_cursor = next_cursor_field()
