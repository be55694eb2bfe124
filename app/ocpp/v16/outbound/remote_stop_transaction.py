"""RemoteStopTransaction (OCPP 1.6 5.12): Accepted means StopTransaction follows (C15)."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.domain.session import SessionStatus, session_id_of
from app.ocpp.outgoing import ACCEPTED, judge_by_status
from app.services.keepers import Keepers
from app.services.ports import Asked

ACTION = "RemoteStopTransaction"
FEATURE_PROFILE = "Core"
ALIASES = ("remote_stop",)
ALLOWED_WHILE_PENDING = False
on_result = judge_by_status(ACCEPTED)


def concerns(asked: Asked, payload: Mapping[str, Any], keepers: Keepers) -> Iterator[str]:
    """A transaction that does not run cannot be stopped; the charge point may know better."""
    number = payload["transactionId"]
    session = keepers.sessions.find(asked.ref.tenant_id, session_id_of(number))
    if session is None or session.charge_point_id != asked.charge_point.id:
        yield f"The charge point has no transaction {number}."
    elif session.status is not SessionStatus.ACTIVE:
        yield f"Transaction {number} has ended."
