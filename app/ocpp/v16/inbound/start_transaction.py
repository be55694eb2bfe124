"""StartTransaction (OCPP 1.6 4.8): an id and a verdict, whatever the verdict is (B27-B35)."""

from collections.abc import Mapping
from typing import Any

from app.domain.context import CallContext
from app.domain.id_tag import id_tag_key
from app.ocpp.incoming import Incoming, id_tag_info
from app.services import Services
from app.services.batch import Batch, BatchNeeds
from app.services.sessions import Start

ACTION = "StartTransaction"


def needs(payload: Mapping[str, Any], context: CallContext) -> BatchNeeds:
    """The id tag."""
    return BatchNeeds(id_tags={id_tag_key(payload["idTag"])})


def handle(incoming: Incoming, batch: Batch, services: Services) -> dict[str, Any]:
    """Store the transaction, then answer. `reservationId` 0 and -1 mean none (G16)."""
    payload = incoming.payload
    reservation_id = payload.get("reservationId")
    start = Start(
        connector_id=payload["connectorId"],
        id_tag=payload["idTag"],
        meter_start=payload["meterStart"],
        started_at=incoming.time(),
        raw_timestamp=payload["timestamp"],
        reservation_id=reservation_id if reservation_id and reservation_id > 0 else None,
    )
    transaction_id, verdict = services.sessions.start(batch, incoming.context, start)
    return {"idTagInfo": id_tag_info(verdict), "transactionId": transaction_id}
