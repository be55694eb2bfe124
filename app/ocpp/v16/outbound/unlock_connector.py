"""UnlockConnector (OCPP 1.6 5.18): Unlocked is the only yes (C17)."""

from typing import Any

from app.ocpp.outgoing import above_zero, judge_by_status

ACTION = "UnlockConnector"
FEATURE_PROFILE = "Core"
on_result = judge_by_status({"Unlocked"})


def parameters(payload: dict[str, Any]) -> dict[str, Any]:
    """The charge point as a whole has no lock."""
    above_zero(payload, "connectorId")
    return payload
