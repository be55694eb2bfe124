"""DataTransfer (OCPP 1.6 5.6): a vendor's own message to the charge point (C12)."""

from app.ocpp.outgoing import ACCEPTED, judge_by_status

ACTION = "DataTransfer"
FEATURE_PROFILE = "Core"
on_result = judge_by_status(ACCEPTED)
