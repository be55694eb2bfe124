"""ClearChargingProfile (OCPP 1.6 5.5): Unknown means nothing matched (C31)."""

from app.ocpp.outgoing import ACCEPTED, judge_by_status

ACTION = "ClearChargingProfile"
FEATURE_PROFILE = "SmartCharging"
on_result = judge_by_status(ACCEPTED)
