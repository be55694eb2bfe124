"""ClearChargingProfile (OCPP 1.6 5.5): Unknown means that nothing matched (C31)."""

from typing import Any

from app.domain.charging_profile import Criteria, Purpose
from app.domain.command import Command, CommandStatus, Outcome
from app.domain.errors import InvalidInput
from app.ocpp.outgoing import ACCEPTED, judge_by_status
from app.services.keepers import Keepers

ACTION = "ClearChargingProfile"
FEATURE_PROFILE = "SmartCharging"
on_result = judge_by_status(ACCEPTED)
_NOTHING_MATCHED = "Unknown"


def parameters(payload: dict[str, Any]) -> dict[str, Any]:
    """The id alone, or criteria alone: beside an id charge points ignore the criteria (E 3.25)."""
    if "id" in payload and len(payload) > 1:
        problems = {"parameters.id": ["Give the id alone, or criteria without an id."]}
        raise InvalidInput("The parameters of ClearChargingProfile are not valid.", problems=problems)
    return payload


def ended(command: Command, outcome: Outcome, keepers: Keepers) -> None:
    """Gone with either answer: what did not match is not there."""
    answered = (outcome.result or {}).get("status")
    if outcome.status is not CommandStatus.ACCEPTED and answered != _NOTHING_MATCHED:
        return
    wire = command.payload
    purpose = wire.get("chargingProfilePurpose")
    criteria = Criteria(
        wire.get("id"),
        wire.get("connectorId"),
        None if purpose is None else Purpose(purpose),
        wire.get("stackLevel"),
    )
    keepers.charging_profiles.note_cleared(command.charge_point, criteria)
