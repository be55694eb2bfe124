"""The audit log over HTTP: read and exported, never changed."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import orjson
from flask import Response, request

from app.api.blueprint import TENANT_QUERY_PARAMETER, Blueprint
from app.api.caller import current_caller
from app.api.current import services
from app.api.exports import JSON_LINES, file_response, json_lines, whole_list
from app.api.openapi import TENANT_HEADER
from app.api.paging import page_request
from app.api.permissions import requires, takes_tenant
from app.api.schemas.audit import AuditEntrySchema, AuditFilters, AuditPageSchema, AuditQuery
from app.api.tenancy import current_tenant, enter_tenant
from app.domain.audit import AuditEntry
from app.domain.csv_text import csv_pieces
from app.domain.permissions import Permission
from app.domain.user import Role
from app.services.ports import Page

PLATFORM = "platform"
"""How a platform admin names the platform's own log; no tenant may have this id."""
_SHOWN = AuditEntrySchema()

audit = Blueprint("audit", __name__, url_prefix="/api/v1", description="Who did what, and how it ended.")


@audit.get("/audit")
@requires(Permission.AUDIT_READ, in_tenant=False)
@takes_tenant
@audit.query(AuditQuery)
@audit.answers(200, AuditPageSchema, "A page of the audit log.")
def list_audit_entries(query: dict[str, Any]) -> Page[AuditEntry]:
    """List what was done

    Newest first: every call that would change something, whether it did or was refused, commands over MQTT,
    the command line, and what was deleted for its age. A platform admin names the tenant, or `platform`.
    """
    return services().audit.list_page(_audited(), page_request(query))


@audit.get("/audit.jsonl")
@requires(Permission.AUDIT_READ, in_tenant=False)
@takes_tenant
@audit.query(AuditFilters)
@audit.response(
    200, {"type": "string"}, content_type=JSON_LINES, description="One JSON object a line, an entry each."
)
def export_audit_as_json_lines(query: dict[str, Any]) -> Response:
    """Export the audit log as JSON Lines

    All that the filters let through, newest first, as the list shows it. The file is sent while it is made.
    """
    return file_response("audit.jsonl", JSON_LINES, json_lines(_entries(query)))


@audit.get("/audit.csv")
@requires(Permission.AUDIT_READ, in_tenant=False)
@takes_tenant
@audit.query(AuditFilters)
@audit.response(200, {"type": "string"}, content_type="text/csv", description="One line an entry.")
def export_audit(query: dict[str, Any]) -> Response:
    """Export the audit log as CSV

    All that the filters let through, newest first, with the columns of the list. `target`, `before` and
    `after` are JSON. The file is sent while it is made.
    """
    return file_response("audit.csv", "text/csv", csv_pieces(_rows(_entries(query))))


def _audited() -> str | None:
    """Whose log: the caller's own, or the one that a platform admin names; None is the platform's.

    That of a suspended tenant stays open to platform admins.
    """
    caller = current_caller()
    named = request.headers.get(TENANT_HEADER) or request.args.get(TENANT_QUERY_PARAMETER)
    if caller.role is Role.PLATFORM_ADMIN and named == PLATFORM:
        return None
    if caller.role is Role.PLATFORM_ADMIN and named is not None:
        return services().tenants.get(named).id
    enter_tenant(caller)
    return current_tenant().id


def _entries(query: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Entry after entry, as the list shows them. Raises InvalidInput, Retryable."""
    tenant_id = _audited()
    return map(_SHOWN.dump, whole_list(partial(services().audit.list_page, tenant_id), query))


def _rows(entries: Iterator[dict[str, Any]]) -> Iterator[list[object]]:
    columns = list(_SHOWN.dump_fields)
    yield list(columns)
    for entry in entries:
        yield [_cell(entry[name]) for name in columns]


def _cell(value: object) -> object:
    return orjson.dumps(value).decode() if isinstance(value, dict) else value
