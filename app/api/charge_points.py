"""Charge points over HTTP."""

from typing import Any

from flask import url_for

from app.api.blueprint import Blueprint, also_answers, problems
from app.api.commands import request_for, submit
from app.api.current import services
from app.api.paging import page_request
from app.api.permissions import requires
from app.api.representations import expected_revision
from app.api.schemas.charge_point import (
    ChangedChargePointSchema,
    ChargePointPageSchema,
    ChargePointQuery,
    ChargePointSchema,
    DecisionSchema,
    NewChargePointSchema,
    RegistrationSchema,
    RemovalQuery,
)
from app.api.schemas.command import WaitQuery
from app.api.tenancy import charge_point_ref, current_tenant
from app.domain.charge_point import ChargePoint, Registration
from app.domain.errors import Conflict
from app.domain.permissions import Permission
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
    return services().charge_points.list_page(current_tenant().id, page_request(query))


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
    charge_point = services().charge_points.get(charge_point_ref(charge_point_id))
    location = url_for("chargepoints.get_charge_point", charge_point_id=charge_point_id)
    return charge_point, 201, {"Location": location}


@charge_points.get("/<charge_point_id>")
@requires(Permission.CHARGE_POINTS_READ)
@charge_points.answers(200, ChargePointSchema, "The charge point.")
def get_charge_point(charge_point_id: str) -> ChargePoint:
    """Show a charge point

    With the last known state of its connectors; `stale` says that it is offline.
    """
    return services().charge_points.get(charge_point_ref(charge_point_id))


@charge_points.patch("/<charge_point_id>")
@requires(Permission.CHARGE_POINTS_CONFIGURE)
@charge_points.body(ChangedChargePointSchema)
@charge_points.answers(200, ChargePointSchema, "The charge point.")
@problems(400, 415)
def change_charge_point(body: dict[str, Any], charge_point_id: str) -> ChargePoint:
    """Set how a charge point is treated

    `settings` apply from its next connection on; `connectors` say what OCPP does not: `type` and
    `max_power` of each. What is left out stays as it is.
    """
    ratings = {connector.pop("id"): connector for connector in body["connectors"]}
    return services().administration.configure(
        charge_point_ref(charge_point_id), body["settings"], ratings, expected_revision()
    )


@charge_points.delete("/<charge_point_id>")
@requires(Permission.CHARGE_POINTS_REMOVE)
@charge_points.query(RemovalQuery)
@charge_points.response(204, description="It is forgotten.")
@problems(409)
def remove_charge_point(query: dict[str, bool], charge_point_id: str) -> None:
    """Forget a charge point

    Its sessions and messages stay. While it is connected or has a running session it takes `?force=true`;
    its connection is then closed.
    """
    services().administration.remove(charge_point_ref(charge_point_id), force=query["force"])


@charge_points.put("/<charge_point_id>/registration")
@requires(Permission.CHARGE_POINTS_CONFIGURE)
@charge_points.query(WaitQuery)
@charge_points.body(DecisionSchema)
@charge_points.answers(200, RegistrationSchema, "The decision.")
@also_answers(202, RegistrationSchema, "The decision; the charge point is being asked to boot.")
@problems(400, 409, 415)
def decide_registration(
    query: dict[str, float], body: dict[str, Any], charge_point_id: str
) -> tuple[dict[str, Any], int]:
    """Decide whether a charge point is admitted

    Its next BootNotification is answered so. With `trigger_boot`, a pending charge point that is connected
    is asked to send it now; others send it when they start, or when their retry interval is over.
    """
    ref = charge_point_ref(charge_point_id)
    decision = Registration(body["status"])
    charge_point = services().administration.decide(ref, decision, expected_revision())
    waits = charge_point.is_live and charge_point.registration is Registration.PENDING
    if not (body["trigger_boot"] and waits):
        return {"charge_point": charge_point, "command_id": None}, 200
    boot = {"requested_message": "BootNotification"}
    command, status, _ = submit(request_for(ref, "TriggerMessage", boot, {"force": True}), query["wait"])
    return {"charge_point": services().charge_points.get(ref), "command_id": command.id}, status
