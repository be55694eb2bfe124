"""RemoteStartTransaction (OCPP 1.6 5.11): Accepted means it will try; StartTransaction proves it (C14)."""

from app.ocpp.outgoing import ACCEPTED, judge_by_status

ACTION = "RemoteStartTransaction"
FEATURE_PROFILE = "Core"
ALIASES = ("remote_start",)
ALLOWED_WHILE_PENDING = False
on_result = judge_by_status(ACCEPTED)
