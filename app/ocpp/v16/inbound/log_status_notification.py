"""LogStatusNotification (security white paper 5, N01): how far the upload of a log is (B53)."""

from collections.abc import Mapping
from typing import Any

from app.domain.context import CallContext
from app.domain.job import LOG_KINDS
from app.ocpp.incoming import Incoming
from app.services import Services
from app.services.batch import Batch, BatchNeeds

ACTION = "LogStatusNotification"


def needs(payload: Mapping[str, Any], context: CallContext) -> BatchNeeds:
    """Nothing."""
    return BatchNeeds()


def handle(incoming: Incoming, batch: Batch, services: Services) -> dict[str, Any]:
    """By its request id, which is GetLog's; without one (N01.FR.12) it is about the newest open job."""
    services.keepers.diagnostics.note_status(
        incoming.context.charge_point,
        LOG_KINDS,
        incoming.payload["status"],
        incoming.context.fence,
        incoming.payload.get("requestId"),
    )
    return {}
