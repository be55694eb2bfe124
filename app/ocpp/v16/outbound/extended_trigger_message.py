"""ExtendedTriggerMessage (white paper 5.5): TriggerMessage for what the security extension adds (C36)."""

from collections.abc import Mapping
from typing import Any

from app.ocpp.outgoing import ACCEPTED, SECURITY, judge_by_status
from app.services.keepers import Keepers
from app.services.ports import Asked

ACTION = "ExtendedTriggerMessage"
FEATURE_PROFILE = SECURITY
on_result = judge_by_status(ACCEPTED)
_OF_A_CONNECTOR = frozenset({"MeterValues", "StatusNotification"})


def parameters(payload: dict[str, Any]) -> dict[str, Any]:
    """As TriggerMessage: connector 0 is left out, and so all is meant (0.5)."""
    if payload.get("connectorId") == 0:
        del payload["connectorId"]
    return payload


def concerns(asked: Asked, payload: Mapping[str, Any], keepers: Keepers) -> list[str]:
    """Only meter values and states are a connector's."""
    message = payload["requestedMessage"]
    if "connectorId" in payload and message not in _OF_A_CONNECTOR:
        return [f"{message} is not about a connector; leave connector_id out."]
    return []
