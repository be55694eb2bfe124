"""SetChargingProfile (OCPP 1.6 5.16): a limit over time (C30)."""

from app.ocpp.outgoing import ACCEPTED, judge_by_status

ACTION = "SetChargingProfile"
FEATURE_PROFILE = "SmartCharging"
on_result = judge_by_status(ACCEPTED)
