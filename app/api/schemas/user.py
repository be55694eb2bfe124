"""Users."""

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf

from app.api.paging import PageQuery, next_cursor_field
from app.api.schemas.base import Input, text, time
from app.domain.user import Role

_ROLES = [role.value for role in Role]
_ROLE = {"description": "What they may do."}
_NAME = {"description": "For people.", "example": "Ann Smith"}
_MAX_NAME = 100


def _password() -> fields.String:
    description = "10 to 128 characters; not the email, and not what everybody tries first."
    return fields.String(
        required=True, validate=Length(1, 1024), metadata={"format": "password", "description": description}
    )


class NewUserSchema(Input):
    """Somebody who will log in."""

    email = fields.String(
        required=True, validate=Length(1, 254), metadata={"description": "Their login, once in each tenant."}
    )
    password = _password()
    role = fields.String(required=True, validate=OneOf(_ROLES), metadata=_ROLE)
    name = fields.String(load_default="", validate=Length(0, _MAX_NAME), metadata=_NAME)


class ChangedUserSchema(Input):
    """What is to be otherwise."""

    role = fields.String(validate=OneOf(_ROLES), metadata=_ROLE)
    name = fields.String(validate=Length(0, _MAX_NAME), metadata=_NAME)
    disabled = fields.Boolean(metadata={"description": "Cannot log in; all login sessions end."})


class NewPasswordSchema(Input):
    """Another password."""

    password = _password()


class UserSchema(Schema):
    """A user."""

    id = text("The user.")
    tenant_id = text("Whose; null for the platform's.", nullable=True)
    email = text("Their login.")
    name = text("For people.")
    role = text("What they may do.")
    disabled = fields.Boolean(metadata={"description": "Whether they cannot log in."})
    created_at = time("When they were entered.")


class UserPageSchema(Schema):
    """A page of users."""

    items = fields.List(fields.Nested(UserSchema), metadata={"description": "Newest first."})
    next_cursor = next_cursor_field()


class UserQuery(PageQuery):
    """Which users."""

    ORDER = "-created_at"

    role = fields.String(validate=OneOf(_ROLES), metadata=_ROLE)
    email = fields.String(validate=Length(1, 254), metadata={"description": "Of exactly this email."})
    disabled = fields.Boolean(metadata={"description": "Only those, or only the others."})
