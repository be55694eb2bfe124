"""FirmwareStatusNotification (OCPP 1.6 4.5): how far an update is; answered with nothing, always (B16)."""

from collections.abc import Mapping
from typing import Any

from app.domain.context import CallContext
from app.domain.job import FIRMWARE_KINDS
from app.ocpp.incoming import Incoming
from app.services import Services
from app.services.batch import Batch, BatchNeeds

ACTION = "FirmwareStatusNotification"


def needs(payload: Mapping[str, Any], context: CallContext) -> BatchNeeds:
    """Nothing: jobs are few and read when one is told of."""
    return BatchNeeds()


def handle(incoming: Incoming, batch: Batch, services: Services) -> dict[str, Any]:
    """It names no job, so it is about the newest open one; some tell of signed updates in this way too."""
    services.keepers.firmware.note_status(
        incoming.context.charge_point, FIRMWARE_KINDS, incoming.payload["status"], incoming.context.fence
    )
    return {}
