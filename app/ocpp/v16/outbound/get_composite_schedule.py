"""GetCompositeSchedule (OCPP 1.6 5.7): what the charge point will do (C32)."""

from app.ocpp.outgoing import ACCEPTED, judge_by_status

ACTION = "GetCompositeSchedule"
FEATURE_PROFILE = "SmartCharging"
on_result = judge_by_status(ACCEPTED)
