"""ChangeAvailability (OCPP 1.6 5.2): Scheduled is a yes that waits for a transaction to end (C7)."""

from app.ocpp.outgoing import judge_by_status

ACTION = "ChangeAvailability"
FEATURE_PROFILE = "Core"
on_result = judge_by_status({"Accepted", "Scheduled"})
