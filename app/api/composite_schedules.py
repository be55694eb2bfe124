"""Composite schedules over HTTP: what a charge point will do, by its own word and by our estimate."""

from typing import Any

from app.api.blueprint import Blueprint, also_answers, problems
from app.api.commands import request_for, submit
from app.api.current import services
from app.api.naming import problems_named
from app.api.permissions import requires
from app.api.schemas.charging_profile import (
    CompositeQuery,
    CompositeSchema,
    EstimateQuery,
    EstimateSchema,
)
from app.api.tenancy import charge_point_ref, known_charge_point_ref
from app.domain.charging_profile import RateUnit
from app.domain.command import Command, CommandStatus
from app.domain.composite import Composite
from app.domain.context import ChargePointRef
from app.domain.permissions import Permission

composite_schedules = Blueprint(
    "composite_schedules",
    __name__,
    url_prefix="/api/v1/chargepoints/<charge_point_id>/composite-schedule",
    description="What all charging profiles amount to.",
)
_REPORTED = ("connector_id", "schedule_start", "charging_schedule")


@composite_schedules.get("")
@requires(Permission.CHARGING_PROFILES_READ)
@composite_schedules.query(EstimateQuery)
@composite_schedules.answers(200, EstimateSchema, "The estimate.")
def estimate_composite_schedule(query: dict[str, Any], charge_point_id: str) -> Composite:
    """Estimate the limits of a charge point

    From the profiles that it is known to have, for a running transaction or for one that begins now. Nothing
    is sent. Between ampere and watt 230 V are assumed.
    """
    return _estimate(known_charge_point_ref(charge_point_id), query)


@composite_schedules.post("")
@requires(Permission.CHARGING_PROFILES_MANAGE)
@composite_schedules.query(CompositeQuery)
@composite_schedules.answers(200, CompositeSchema, "The charge point has answered; see `status`.")
@also_answers(202, CompositeSchema, "It has not answered yet; see the command.")
@problems(409)
def ask_composite_schedule(
    query: dict[str, Any], charge_point_id: str
) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Ask a charge point for its limits

    Sends a GetCompositeSchedule and waits for the answer. Beside it stands the estimate: where both differ,
    the charge point has profiles from elsewhere, or limits of its own.
    """
    ref = charge_point_ref(charge_point_id)
    parameters = {"connector_id": query["connector_id"], "duration": query["duration"]}
    if "unit" in query:
        parameters["charging_rate_unit"] = query["unit"]
    request = request_for(ref, "GetCompositeSchedule", parameters, query)
    with problems_named({"parameters.charging_rate_unit": "unit", "parameters.": ""}):
        command, status, headers = submit(request, query["wait"])
    shown = {
        "charge_point_id": command.charge_point_id,
        "command_id": command.id,
        "status": command.status.value,
        "error": command.error,
        "reported": _reported(command),
        "estimate": _estimate(ref, query),
    }
    return shown, status, headers


def _estimate(ref: ChargePointRef, query: dict[str, Any]) -> Composite:
    unit = RateUnit(query["unit"]) if "unit" in query else None
    return services().keepers.charging_profiles.estimate(ref, query["connector_id"], query["duration"], unit)


def _reported(command: Command) -> dict[str, Any] | None:
    """Of a refusal only the status counts: some send junk beside it (G29)."""
    if command.status is not CommandStatus.ACCEPTED or command.result is None:
        return None
    return {name: command.result[name] for name in _REPORTED if name in command.result}
