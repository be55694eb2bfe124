"""Keys, profiles and security events."""

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Range

from app.api.paging import PageQuery, next_cursor_field
from app.api.schemas.base import computed, text, time
from app.api.schemas.certificate import ListedCertificateSchema
from app.api.schemas.command import Insisting
from app.domain.security_event import EventSource
from app.services.security import HIGHEST_PROFILE


class ChargePointSecuritySchema(Schema):
    """How a charge point proves who it is. Keys are shown nowhere."""

    charge_point_id = fields.String(attribute="charge_point.id", metadata={"description": "Whose it is."})
    profile = fields.Integer(
        attribute="charge_point.security.profile",
        metadata={"description": "0: none, 1: key, 2: key and TLS, 3: certificate."},
    )
    pending_profile = fields.Integer(
        attribute="charge_point.security.pending_profile",
        allow_none=True,
        metadata={"description": "A higher one that it was asked to use and has not used yet."},
    )
    has_key = computed(
        lambda view: view.charge_point.security.key_hash is not None, "boolean", "Whether a key is set."
    )
    key_pending = computed(
        lambda view: view.charge_point.security.pending_key_hash is not None,
        "boolean",
        "It was sent a new key and nobody knows yet which of the two it uses: both are valid.",
    )
    certificates = fields.List(
        fields.Nested(ListedCertificateSchema), metadata={"description": "Its own that are not over."}
    )
    roots = fields.List(
        fields.Nested(ListedCertificateSchema), metadata={"description": "Those it is known to trust."}
    )
    command_id = text("The command that was sent, if one was.", nullable=True)


class KeySchema(ChargePointSecuritySchema):
    """Security with a key that was just set."""

    key = text("The key, in hexadecimal: shown once, kept nowhere.", nullable=True)


class NewProfileSchema(Insisting):
    """A profile to be demanded."""

    profile = fields.Integer(required=True, strict=True, validate=Range(0, HIGHEST_PROFILE))


class NewKeySchema(Insisting):
    """How to change the key."""

    mode = fields.String(
        required=True,
        validate=OneOf(["rotate", "set"]),
        metadata={
            "description": "`rotate` sends the charge point a new one; `set` makes one valid here only."
        },
    )
    key = fields.String(
        validate=Length(32, 40),
        metadata={"description": "For `set`: 32 to 40 hexadecimal digits; without it a new one is made."},
    )


class SecurityEventQuery(PageQuery):
    """Filters of the list of security events."""

    ORDER = "-received_at"

    charge_point_id = fields.String(validate=Length(1, 255))
    type = fields.String(validate=Length(1, 50))
    source = fields.String(validate=OneOf([source.value for source in EventSource]))
    critical = fields.Boolean()


class SecurityEventSchema(Schema):
    """A security event."""

    id = text("The event.")
    tenant_id = text("Whose charge point it is.")
    charge_point_id = text("Which charge point it is about.")
    type = text("As the white paper names it (section 8), or whatever the charge point says.")
    source = text(" | ".join(EventSource) + ": who noticed.")
    critical = fields.Boolean(metadata={"description": "It was also published as an MQTT event."})
    timestamp = time("When it happened, by the clock of who noticed.")
    received_at = time("When it became known here.")
    tech_info = text("Details.", nullable=True)


class SecurityEventPageSchema(Schema):
    """A page of security events."""

    items = fields.List(fields.Nested(SecurityEventSchema))
    next_cursor = next_cursor_field()
