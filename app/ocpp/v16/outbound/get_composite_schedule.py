"""GetCompositeSchedule (OCPP 1.6 5.7): what the charge point will do; of a refusal only the word counts."""

from typing import Any

from app.domain.errors import InvalidInput
from app.ocpp.outgoing import ACCEPTED, judge_by_status

ACTION = "GetCompositeSchedule"
FEATURE_PROFILE = "SmartCharging"
on_result = judge_by_status(ACCEPTED)


def parameters(payload: dict[str, Any]) -> dict[str, Any]:
    """Raises InvalidInput on a duration of nothing."""
    duration = payload.get("duration")
    if isinstance(duration, int) and duration < 1:
        problems = {"parameters.duration": ["Must be above 0."]}
        raise InvalidInput("The parameters of GetCompositeSchedule are not valid.", problems=problems)
    return payload
