"""DataTransfer (OCPP 1.6 4.3): vendors' own messages, by the tenant's list of vendors (B14)."""

from collections.abc import Mapping
from typing import Any

from app.domain.context import CallContext
from app.ocpp.incoming import Incoming
from app.services import Services
from app.services.batch import Batch, BatchNeeds

ACTION = "DataTransfer"


def needs(payload: Mapping[str, Any], context: CallContext) -> BatchNeeds:
    """The charge point: only the message log keeps the data, so it is not taken while the store is away."""
    return BatchNeeds(charge_points={context.charge_point.charge_point_id})


def handle(incoming: Incoming, batch: Batch, services: Services) -> dict[str, Any]:
    """Accepted only for vendor and message ids that the tenant has listed; the message log keeps the data."""
    known = batch.tenant.configuration.data_transfer_vendors.get(incoming.payload["vendorId"])
    if known is None:
        return {"status": "UnknownVendorId"}
    message_id = incoming.payload.get("messageId")
    if message_id is not None and message_id not in known:
        return {"status": "UnknownMessageId"}
    return {"status": "Accepted"}
