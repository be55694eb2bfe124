"""StatusNotification (OCPP 1.6 4.9): a connector's newest state (B36-B43)."""

from collections.abc import Mapping
from typing import Any

from app.domain.charge_point import Connector
from app.domain.context import CallContext
from app.domain.reservation import ENDING
from app.ocpp.errors import ErrorCode, OcppError
from app.ocpp.incoming import Incoming
from app.services import Services
from app.services.batch import Batch, BatchNeeds

ACTION = "StatusNotification"
MAX_CONNECTOR_ID = 1000
_MAX_WORD = 50  # all of them are in every status event
_OTHER_ERROR = "OtherError"
_LIST_CONFLICT = "LocalListConflict"  # B41
ERROR_CODES = frozenset(
    (
        "ConnectorLockFailure",
        "EVCommunicationError",
        "GroundFailure",
        "HighTemperature",
        "InternalError",
        _LIST_CONFLICT,
        "NoError",
        _OTHER_ERROR,
        "OverCurrentFailure",
        "OverVoltage",
        "PowerMeterFailure",
        "PowerSwitchFailure",
        "ReaderFailure",
        "ResetFailure",
        "UnderVoltage",
        "WeakSignal",
    )
)
"""B37. Any other word is OtherError, with the word where vendors put their own (G13)."""


def needs(payload: Mapping[str, Any], context: CallContext) -> BatchNeeds:
    """The charge point with its other connectors."""
    return BatchNeeds(charge_points={context.charge_point.charge_point_id})


def handle(incoming: Incoming, batch: Batch, services: Services) -> dict[str, Any]:
    """Keep the state, publish it. A connector nobody announced is created (B5), within reason."""
    payload = incoming.payload
    if not 0 <= payload["connectorId"] <= MAX_CONNECTOR_ID:
        raise OcppError(
            f"connectorId: must be from 0 to {MAX_CONNECTOR_ID}",
            error_code=ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
        )
    error_code = payload["errorCode"]
    known = error_code in ERROR_CODES
    connector = Connector(
        id=payload["connectorId"],
        status=payload["status"][:_MAX_WORD],
        error_code=error_code if known else _OTHER_ERROR,
        last_update=incoming.time(),
        info=payload.get("info"),
        vendor_id=payload.get("vendorId"),
        vendor_error_code=payload.get("vendorErrorCode") or (None if known else error_code[:_MAX_WORD]),
    )
    services.charge_points.record_status(batch, incoming.index, incoming.context, connector)
    _end_reservations(incoming.context, batch, services, connector)
    if error_code == _LIST_CONFLICT:
        services.keepers.local_lists.note_conflict(incoming.context.charge_point)
    return {}


def _end_reservations(call: CallContext, batch: Batch, services: Services, connector: Connector) -> None:
    """B40; nobody looks for reservations where there are none."""
    charge_point = batch.charge_points.get(call.charge_point.charge_point_id)
    if charge_point is not None and charge_point.has_reservations and connector.status in ENDING:
        reservations = services.keepers.reservations
        reservations.note_status(call.charge_point, connector.id, connector.status, call.received_at)
