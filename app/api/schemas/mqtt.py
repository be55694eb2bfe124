"""MQTT accounts, and what brokers ask."""

from marshmallow import EXCLUDE, Schema, fields
from marshmallow.validate import Length, OneOf

from app.api.schemas.base import Input, text, time
from app.domain.mqtt_access import MqttRole

_ROLES = [role.value for role in MqttRole]


class NewMqttCredentialSchema(Input):
    """An account to be made."""

    name = fields.String(
        required=True,
        validate=Length(1, 40),
        metadata={"description": "What it is for: a-z, 0-9, - and _.", "example": "billing"},
    )
    role = fields.String(
        load_default=MqttRole.SUBSCRIBER.value,
        validate=OneOf(_ROLES),
        metadata={"description": "`subscriber` reads; `integrator` sends commands as well."},
    )


class MqttCredentialSchema(Schema):
    """An account, without its password."""

    id = text("The account.")
    tenant_id = text("Whose it is.")
    name = text("What it is for.")
    username = text("What the program tells the broker.")
    role = text(" | ".join(_ROLES))
    created_at = time("When it was made.")
    created_by = text("By whom.")
    rotated_at = time("When it got its present password, if not the first.", nullable=True)


class MqttCredentialWithPasswordSchema(MqttCredentialSchema):
    """An account with its password, which is shown this once."""

    password = text("Keep it; nobody can read it later.")


class MqttCredentialListSchema(Schema):
    """All accounts of a tenant."""

    items = fields.List(fields.Nested(MqttCredentialSchema), metadata={"description": "In order of name."})


class BrokerLoginSchema(Schema):
    """What a broker knows of who connects; whatever else it sends does not matter."""

    class Meta:
        """marshmallow's settings."""

        unknown = EXCLUDE

    username = fields.String(required=True, validate=Length(0, 200))
    password = fields.String(required=True, validate=Length(0, 1024), metadata={"format": "password"})
    clientid = fields.String(
        load_default="",
        validate=Length(0, 65_535),
        metadata={"description": "As whom it comes; a tenant's program begins it with its username."},
    )


class BrokerAclSchema(Schema):
    """What a broker is asked for."""

    class Meta:
        """marshmallow's settings."""

        unknown = EXCLUDE

    username = fields.String(required=True, validate=Length(0, 200))
    action = fields.String(required=True, validate=OneOf(["publish", "subscribe"]))
    topic = fields.String(required=True, validate=Length(1, 65_535))


class BrokerAnswerSchema(Schema):
    """As EMQX wants it."""

    result = text("allow | deny")
    is_superuser = fields.Boolean(metadata={"description": "True for this server itself."})
