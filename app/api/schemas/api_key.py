"""API keys."""

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf

from app.api.paging import PageQuery, next_cursor_field
from app.api.schemas.base import Input, Moment, text, time
from app.domain.api_key import MAX_NAME_LENGTH
from app.domain.permissions import Permission
from app.domain.user import Role

_ROLES = [role.value for role in Role]


class NewApiKeySchema(Input):
    """A key to be made."""

    name = fields.String(
        required=True,
        validate=Length(1, MAX_NAME_LENGTH),
        metadata={"description": "What it is for.", "example": "billing"},
    )
    role = fields.String(
        required=True, validate=OneOf(_ROLES), metadata={"description": "What it may do at most."}
    )
    scopes = fields.List(
        fields.String(validate=OneOf([permission.value for permission in Permission])),
        load_default=None,
        allow_none=True,
        validate=Length(1, len(Permission)),
        metadata={"description": "Only these permissions; without them, all that the role has."},
    )
    expires_at = Moment(
        load_default=None,
        allow_none=True,
        metadata={"description": "When it ends, within five years; without it, never."},
    )


class ApiKeySchema(Schema):
    """A key, without its secret."""

    id = text("The key.")
    tenant_id = text("Whose it is; null for the platform's.", nullable=True)
    name = text("What it is for.")
    role = text("What it may do at most.")
    scopes = fields.Function(
        lambda key: None if key.scopes is None else sorted(key.scopes),
        metadata={
            "type": ["array", "null"],
            "items": {"type": "string"},
            "description": "Only these permissions; null: all that the role has.",
        },
    )
    created_at = time("When it was made.")
    created_by = text("By whom: a user, a key, or `cli`.")
    expires_at = time("When it ends.", nullable=True)
    last_used_at = time("When it was used last, within a minute.", nullable=True)


class ApiKeyWithSecretSchema(ApiKeySchema):
    """A key with its text, which is shown this once."""

    api_key = text("Send it as `Authorization: Bearer <api_key>` or `X-API-Key: <api_key>`.")


class ApiKeyPageSchema(Schema):
    """A page of keys."""

    items = fields.List(fields.Nested(ApiKeySchema), metadata={"description": "Newest first."})
    next_cursor = next_cursor_field()


class ApiKeyQuery(PageQuery):
    """Which keys."""

    ORDER = "-created_at"
