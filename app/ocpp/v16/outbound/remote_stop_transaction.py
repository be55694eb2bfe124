"""RemoteStopTransaction (OCPP 1.6 5.12): Accepted means StopTransaction follows (C15)."""

from app.ocpp.outgoing import ACCEPTED, judge_by_status

ACTION = "RemoteStopTransaction"
FEATURE_PROFILE = "Core"
ALIASES = ("remote_stop",)
ALLOWED_WHILE_PENDING = False
on_result = judge_by_status(ACCEPTED)
