"""Connections of charge points over HTTP: who was not let in, and ending one on purpose."""

from typing import Any

from app.api.blueprint import Blueprint, problems
from app.api.current import services
from app.api.paging import page_request
from app.api.permissions import requires
from app.api.schemas.charge_point import ChargePointSchema
from app.api.schemas.refusal import (
    RefusedIdentityPageSchema,
    RefusedIdentityQuery,
)
from app.api.tenancy import charge_point_ref, current_tenant
from app.domain.charge_point import ChargePoint
from app.domain.errors import NotFound
from app.domain.permissions import Permission
from app.services.ports import Page
from app.services.refusals import RefusedIdentity

connections = Blueprint(
    "connections", __name__, url_prefix="/api/v1", description="Connections of charge points."
)


@connections.post("/chargepoints/<charge_point_id>/disconnect")
@requires(Permission.CHARGE_POINTS_CONFIGURE)
@connections.answers(202, ChargePointSchema, "The connection is being closed.")
@problems(409)
def disconnect_charge_point(charge_point_id: str) -> tuple[ChargePoint, int]:
    """Close a charge point's connection

    It comes back by itself, and its changed settings then apply. What it is charging goes on.
    """
    return services().charge_points.disconnect(charge_point_ref(charge_point_id)), 202


@connections.get("/refused-identities")
@requires(Permission.CHARGE_POINTS_READ)
@connections.query(RefusedIdentityQuery)
@connections.answers(200, RefusedIdentityPageSchema, "A page of refused identities.")
def list_refused_identities(query: dict[str, Any]) -> Page[RefusedIdentity]:
    """List identities that were refused

    Newest first: charge points that are unknown here, or that did not prove who they are. A charge point
    is made known with `POST /api/v1/chargepoints`.
    """
    return services().refused_identities.list_page(current_tenant().id, page_request(query))


@connections.delete("/refused-identities/<path:identity>")
@requires(Permission.CHARGE_POINTS_CONFIGURE)
@connections.response(204, description="It is off the list.")
def remove_refused_identity(identity: str) -> None:
    """Take an identity off the list

    It is listed again when it is refused again.
    """
    if not services().refused_identities.remove(current_tenant().id, identity):
        raise NotFound(f"The identity '{identity}' is not listed.")
