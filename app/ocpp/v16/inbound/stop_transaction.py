"""StopTransaction (OCPP 1.6 4.10): cannot be refused (B44-B52)."""

from collections.abc import Mapping
from typing import Any

from app.domain.context import CallContext
from app.domain.id_tag import id_tag_key
from app.ocpp.incoming import Incoming, id_tag_info
from app.services import Services
from app.services.batch import Batch, BatchNeeds
from app.services.sessions import Stop

ACTION = "StopTransaction"
_REASON_WHEN_ABSENT = "Local"  # B45


def needs(payload: Mapping[str, Any], context: CallContext) -> BatchNeeds:
    """The session, the id tag where one is named, the charge point, which knows whether it has profiles."""
    transaction_id = payload["transactionId"]
    tag = payload.get("idTag")
    known = {transaction_id} if transaction_id > 0 else set()
    return BatchNeeds(
        transactions=known,
        ending=known,
        id_tags={id_tag_key(tag)} if tag else set(),
        charge_points={context.charge_point.charge_point_id},
    )


def handle(incoming: Incoming, batch: Batch, services: Services) -> dict[str, Any]:
    """Complete the session, or keep what came of an unknown one; say something of the tag only if asked."""
    payload = incoming.payload
    stop = Stop(
        transaction_id=incoming.transaction_id(batch) or 0,
        meter_stop=payload["meterStop"],
        stopped_at=incoming.time(),
        raw_timestamp=payload["timestamp"],
        reason=payload.get("reason", _REASON_WHEN_ABSENT),
        id_tag=incoming.id_tag(),
        readings=incoming.readings("transactionData"),
    )
    verdict = services.sessions.stop(batch, incoming.index, incoming.context, stop)
    charge_point = batch.charge_points.get(incoming.context.charge_point.charge_point_id)
    if charge_point is not None and charge_point.has_profiles:  # B51
        ended = {one.session.transaction_id for one in batch.completed if one.call == incoming.index}
        services.keepers.charging_profiles.note_stop(
            incoming.context.charge_point, ended | {stop.transaction_id}
        )
    return {} if verdict is None else {"idTagInfo": id_tag_info(verdict)}
