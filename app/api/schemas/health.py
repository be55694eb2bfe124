"""Health."""

from marshmallow import Schema, fields

from app.api.schemas.base import text


class HealthSchema(Schema):
    """How the system is."""

    status = text("ok | degraded")
    checks = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        metadata={"description": "Per server: ok | failed.", "example": {"mongodb": "ok", "redis": "ok"}},
    )
