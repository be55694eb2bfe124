"""ClearCache (OCPP 1.6 5.4): empties the authorization cache (C11)."""

from app.ocpp.outgoing import ACCEPTED, judge_by_status

ACTION = "ClearCache"
FEATURE_PROFILE = "Core"
on_result = judge_by_status(ACCEPTED)
