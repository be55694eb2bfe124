"""Events as the world sees them on MQTT (design section 5)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.domain.charge_point import ChargePoint
from app.domain.command import Command
from app.domain.context import ChargePointRef
from app.domain.errors import Expired
from app.domain.times import format_time

SCHEMA_VERSION = 1
MAX_PUBLISHED_RESULT = 100_000
BY_MQTT = "mqtt"
"""Who asked, of a command over MQTT: the broker does not say which program it was."""


class EventChannel(StrEnum):
    """Where an event goes; `app.messaging.topics` knows the topic behind each."""

    SESSION = "session"
    METER_VALUE = "meter_value"
    FAULT = "fault"
    STATUS = "status"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class Event:
    """One message to publish. `body` is JSON-safe."""

    channel: EventChannel
    charge_point: ChargePointRef
    body: dict[str, Any]


def event(
    channel: EventChannel,
    ref: ChargePointRef,
    *,
    event_type: str,
    event_id: str,
    at: datetime,
    data: dict[str, Any],
    session_id: str | None = None,
) -> Event:
    """An event in the published shape. `event_id` is deterministic: consumers drop duplicates by it."""
    body = {
        "schema_version": SCHEMA_VERSION,
        "event_id": event_id,
        "event_type": event_type,
        "timestamp": format_time(at),
        "session_id": session_id,
        "charge_point_id": ref.charge_point_id,
        "tenant_id": ref.tenant_id,
        "data": data,
    }
    return Event(channel, ref, body)


def status_event(charge_point: ChargePoint, at: datetime, event_id: str) -> Event:
    """The retained status of a charge point; connectors keep their last value, marked stale when offline."""
    ref = ChargePointRef(charge_point.tenant_id, charge_point.id)
    body = {
        "schema_version": SCHEMA_VERSION,
        "event_id": event_id,
        "event_type": "status",
        "timestamp": format_time(at),
        "charge_point_id": charge_point.id,
        "tenant_id": charge_point.tenant_id,
        "status": charge_point.availability.value,
        "connectors": [
            {
                "id": connector.id,
                "status": connector.status,
                "error_code": connector.error_code,
                "last_update": format_time(connector.last_update),
                "stale": not charge_point.is_live,
            }
            for connector in charge_point.connectors
        ],
    }
    return Event(EventChannel.STATUS, ref, body)


def response_event(command: Command, at: datetime) -> Event:
    """Acknowledgement or result of a command. A huge result is left to REST: brokers have limits."""
    result = command.result
    if result is not None and len(str(result)) > MAX_PUBLISHED_RESULT:
        result = {"left_out": f"Too large for an event; see the command '{command.id}'."}
    body = {
        "schema_version": SCHEMA_VERSION,
        "event_id": f"{command.id}:{command.status.value}",
        "event_type": "command_response",
        "timestamp": format_time(at),
        "command_id": command.id,
        "command_type": command.command_type,
        "charge_point_id": command.charge_point_id,
        "tenant_id": command.tenant_id,
        "requested_by": command.requested_by,
        "status": command.status.value,
        "result": result,
        "error": command.error,
    }
    return Event(EventChannel.RESPONSE, command.charge_point, body)


def refused_command_event(
    ref: ChargePointRef, command_id: str | None, error: dict[str, Any], at: datetime, event_id: str
) -> Event:
    """Answer to a command that could not be taken: nothing of it is stored."""
    body = {
        "schema_version": SCHEMA_VERSION,
        "event_id": event_id,
        "event_type": "command_response",
        "timestamp": format_time(at),
        "command_id": command_id,
        "command_type": None,
        "charge_point_id": ref.charge_point_id,
        "tenant_id": ref.tenant_id,
        "requested_by": BY_MQTT,
        "status": "expired" if error["code"] == Expired.code else "failed",
        "result": None,
        "error": error,
    }
    return Event(EventChannel.RESPONSE, ref, body)
