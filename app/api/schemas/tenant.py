"""Tenants and their configuration."""

from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from typing import Any, get_type_hints

from marshmallow import INCLUDE, Schema, fields, pre_load
from marshmallow.validate import Length

from app.api.schemas.base import Input, also_called, computed, same_as_id, text, time
from app.domain.tenant import Tenant, TenantConfiguration, TenantStatus, configuration_as_dict
from app.services.users import MINIMUM_PASSWORD_LENGTH

_JSON_TYPES: Mapping[Any, str] = {bool: "boolean", int: "integer", str: "string"}


def _settings() -> dict[str, fields.Field[Any]]:
    """A field per setting, for the OpenAPI document. The domain alone judges values and knows the bounds."""
    types = get_type_hints(TenantConfiguration)
    names = [setting.name for setting in dataclass_fields(TenantConfiguration)]
    return {name: fields.Raw(metadata={"type": _JSON_TYPES.get(types[name], "object")}) for name in names}


class _AnySettings(Schema):
    """Settings go to the domain as they are, the unknown ones too: it names every wrong one."""

    class Meta:
        """marshmallow's settings."""

        unknown = INCLUDE


ConfigurationSchema = _AnySettings.from_dict(_settings(), name="ConfigurationSchema")


class NewAdminSchema(Input):
    """A new tenant's first administrator."""

    email = fields.Email(required=True, validate=Length(1, 254))
    password = fields.String(
        required=True, validate=Length(MINIMUM_PASSWORD_LENGTH, 1024), metadata={"format": "password"}
    )


class NewTenantSchema(Input):
    """A new tenant."""

    id = fields.String(required=True, metadata={"description": "1 to 48 of a-z, 0-9, - and _."})
    name = fields.String(required=True)
    charge_point_prefix = fields.String(
        allow_none=True,
        load_default=None,
        metadata={"description": "Charge points whose identity starts so are this tenant's."},
    )
    configuration = fields.Nested(ConfigurationSchema, unknown=INCLUDE, load_default=dict)
    admin = fields.Nested(NewAdminSchema, load_default=None)

    @pre_load
    def _by_either_name(self, data: Any, **_: Any) -> Any:
        return also_called("id", "tenant_id", data)


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
    created_at = time("When it was made.")
