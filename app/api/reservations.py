"""Reservations over HTTP."""

from typing import Any

from flask import url_for

from app.api.blueprint import Blueprint, also_answers, problems
from app.api.commands import request_for, submit
from app.api.current import services
from app.api.naming import problems_named
from app.api.paging import page_request
from app.api.permissions import requires
from app.api.schemas.command import InsistingQuery, WaitQuery
from app.api.schemas.reservation import (
    NewReservationSchema,
    ReservationPageSchema,
    ReservationQuery,
    ReservationSchema,
)
from app.api.tenancy import charge_point_ref, current_tenant
from app.domain.errors import NeedsForce
from app.domain.id_tag import id_tag_key
from app.domain.permissions import Permission
from app.domain.reservation import Reservation
from app.services.ports import Page

reservations = Blueprint(
    "reservations", __name__, url_prefix="/api/v1/reservations", description="Connectors kept free."
)
_PARAMETERS = {
    "connector_id": "connector_id",
    "expires_at": "expiry_date",
    "id_tag": "id_tag",
    "parent_id_tag": "parent_id_tag",
    "reservation_id": "reservation_id",
}


@reservations.get("")
@requires(Permission.RESERVATIONS_READ)
@reservations.query(ReservationQuery)
@reservations.answers(200, ReservationPageSchema, "A page of reservations.")
def list_reservations(query: dict[str, Any]) -> Page[Reservation]:
    """List reservations

    Newest first, with those that are over.
    """
    if "id_tag" in query:
        query["id_tag_key"] = id_tag_key(query.pop("id_tag"))
    return services().keepers.reservations.list_page(current_tenant().id, page_request(query))


@reservations.post("")
@requires(Permission.RESERVATIONS_MANAGE)
@reservations.query(WaitQuery)
@reservations.body(NewReservationSchema)
@reservations.answers(202, ReservationSchema, "The charge point is being asked; its address is in Location.")
@also_answers(200, ReservationSchema, "The charge point has answered; see `status`.")
@problems(400, 409, 415)
def reserve(query: dict[str, float], body: dict[str, Any]) -> tuple[Reservation, int, dict[str, str]]:
    """Reserve a connector

    Sends the charge point a ReserveNow. `status` is `accepted` once it has said yes, `refused` with its word
    in `reason` if it said no. If it does not answer it is `unknown`, and a CancelReservation follows.
    """
    parameters = {wire: body[name] for name, wire in _PARAMETERS.items() if name in body}
    request = request_for(charge_point_ref(body["charge_point_id"]), "ReserveNow", parameters, body)
    with problems_named({"parameters.expiry_date": "expires_at", "parameters.": ""}):
        command, status, _ = submit(request, query["wait"])
    reservation = services().keepers.reservations.get(command.tenant_id, command.id)
    return reservation, status, {"Location": _address_of(reservation)}


@reservations.get("/<reservation_id>")
@requires(Permission.RESERVATIONS_READ)
@reservations.answers(200, ReservationSchema, "The reservation.")
def get_reservation(reservation_id: str) -> Reservation:
    """Show a reservation

    By its `id`.
    """
    return services().keepers.reservations.get(current_tenant().id, reservation_id)


@reservations.delete("/<reservation_id>")
@requires(Permission.RESERVATIONS_MANAGE)
@reservations.query(InsistingQuery)
@reservations.answers(202, ReservationSchema, "The charge point is being asked.")
@also_answers(200, ReservationSchema, "The charge point has answered; see `status`.")
@problems(409)
def cancel_reservation(query: dict[str, Any], reservation_id: str) -> tuple[Reservation, int, dict[str, str]]:
    """Cancel a reservation

    Sends the charge point a CancelReservation. It is over with either answer: a charge point that refuses has
    no such reservation. For one that is over already it takes `force` (409 `needs_force`).
    """
    kept = services().keepers.reservations
    reservation = kept.get(current_tenant().id, reservation_id)
    if not reservation.status.is_open and not query["force"]:
        doubt = f"The reservation is {reservation.status.value}; there is nothing to cancel."
        sentence = f"{doubt} Send it with `force` to send it all the same."
        raise NeedsForce(sentence, problems={"force": [doubt]})
    parameters = {"reservation_id": reservation.reservation_id}
    request = request_for(reservation.charge_point, "CancelReservation", parameters, {"force": True})
    command, status, _ = submit(request, query["wait"])
    return kept.get(command.tenant_id, reservation.id), status, {"Location": _address_of(reservation)}


def _address_of(reservation: Reservation) -> str:
    return url_for("reservations.get_reservation", reservation_id=reservation.id)
