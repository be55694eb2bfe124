"""Charge points over HTTP."""

from typing import Any

from flask import url_for

from app.api.blueprint import Blueprint, problems
from app.api.current import services
from app.api.paging import page_request
from app.api.permissions import Permission, requires
from app.api.schemas.charge_point import (
    ChargePointPageSchema,
    ChargePointQuery,
    ChargePointSchema,
    NewChargePointSchema,
)
from app.api.tenancy import current_tenant
from app.domain.charge_point import ChargePoint
from app.domain.context import ChargePointRef
from app.domain.errors import Conflict
from app.services.ports import Page

charge_points = Blueprint(
    "chargepoints", __name__, url_prefix="/api/v1/chargepoints", description="Charge points of a tenant."
)


@charge_points.get("")
@requires(Permission.CHARGE_POINTS_READ)
@charge_points.query(ChargePointQuery)
@charge_points.answers(200, ChargePointPageSchema, "A page of charge points.")
def list_charge_points(query: dict[str, Any]) -> Page[ChargePoint]:
    """List charge points

    In order of id.
    """
    return services().charge_points.list(current_tenant().id, page_request(query))


@charge_points.post("")
@requires(Permission.CHARGE_POINTS_CREATE)
@charge_points.body(NewChargePointSchema)
@charge_points.answers(201, ChargePointSchema, "The charge point; its address is in Location.")
@problems(400, 409, 415)
def register_charge_point(body: dict[str, str]) -> tuple[ChargePoint, int, dict[str, str]]:
    """Register a charge point

    Makes a charge point known, so that it may connect. Needed where the tenant's configuration has
    `unknown_charge_points` at `refuse`. Counts against `max_charge_points` (403 `quota_exceeded`).
    """
    tenant, charge_point_id = current_tenant(), body["id"]
    if not services().charge_points.register(tenant, charge_point_id):
        raise Conflict(f"The charge point '{charge_point_id}' is registered already.")
    charge_point = services().charge_points.get(ChargePointRef(tenant.id, charge_point_id))
    location = url_for("chargepoints.get_charge_point", charge_point_id=charge_point_id)
    return charge_point, 201, {"Location": location}


@charge_points.get("/<charge_point_id>")
@requires(Permission.CHARGE_POINTS_READ)
@charge_points.answers(200, ChargePointSchema, "The charge point.")
def get_charge_point(charge_point_id: str) -> ChargePoint:
    """Show a charge point

    With the last known state of its connectors; `stale` says that it is offline.
    """
    return services().charge_points.get(ChargePointRef(current_tenant().id, charge_point_id))
