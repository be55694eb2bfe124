"""Reset (OCPP 1.6 5.14): Accepted means it will try; the boot that follows proves it (C16)."""

from app.ocpp.outgoing import ACCEPTED, judge_by_status

ACTION = "Reset"
FEATURE_PROFILE = "Core"
on_result = judge_by_status(ACCEPTED)
