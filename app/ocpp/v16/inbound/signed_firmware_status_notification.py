"""SignedFirmwareStatusNotification (security white paper 5, L01): how far a signed update is (B56)."""

from collections.abc import Mapping
from typing import Any

from app.domain.context import CallContext
from app.domain.job import FIRMWARE_KINDS
from app.ocpp.incoming import Incoming
from app.services import Services
from app.services.batch import Batch, BatchNeeds

ACTION = "SignedFirmwareStatusNotification"


def needs(payload: Mapping[str, Any], context: CallContext) -> BatchNeeds:
    """Nothing."""
    return BatchNeeds()


def handle(incoming: Incoming, batch: Batch, services: Services) -> dict[str, Any]:
    """By its request id, which may be missing (L01.FR.21); then it is about the newest open job."""
    services.keepers.firmware.note_status(
        incoming.context.charge_point,
        FIRMWARE_KINDS,
        incoming.payload["status"],
        incoming.context.fence,
        incoming.payload.get("requestId"),
    )
    return {}
