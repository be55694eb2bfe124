"""ChangeConfiguration (OCPP 1.6 5.3): RebootRequired is a yes that waits for a reset (C8)."""

from app.ocpp.outgoing import judge_by_status

ACTION = "ChangeConfiguration"
FEATURE_PROFILE = "Core"
on_result = judge_by_status({"Accepted", "RebootRequired"})
