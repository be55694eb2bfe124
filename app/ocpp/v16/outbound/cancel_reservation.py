"""CancelReservation (OCPP 1.6 5.1): Rejected means that there is none, so it is over as well (C6)."""

from collections.abc import Mapping
from typing import Any

from app.domain.command import Command, CommandStatus, Outcome
from app.ocpp.outgoing import ACCEPTED, judge_by_status
from app.services.keepers import Keepers
from app.services.ports import Asked

ACTION = "CancelReservation"
FEATURE_PROFILE = "Reservation"
on_result = judge_by_status(ACCEPTED)


def concerns(asked: Asked, payload: Mapping[str, Any], keepers: Keepers) -> list[str]:
    """A number that nobody reserved."""
    number = payload["reservationId"]
    if keepers.reservations.find_open(asked.ref, number) is None:
        return [f"No open reservation of this charge point has the number {number}."]
    return []


def ended(command: Command, outcome: Outcome, keepers: Keepers) -> None:
    """Over, whatever the charge point answers; without an answer nobody knows."""
    if outcome.status is CommandStatus.ACCEPTED:
        keepers.reservations.note_cancelled(command.charge_point, command.payload["reservationId"])
    elif outcome.status is CommandStatus.REJECTED:
        reason = str((outcome.result or {}).get("status"))
        keepers.reservations.note_cancelled(command.charge_point, command.payload["reservationId"], reason)
