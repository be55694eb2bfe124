"""StartTransaction (OCPP 1.6 4.8): an id and a verdict, whatever the verdict is (B27-B35)."""

from collections.abc import Mapping
from typing import Any

from app.domain.context import CallContext
from app.domain.id_tag import Authorization, id_tag_key
from app.domain.reservation import ReservedStart
from app.ocpp.incoming import Incoming, id_tag_info
from app.services import Services
from app.services.batch import Batch, BatchNeeds
from app.services.sessions import Start

ACTION = "StartTransaction"


def needs(payload: Mapping[str, Any], context: CallContext) -> BatchNeeds:
    """The id tag, and the charge point, which knows whether anything is reserved."""
    return BatchNeeds(
        id_tags={id_tag_key(payload["idTag"])}, charge_points={context.charge_point.charge_point_id}
    )


def handle(incoming: Incoming, batch: Batch, services: Services) -> dict[str, Any]:
    """Store the transaction, then answer."""
    payload = incoming.payload
    start = Start(
        connector_id=payload["connectorId"],
        id_tag=incoming.id_tag() or "",
        meter_start=payload["meterStart"],
        started_at=incoming.time(),
        raw_timestamp=payload["timestamp"],
        reservation_id=incoming.reservation_id(),
    )
    transaction_id, verdict = services.sessions.start(batch, incoming.index, incoming.context, start)
    _use_reservation(incoming.context, batch, services, _reserved_start(start, transaction_id, verdict))
    return {"idTagInfo": id_tag_info(verdict), "transactionId": transaction_id}


def _reserved_start(start: Start, transaction_id: int, verdict: Authorization) -> ReservedStart:
    return ReservedStart(
        start.connector_id,
        start.id_tag,
        verdict.parent_id_tag,
        start.reservation_id,
        transaction_id,
        start.started_at,
    )


def _use_reservation(call: CallContext, batch: Batch, services: Services, start: ReservedStart) -> None:
    """B32; nobody looks for reservations where there are none."""
    charge_point = batch.charge_points.get(call.charge_point.charge_point_id)
    if start.reservation_id is not None or (charge_point is not None and charge_point.has_reservations):
        services.keepers.reservations.note_start(call.charge_point, start)
