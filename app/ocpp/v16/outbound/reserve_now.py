"""ReserveNow (OCPP 1.6 5.13): a connector kept free for an id tag (C26-C28)."""

from collections.abc import Mapping
from typing import Any

from app.domain.command import Command, CommandStatus, FollowUp, Outcome
from app.domain.errors import InvalidInput
from app.domain.reservation import NOT_SENT, Reservation, ReservationStatus
from app.domain.times import format_time, parse_time
from app.ocpp.errors import ErrorCode
from app.ocpp.outgoing import ACCEPTED, judge_by_status
from app.services.keepers import Keepers
from app.services.ports import Asked

ACTION = "ReserveNow"
FEATURE_PROFILE = "Reservation"
on_result = judge_by_status(ACCEPTED)
_DOES_NOT_KNOW_IT = frozenset({ErrorCode.NOT_IMPLEMENTED.value, ErrorCode.NOT_SUPPORTED.value})


def complete(asked: Asked, keepers: Keepers) -> dict[str, Any]:
    """A reservation id, where none is given. Raises InvalidInput on a time that has come already."""
    expiry = asked.parameters.get("expiry_date")
    expires_at = parse_time(expiry) if isinstance(expiry, str) else None
    if expires_at is not None and keepers.reservations.is_over(expires_at):
        raise _wrong_expiry("Must be in the future.")
    if "reservation_id" in asked.parameters:
        return {}
    return {"reservation_id": keepers.reservations.new_reservation_id(asked.ref)}


def parameters(payload: dict[str, Any]) -> dict[str, Any]:
    """The expiry in UTC. Raises InvalidInput if it is no time."""
    expiry = payload.get("expiryDate")
    if not isinstance(expiry, str):
        return payload
    expires_at = parse_time(expiry)
    if expires_at is None:
        raise _wrong_expiry("Must be a time as in 2026-12-31T18:00:00Z.")
    return payload | {"expiryDate": format_time(expires_at)}


def concerns(asked: Asked, payload: Mapping[str, Any], keepers: Keepers) -> list[str]:
    """C27: not every charge point takes a reservation of no connector in particular."""
    key = "ReserveConnectorZeroSupported"
    if payload["connectorId"] == 0 and keepers.configuration.mirror(asked.ref).lacks(key):
        return [f"The charge point does not reserve connector 0 ({key})."]
    return []


def taken(command: Command, keepers: Keepers) -> None:
    """A start may use it before its answer is here."""
    keepers.reservations.note_requested(_reservation_of(command))


def ended(command: Command, outcome: Outcome, keepers: Keepers) -> list[FollowUp]:
    """Accepted, refused with the word that the charge point said, or unknown and cancelled to be safe."""
    status, reason = _verdict(outcome)
    keepers.reservations.note_answered(_reservation_of(command), status, reason)
    if status is not ReservationStatus.UNKNOWN:
        return []
    number = {"reservation_id": command.payload["reservationId"]}
    return [FollowUp("cancel", "cancel_reservation", number)]


def _verdict(outcome: Outcome) -> tuple[ReservationStatus, str | None]:
    code = str((outcome.error or {}).get("code"))
    if outcome.status is CommandStatus.ACCEPTED:
        return ReservationStatus.ACCEPTED, None
    if outcome.status is CommandStatus.REJECTED:
        return ReservationStatus.REFUSED, str((outcome.result or {}).get("status"))
    if outcome.status is CommandStatus.EXPIRED:
        return ReservationStatus.ENDED, NOT_SENT
    if code in _DOES_NOT_KNOW_IT:  # whoever does not know the action has reserved nothing
        return ReservationStatus.REFUSED, code
    return ReservationStatus.UNKNOWN, code


def _reservation_of(command: Command) -> Reservation:
    wire = command.payload
    expires_at = parse_time(wire["expiryDate"])
    if expires_at is None:
        raise ValueError("A command that was taken has a readable expiry.")
    return Reservation(
        id=command.id,
        tenant_id=command.tenant_id,
        charge_point_id=command.charge_point_id,
        reservation_id=wire["reservationId"],
        connector_id=wire["connectorId"],
        id_tag=wire["idTag"],
        expires_at=expires_at,
        created_at=command.created_at,
        changed_at=command.created_at,
        parent_id_tag=wire.get("parentIdTag"),
    )


def _wrong_expiry(sentence: str) -> InvalidInput:
    problems = {"parameters.expiry_date": [sentence]}
    return InvalidInput("The parameters of ReserveNow are not valid.", problems=problems)
