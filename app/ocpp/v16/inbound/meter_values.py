"""MeterValues (OCPP 1.6 4.7): kept, attributed, answered with nothing, always (B18-B26)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from app.domain.context import CallContext
from app.domain.times import CLOCKS_STARTED, parse_time
from app.ocpp.incoming import Incoming
from app.services import Services
from app.services.batch import Batch, BatchNeeds, ReadingsNeed
from app.services.meter_values import MeterReport

ACTION = "MeterValues"
_ANY_ZONE = timedelta(hours=14)


def needs(payload: Mapping[str, Any], context: CallContext) -> BatchNeeds:
    """The session of the transaction, where one is named; else those that may have run at the time."""
    transaction_id = payload.get("transactionId")
    named = transaction_id if transaction_id and transaction_id > 0 else None
    wanted = BatchNeeds(transactions={named} if named is not None else set())
    if payload["connectorId"] > 0:
        cp_id, oldest = context.charge_point.charge_point_id, _oldest(payload, context.received_at)
        wanted.readings.append(ReadingsNeed(cp_id, named, oldest))
    return wanted


def _oldest(payload: Mapping[str, Any], received_at: datetime) -> datetime:
    """Not after any of the readings: a time without offset may be in any zone (G14)."""
    items = payload.get("meterValue") or ()
    texts = (item.get("timestamp") for item in items if isinstance(item, dict))
    times = (parse_time(text) for text in texts if isinstance(text, str))
    believed = (at for at in times if at is not None and at >= CLOCKS_STARTED)
    return min([received_at, *believed]) - _ANY_ZONE


def handle(incoming: Incoming, batch: Batch, services: Services) -> dict[str, Any]:
    """Keep every reading, whatever it names."""
    payload = incoming.payload
    report = MeterReport(
        payload["connectorId"], incoming.transaction_id(batch), incoming.readings("meterValue")
    )
    services.meter_values.record(batch, incoming.index, incoming.context, report)
    return {}
