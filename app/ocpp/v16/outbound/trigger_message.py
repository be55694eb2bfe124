"""TriggerMessage (OCPP 1.6 5.17): the message asked for follows the answer (C29)."""

from app.ocpp.outgoing import ACCEPTED, judge_by_status

ACTION = "TriggerMessage"
FEATURE_PROFILE = "RemoteTrigger"
on_result = judge_by_status(ACCEPTED)
