"""UnlockConnector (OCPP 1.6 5.18): Unlocked is the only yes (C17)."""

from app.ocpp.outgoing import judge_by_status

ACTION = "UnlockConnector"
FEATURE_PROFILE = "Core"
on_result = judge_by_status({"Unlocked"})
