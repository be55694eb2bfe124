"""Tenants and their configuration."""

from collections.abc import Mapping
from typing import Any

from marshmallow import INCLUDE, Schema, ValidationError, fields, pre_load, validates_schema
from marshmallow.validate import Length, OneOf, Range

from app.api.paging import PageQuery, next_cursor_field
from app.api.schemas.base import Input, also_called, computed, same_as_id, text, time, whole
from app.domain.tenant import Tenant, TenantStatus
from app.domain.tenant_configuration import TenantConfiguration, configuration_as_dict
from app.services.tenant_lifecycle import DEFAULT_GRACE_DAYS, MAX_GRACE_DAYS

_JSON_TYPES: Mapping[type, str] = {bool: "boolean", int: "integer", str: "string"}


def _settings() -> dict[str, fields.Field[Any]]:
    """A field per setting, for the OpenAPI document. The domain alone judges values and knows the bounds."""
    defaults = configuration_as_dict(TenantConfiguration())
    return {name: fields.Raw(metadata=_described(value)) for name, value in defaults.items()}


def _described(default: Any) -> dict[str, Any]:
    """JSON Schema of a setting, by its default."""
    if isinstance(default, dict):
        members = {name: _described(value) for name, value in default.items()}
        return {"type": "object", **({"properties": members} if members else {})}
    if isinstance(default, list):
        return {"type": "array", "items": {"type": "string"}}
    return {"type": _JSON_TYPES[type(default)]}


class _AnySettings(Schema):
    """Settings go to the domain as they are, the unknown ones too: it names every wrong one."""

    class Meta:
        """marshmallow's settings."""

        unknown = INCLUDE


ConfigurationSchema = _AnySettings.from_dict(_settings(), name="ConfigurationSchema")


class NewAdminSchema(Input):
    """A new tenant's first administrator."""

    email = fields.Email(required=True, validate=Length(1, 254))
    password = fields.String(required=True, validate=Length(1, 1024), metadata={"format": "password"})


class NewTenantSchema(Input):
    """A new tenant."""

    id = fields.String(required=True, metadata={"description": "1 to 48 of a-z, 0-9, - and _."})
    name = fields.String(required=True)
    charge_point_prefix = fields.String(
        allow_none=True,
        load_default=None,
        metadata={"description": "Charge points whose identity starts so are this tenant's."},
    )
    charge_point_prefixes = fields.List(
        fields.String(), load_default=list, metadata={"description": "The same, where there are several."}
    )
    configuration = fields.Nested(ConfigurationSchema, unknown=INCLUDE, load_default=dict)
    admin = fields.Nested(NewAdminSchema, load_default=None)

    @pre_load
    def _by_either_name(self, data: Any, **_: Any) -> Any:
        return also_called("id", "tenant_id", data)


class ChangedTenantSchema(Input):
    """What of a tenant is to be changed."""

    name = fields.String()
    charge_point_prefixes = fields.List(
        fields.String(), metadata={"description": "All of them; none is an empty list."}
    )

    @validates_schema
    def _something(self, data: Mapping[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError("Give name, charge_point_prefixes or both.")


class TenantQuery(PageQuery):
    """Which tenants."""

    ORDER = "id"

    status = fields.String(validate=OneOf([status.value for status in TenantStatus]))


class DeletionQuery(Schema):
    """How long a deleted tenant can still be resumed."""

    grace_days = fields.Integer(
        load_default=DEFAULT_GRACE_DAYS,
        validate=Range(0, MAX_GRACE_DAYS),
        metadata={"description": "Days until its data goes for good."},
    )


def _first_prefix(tenant: Tenant) -> str | None:
    return next(iter(tenant.charge_point_prefixes), None)


class TenantSchema(Schema):
    """A tenant."""

    id = text("The tenant.")
    tenant_id = same_as_id()
    name = text("For people.")
    database_name = text("Where its data is.")
    charge_point_prefix = computed(_first_prefix, "string", "The first of the prefixes.", nullable=True)
    charge_point_prefixes = fields.List(
        fields.String(), metadata={"description": "Its charge points' identities start with one of these."}
    )
    configuration = computed(
        lambda tenant: configuration_as_dict(tenant.configuration), "object", "All settings in force."
    )
    status = text(" | ".join(TenantStatus))
    revision = whole("How often it was changed; the ETag begins with it.")
    created_at = time("When it was made.")
    delete_at = time("When its data goes for good; null unless it is being deleted.", nullable=True)


class TenantPageSchema(Schema):
    """A page of tenants."""

    items = fields.List(fields.Nested(TenantSchema))
    next_cursor = next_cursor_field()
