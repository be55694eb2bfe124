"""Logging in."""

from marshmallow import Schema, fields
from marshmallow.validate import Length

from app.api.schemas.base import Input, text, time, whole


def _password(name: str) -> fields.String:
    return fields.String(
        required=True, validate=Length(1, 1024), metadata={"format": "password", "description": name}
    )


class LoginSchema(Input):
    """Who one is."""

    email = fields.String(required=True, validate=Length(1, 254))
    password = _password("The password.")
    tenant_id = fields.String(
        load_default=None,
        allow_none=True,
        validate=Length(1, 48),
        metadata={"description": "Where one belongs. The platform's own people name none."},
    )


class RefreshSchema(Input):
    """A refresh token, where it is not sent as Bearer token."""

    refresh_token = fields.String(validate=Length(1, 4096))


class TokensSchema(Schema):
    """What a login gives."""

    access_token = text("Send it as `Authorization: Bearer <access_token>`.")
    refresh_token = text("Gets new access tokens at `/api/v1/auth/refresh`, once.")
    token_type = text("Always Bearer.")
    expires_in = whole("Seconds that the access token lives.")


class LogoutSchema(Input):
    """What is to end."""

    everywhere = fields.Boolean(
        load_default=False, metadata={"description": "End all your login sessions, not only this one."}
    )


class EndedSchema(Schema):
    """What has ended."""

    ended = whole("How many login sessions.")


class OwnPasswordSchema(Input):
    """Another password for oneself."""

    current_password = _password("The present password.")
    new_password = _password("The new one: 10 to 128 characters.")


class LoginSessionSchema(Schema):
    """A stay on one device."""

    id = text("The login session.")
    created_at = time("Since when.")
    last_used_at = time("When it got its last access token.")
    expires_at = time("When it ends at the latest.")
    address = text("From which address it was opened.")
    user_agent = text("With which program, as it says itself.")


class LoginSessionListSchema(Schema):
    """Login sessions that live."""

    items = fields.List(fields.Nested(LoginSessionSchema), metadata={"description": "Newest first."})
    current = text("The one of this request, where it is among them.", nullable=True)


class MeSchema(Schema):
    """Who makes the request."""

    id = fields.String(attribute="user_id", metadata={"description": "Of the user, or of the key."})
    kind = text("user | api_key | external")
    name = text("An email, or the key's name.")
    tenant_id = text("Whose; null for the platform's.", nullable=True)
    role = text("The role.")
    permissions = fields.Function(
        lambda caller: sorted(caller.permissions),
        metadata={"type": "array", "items": {"type": "string"}, "description": "All that follows from it."},
    )
