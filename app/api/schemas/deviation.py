"""Deviations."""

from marshmallow import Schema, fields

from app.api.schemas.base import time


class DeviationsSchema(Schema):
    """How often a charge point broke the standard, by the name of the way."""

    counts = fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata={"description": "Name of the way: how often."}
    )
    since = time("When the counting began.", nullable=True)
    last_at = time("When the newest was seen.", nullable=True)
