"""SecurityEventNotification (white paper 5.15): kept whatever its type; critical ones are told (B54, E28)."""

from collections.abc import Mapping
from typing import Any

from app.domain.context import CallContext
from app.ocpp.incoming import Incoming
from app.services import Services
from app.services.batch import Batch, BatchNeeds

ACTION = "SecurityEventNotification"


def needs(payload: Mapping[str, Any], context: CallContext) -> BatchNeeds:
    """Nothing."""
    return BatchNeeds()


def handle(incoming: Incoming, batch: Batch, services: Services) -> dict[str, Any]:
    """Always confirmed (A04.FR.03)."""
    services.keepers.security_events.record(
        batch,
        incoming.index,
        incoming.context,
        incoming.payload["type"],
        incoming.time(),
        incoming.payload.get("techInfo"),
    )
    return {}
