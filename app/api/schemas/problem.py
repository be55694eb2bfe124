"""Problem details, for the OpenAPI document; `app.api.problems` makes them."""

from marshmallow import Schema, fields


class ProblemSchema(Schema):
    """Why a request was refused or failed (RFC 9457)."""

    type = fields.String(metadata={"description": "Always about:blank."})
    title = fields.String(metadata={"description": "The HTTP status in words."})
    status = fields.Integer(metadata={"description": "The HTTP status."})
    detail = fields.String(metadata={"description": "What happened, for people."})
    code = fields.String(metadata={"description": "What happened, for programs; stable."})
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "Per wrong field, by dotted path: what is wrong with it."},
    )
    feature = fields.String(metadata={"description": "With feature_disabled: which one is switched off."})
    request_id = fields.String(metadata={"description": "Finds the request in the logs."})
