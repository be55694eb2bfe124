"""Brands."""

from dataclasses import fields as members_of

from marshmallow import Schema, fields
from marshmallow.validate import Length

from app.api.schemas.base import computed
from app.domain.tenant_configuration import Brand

_SAY = {
    "name": "For people.",
    "logo_url": "An image.",
    "primary_color": "As #rrggbb.",
    "secondary_color": "As #rrggbb.",
    "support_email": "For the drivers.",
    "support_phone": "For the drivers.",
    "support_url": "For the drivers.",
}


class BrandQuery(Schema):
    """Whose brand."""

    tenant = fields.String(
        load_default=None, validate=Length(1, 48), metadata={"description": "The tenant's id."}
    )


def _member(name: str) -> fields.Field[object]:
    return computed(lambda brand: getattr(brand, name) or None, "string", _SAY[name], nullable=True)


BrandSchema = Schema.from_dict(
    {member.name: _member(member.name) for member in members_of(Brand)}, name="BrandSchema"
)
