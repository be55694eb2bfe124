"""MQTT topics (design section 5). Ids never reach a topic unescaped."""

import re
from functools import lru_cache
from urllib.parse import unquote

from app.domain.context import ChargePointRef
from app.domain.events import Event, EventChannel

COMMANDS = "ocpp/commands/+/+"
_UNSAFE = re.compile(r"[%+#/\x00-\x1f\x7f]")
_COMMAND_TOPIC = re.compile(r"ocpp/commands/([^/]+)/([^/]+)")
_ROOTS = {
    EventChannel.SESSION: ("ocpp/events", "/session"),
    EventChannel.METER_VALUE: ("ocpp/events", "/meter_value"),
    EventChannel.FAULT: ("ocpp/events", "/fault"),
    EventChannel.STATUS: ("ocpp/status", ""),
    EventChannel.RESPONSE: ("ocpp/responses", ""),
}


@lru_cache(maxsize=50_000)
def escape(identity: str) -> str:
    """Percent-encode what has a meaning in topics; everything else stays readable."""
    return _UNSAFE.sub(lambda match: f"%{ord(match[0]):02X}", identity)


def topic_of(event: Event) -> str:
    """Where an event is published."""
    root, leaf = _ROOTS[event.channel]
    ref = event.charge_point
    return f"{root}/{escape(ref.tenant_id)}/{escape(ref.charge_point_id)}{leaf}"


def status_topic(ref: ChargePointRef) -> str:
    """Where a charge point's last status is kept."""
    return f"{_ROOTS[EventChannel.STATUS][0]}/{escape(ref.tenant_id)}/{escape(ref.charge_point_id)}"


def is_retained(event: Event) -> bool:
    """A subscriber that comes later still learns every charge point's status."""
    return event.channel is EventChannel.STATUS


def shared(topic: str, group: str) -> str:
    """To subscribe to, so that the broker deals the messages out among a group (MQTT 5, section 4.8.2)."""
    return f"$share/{group}/{topic}"


def charge_point_of_command(topic: str) -> ChargePointRef | None:
    """For whom a command topic is; None if it is not one."""
    match = _COMMAND_TOPIC.fullmatch(topic)
    return ChargePointRef(unquote(match[1]), unquote(match[2])) if match else None
