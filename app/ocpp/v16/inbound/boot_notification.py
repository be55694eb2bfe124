"""BootNotification (OCPP 1.6 4.2): inventory in, verdict, time and interval out (B9-B13)."""

from collections.abc import Mapping
from typing import Any

from app.domain.charge_point import Registration
from app.domain.context import CallContext
from app.domain.times import format_time
from app.ocpp.incoming import Incoming
from app.services import Services
from app.services.batch import Batch, BatchNeeds

ACTION = "BootNotification"

_INVENTORY = {
    "chargePointVendor": "charge_point_vendor",
    "chargePointModel": "charge_point_model",
    "chargePointSerialNumber": "charge_point_serial_number",
    "chargeBoxSerialNumber": "charge_box_serial_number",
    "firmwareVersion": "firmware_version",
    "iccid": "iccid",
    "imsi": "imsi",
    "meterType": "meter_type",
    "meterSerialNumber": "meter_serial_number",
}
_MAX_STORED_LENGTH = 255


def needs(payload: Mapping[str, Any], context: CallContext) -> BatchNeeds:
    """The charge point: after an outage many boot in one batch."""
    return BatchNeeds(charge_points={context.charge_point.charge_point_id})


def handle(incoming: Incoming, batch: Batch, services: Services) -> dict[str, Any]:
    """Keep the inventory. `interval` is the heartbeat's once accepted, else the wait for the next boot."""
    inventory = {
        name: str(incoming.payload[wire])[:_MAX_STORED_LENGTH]
        for wire, name in _INVENTORY.items()
        if wire in incoming.payload
    }
    registration = services.boots.boot(batch, incoming.index, incoming.context, inventory)
    configuration = batch.tenant.configuration
    accepted = registration is Registration.ACCEPTED
    return {
        "currentTime": format_time(services.clock.now()),
        "interval": configuration.heartbeat_interval if accepted else configuration.boot_retry_interval,
        "status": registration.value,
    }
