"""ChangeAvailability (OCPP 1.6 5.2): Scheduled is a yes that waits for a transaction to end (C7).

What the charge point agreed to is kept as wanted; its StatusNotification shows when it is so. Where it does
not take connector 0, which means all of them, each is asked for alone (G29).
"""

from app.domain.charge_point import ChargePoint
from app.domain.command import Command, CommandStatus, FollowUp, Outcome
from app.ocpp.outgoing import charge_point_refused, connectors_of, judge_by_status
from app.services.keepers import Keepers

ACTION = "ChangeAvailability"
FEATURE_PROFILE = "Core"
on_result = judge_by_status({"Accepted", "Scheduled"})


def ended(command: Command, outcome: Outcome, keepers: Keepers) -> list[FollowUp]:
    """Keep what is wanted now, or go through the connectors."""
    charge_point = keepers.charge_points.find(command.charge_point)
    if charge_point is None:
        return []
    connector_id, wanted = command.payload["connectorId"], command.payload["type"]
    if outcome.status is CommandStatus.ACCEPTED:
        concerned = _concerned(charge_point, connector_id)
        keepers.charge_points.change(
            command.charge_point, {"wanted_availability": dict.fromkeys(concerned, wanted)}
        )
    elif connector_id == 0 and charge_point_refused(outcome):
        return [
            FollowUp(f"connector-{number}", ACTION, {"connector_id": number, "type": wanted})
            for number in connectors_of(charge_point, keepers)
        ]
    return []


def _concerned(charge_point: ChargePoint, connector_id: int) -> list[int]:
    """0 is the charge point and all its connectors, also those that were treated apart before."""
    if connector_id != 0:
        return [connector_id]
    return sorted({0, *charge_point.wanted_availability, *(c.id for c in charge_point.connectors)})
