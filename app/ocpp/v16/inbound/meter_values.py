"""MeterValues (OCPP 1.6 4.7): kept, attributed, answered with nothing, always (B18-B26)."""

from collections.abc import Mapping
from typing import Any

from app.domain.context import CallContext
from app.ocpp.incoming import Incoming
from app.services import Services
from app.services.batch import Batch, BatchNeeds
from app.services.meter_values import MeterReport

ACTION = "MeterValues"


def needs(payload: Mapping[str, Any], context: CallContext) -> BatchNeeds:
    """The session of the transaction, where one is named."""
    transaction_id = payload.get("transactionId")
    return BatchNeeds(transactions={transaction_id} if transaction_id and transaction_id > 0 else set())


def handle(incoming: Incoming, batch: Batch, services: Services) -> dict[str, Any]:
    """Keep every reading."""
    payload = incoming.payload
    report = MeterReport(
        payload["connectorId"], payload.get("transactionId"), incoming.readings("meterValue")
    )
    services.meter_values.record(batch, incoming.index, incoming.context, report)
    return {}
