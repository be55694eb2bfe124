"""TriggerMessage (OCPP 1.6 5.17): the message asked for follows the answer (C29)."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.domain.charge_point import Registration
from app.domain.command import Command, FollowUp, Outcome
from app.ocpp.outgoing import ACCEPTED, charge_point_refused, connectors_of, judge_by_status
from app.services.keepers import Keepers
from app.services.ports import Asked

ACTION = "TriggerMessage"
FEATURE_PROFILE = "RemoteTrigger"
on_result = judge_by_status(ACCEPTED)
_OF_CONNECTORS = frozenset({"MeterValues", "StatusNotification"})


def parameters(payload: dict[str, Any]) -> dict[str, Any]:
    """Connector 0 is left out: the texts contradict each other on it, and without it all is meant (0.5)."""
    if payload.get("connectorId") == 0:
        del payload["connectorId"]
    return payload


def concerns(asked: Asked, payload: Mapping[str, Any], keepers: Keepers) -> Iterator[str]:
    """A37."""
    accepted = asked.charge_point.registration is Registration.ACCEPTED
    if accepted and payload["requestedMessage"] == "BootNotification":
        yield "The charge point is accepted; it sends a BootNotification by itself when it has news."


def ended(command: Command, outcome: Outcome, keepers: Keepers) -> list[FollowUp]:
    """Where the charge point does not speak for all connectors, each is asked for alone (G29)."""
    message = command.payload["requestedMessage"]
    if "connectorId" in command.payload or message not in _OF_CONNECTORS or not charge_point_refused(outcome):
        return []
    charge_point = keepers.charge_points.find(command.charge_point)
    if charge_point is None or (outcome.result or {}).get("status") == "NotImplemented":
        return []
    return [
        FollowUp(f"connector-{number}", ACTION, {"requested_message": message, "connector_id": number})
        for number in connectors_of(charge_point, keepers)
    ]
