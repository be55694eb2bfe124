"""GetConfiguration (OCPP 1.6 5.8): the answer is the information (C13)."""

from app.ocpp.outgoing import accept_any_answer

ACTION = "GetConfiguration"
FEATURE_PROFILE = "Core"
on_result = accept_any_answer
