"""Tenants over HTTP."""

from collections.abc import Iterator
from typing import Any

import orjson
from flask import Response, url_for

from app.api.blueprint import Blueprint, problems
from app.api.caller import current_caller
from app.api.current import services
from app.api.exports import JSON_LINES, file_response
from app.api.paging import page_request
from app.api.permissions import requires
from app.api.representations import expected_revision
from app.api.schemas.tenant import (
    ChangedTenantSchema,
    ConfigurationSchema,
    DeletionQuery,
    NewTenantSchema,
    TenantPageSchema,
    TenantQuery,
    TenantSchema,
)
from app.api.tenancy import visible_tenant
from app.domain.permissions import Permission
from app.domain.tenant import Tenant
from app.domain.user import Role
from app.services.ports import Page
from app.services.tenant_lifecycle import FirstAdmin

tenants = Blueprint(
    "tenants", __name__, url_prefix="/api/v1/tenants", description="Tenants and their configuration."
)


@tenants.get("")
@requires(Permission.TENANTS_MANAGE, in_tenant=False)
@tenants.query(TenantQuery)
@tenants.answers(200, TenantPageSchema, "A page of tenants.")
@problems(422)
def list_tenants(query: dict[str, Any]) -> Page[Tenant]:
    """List tenants

    In order of id.
    """
    return services().tenants.list_page(page_request(query))


@tenants.post("")
@requires(Permission.TENANTS_CREATE, in_tenant=False)
@tenants.body(NewTenantSchema)
@tenants.answers(201, TenantSchema, "The tenant; its address is in Location.")
@problems(400, 409, 415, 422)
def create_tenant(body: dict[str, Any]) -> tuple[Tenant, int, dict[str, str]]:
    """Create a tenant

    With a database of its own, any part of the configuration, and a first administrator if you give one.
    All of it is made or nothing.
    """
    admin = FirstAdmin(**body["admin"]) if body["admin"] is not None else None
    first = [] if body["charge_point_prefix"] is None else [body["charge_point_prefix"]]
    prefixes = list(dict.fromkeys([*first, *body["charge_point_prefixes"]]))
    tenant = services().tenant_lifecycle.create(
        body["id"], body["name"], prefixes, body["configuration"], admin
    )
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


@tenants.patch("/<tenant_id>")
@requires(Permission.TENANTS_MANAGE, in_tenant=False)
@tenants.body(ChangedTenantSchema)
@tenants.answers(200, TenantSchema, "The tenant as it is now.")
@problems(400, 404, 409, 415, 422)
def change_tenant(body: dict[str, Any], tenant_id: str) -> Tenant:
    """Change a tenant's name or prefixes

    The platform decides about prefixes, because they say whose charge point it is that connects.
    """
    return services().tenants.update(
        tenant_id,
        name=body.get("name"),
        prefixes=body.get("charge_point_prefixes"),
        revision=expected_revision(),
    )


@tenants.put("/<tenant_id>/config")
@requires(Permission.TENANTS_CONFIGURE, in_tenant=False)
@tenants.body(ConfigurationSchema)
@tenants.answers(200, TenantSchema, "The tenant with its whole configuration.")
@problems(400, 404, 409, 415, 422)
def configure_tenant(body: dict[str, Any], tenant_id: str) -> Tenant:
    """Change a tenant's configuration

    Send the settings to change; the others stay. All are taken or none. Every setting applies live. Quotas,
    rate limits, features, the worker pool and how long sessions and audit log are kept belong to the
    platform: a tenant's administrator who would change one gets 403 `platform_setting`, with its name in
    `errors`.
    """
    by_platform = current_caller().role is Role.PLATFORM_ADMIN
    return services().tenants.configure(
        visible_tenant(tenant_id).id, body, by_platform=by_platform, revision=expected_revision()
    )


@tenants.post("/<tenant_id>/suspend")
@requires(Permission.TENANTS_MANAGE, in_tenant=False)
@tenants.answers(200, TenantSchema, "The tenant, suspended.")
@problems(404, 409)
def suspend_tenant(tenant_id: str) -> Tenant:
    """Suspend a tenant

    Within two seconds its charge points are disconnected and refused, and its people, keys and commands are
    refused with `tenant_suspended`. Nothing is deleted.
    """
    return services().tenant_lifecycle.suspend(tenant_id)


@tenants.post("/<tenant_id>/resume")
@requires(Permission.TENANTS_MANAGE, in_tenant=False)
@tenants.answers(200, TenantSchema, "The tenant, active.")
@problems(404, 409)
def resume_tenant(tenant_id: str) -> Tenant:
    """Resume a tenant

    One that is suspended, or one that is being deleted, as long as its grace period lasts. Its people log in
    anew.
    """
    return services().tenant_lifecycle.resume(tenant_id)


@tenants.delete("/<tenant_id>")
@requires(Permission.TENANTS_MANAGE, in_tenant=False)
@tenants.query(DeletionQuery)
@tenants.answers(202, TenantSchema, "The tenant; `delete_at` says when its data goes.")
@problems(404, 409, 422)
def delete_tenant(query: dict[str, int], tenant_id: str) -> tuple[Tenant, int]:
    """Delete a tenant

    It is suspended at once. When the grace period is over, its database, users, keys, files and MQTT
    credentials go for good.
    """
    return services().tenant_lifecycle.delete(tenant_id, query["grace_days"]), 202


@tenants.get("/<tenant_id>/export")
@requires(Permission.TENANTS_EXPORT, in_tenant=False)
@tenants.response(
    200,
    {"type": "string"},
    content_type=JSON_LINES,
    description="One JSON object a line; `kind` says what it is.",
)
@problems(404)
def export_tenant(tenant_id: str) -> Response:
    """Take all data of a tenant along

    Every document of the tenant, as JSON Lines, without secrets. The file is sent while it is read, so it
    may be of any length; what changes meanwhile may be in it or not.
    """
    tenant = visible_tenant(tenant_id)
    return file_response(f"{tenant.id}.jsonl", JSON_LINES, _lines(tenant.id))


def _lines(tenant_id: str) -> Iterator[bytes]:
    for record in services().tenant_export.records(tenant_id):
        yield orjson.dumps(record, default=str, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS)
