"""Tenants over HTTP."""

from typing import Any

from flask import url_for

from app.api.blueprint import Blueprint, problems
from app.api.current import services
from app.api.permissions import requires
from app.api.schemas.tenant import ConfigurationSchema, NewTenantSchema, TenantSchema
from app.api.tenancy import visible_tenant
from app.domain.errors import Conflict
from app.domain.permissions import Permission
from app.domain.tenant import Tenant
from app.domain.user import Role

tenants = Blueprint(
    "tenants", __name__, url_prefix="/api/v1/tenants", description="Tenants and their configuration."
)


@tenants.post("")
@requires(Permission.TENANTS_CREATE, in_tenant=False)
@tenants.body(NewTenantSchema)
@tenants.answers(201, TenantSchema, "The tenant; its address is in Location.")
@problems(400, 409, 415)
def create_tenant(body: dict[str, Any]) -> tuple[Tenant, int, dict[str, str]]:
    """Create a tenant

    With a database of its own, any part of the configuration, and a first administrator if you give one.
    """
    admin = body["admin"]
    if admin is not None and services().users.find_by_email(admin["email"]) is not None:
        raise Conflict("The administrator's email is taken; no tenant was created.")
    prefix = body["charge_point_prefix"]
    prefixes = [] if prefix is None else [prefix]
    tenant = services().tenants.create(body["id"], body["name"], prefixes, body["configuration"])
    if admin is not None:
        services().users.create(admin["email"], admin["password"], Role.TENANT_ADMIN, tenant.id)
    return tenant, 201, {"Location": url_for("tenants.get_tenant", tenant_id=tenant.id)}


@tenants.get("/<tenant_id>")
@requires(Permission.TENANTS_READ, in_tenant=False)
@tenants.answers(200, TenantSchema, "The tenant.")
@problems(404)
def get_tenant(tenant_id: str) -> Tenant:
    """Show a tenant

    A tenant's administrator sees that tenant only.
    """
    return visible_tenant(tenant_id)


@tenants.put("/<tenant_id>/config")
@requires(Permission.TENANTS_CONFIGURE, in_tenant=False)
@tenants.body(ConfigurationSchema)
@tenants.answers(200, TenantSchema, "The tenant with its whole configuration.")
@problems(400, 404, 415)
def configure_tenant(body: dict[str, Any], tenant_id: str) -> Tenant:
    """Change a tenant's configuration

    Send the settings to change; the others stay. All are taken or none. Every setting applies live.
    """
    return services().tenants.configure(visible_tenant(tenant_id).id, body)
