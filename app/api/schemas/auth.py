"""Logging in."""

from marshmallow import Schema, fields
from marshmallow.validate import Length

from app.api.schemas.base import Input, text, whole


class LoginSchema(Input):
    """Who one is."""

    email = fields.String(required=True, validate=Length(1, 254))
    password = fields.String(required=True, validate=Length(1, 1024), metadata={"format": "password"})


class RefreshSchema(Input):
    """A refresh token, where it is not sent as Bearer token."""

    refresh_token = fields.String(validate=Length(1, 4096))


class TokensSchema(Schema):
    """What a login gives."""

    access_token = text("Send it as `Authorization: Bearer <access_token>`.")
    refresh_token = text("Gets new access tokens at `/api/v1/auth/refresh`.")
    token_type = text("Always Bearer.")
    expires_in = whole("Seconds that the access token lives.")
