"""The demo's view of MQTT: subscribes to the tenant's events and status, prints and counts them."""

import asyncio
import json
import threading
import time
from collections import Counter
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from bench.demo_display import Display

SUMMARY_EVERY_S = 2.0
LAST_EVENTS_WITHIN_S = 10.0
ANSWER_WITHIN_S = 5.0


class EventWatch:
    """Context manager around a subscriber thread. Raises ConnectionError when the broker is not there."""

    def __init__(self, demo: dict[str, Any], display: Display) -> None:
        self._display = display
        self._tenant_id = demo["tenant_id"]
        address = urlsplit(demo["mqtt_url"])
        self._host, self._port = address.hostname or "127.0.0.1", address.port or 1883
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        if demo.get("mqtt_username"):
            self._client.username_pw_set(demo["mqtt_username"], demo.get("mqtt_password"))
        if address.scheme == "mqtts":
            self._client.tls_set()
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._subscribed = threading.Event()
        self._seen: set[str] = set()
        self._summary_at = 0.0
        self.counts: Counter[str] = Counter()

    def __enter__(self) -> Self:
        try:
            self._client.connect(self._host, self._port)
        except OSError as error:
            raise ConnectionError(f"no MQTT broker at {self._host}:{self._port}") from error
        self._client.loop_start()
        if not self._subscribed.wait(ANSWER_WITHIN_S):
            self._client.loop_stop()
            raise ConnectionError(f"the MQTT broker at {self._host}:{self._port} does not let us subscribe")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    async def wait_for_stops(self, sessions: int) -> None:
        """Until `session_stopped` came for that many sessions, or a while has passed without."""
        ends_at = time.monotonic() + LAST_EVENTS_WITHIN_S
        while self.counts["session_stopped"] < sessions and time.monotonic() < ends_at:  # noqa: ASYNC110
            await asyncio.sleep(0.1)

    def summary(self) -> str:
        """How many events of each kind came."""
        return ", ".join(f"{count} {kind}" for kind, count in sorted(self.counts.items())) or "no events"

    def _on_connect(
        self, client: mqtt.Client, userdata: Any, flags: Any, reason: ReasonCode, properties: Any
    ) -> None:
        client.subscribe([(f"ocpp/events/{self._tenant_id}/#", 1), (f"ocpp/status/{self._tenant_id}/#", 1)])

    def _on_subscribe(
        self, client: mqtt.Client, userdata: Any, message_id: int, reasons: Any, properties: Any
    ) -> None:
        self._subscribed.set()

    def _on_message(self, client: mqtt.Client, userdata: Any, message: mqtt.MQTTMessage) -> None:
        if message.retain:  # a status from before we came
            return
        body: dict[str, Any] = json.loads(message.payload)
        event_id = str(body.get("event_id"))
        if event_id in self._seen:  # meter values go to two topics, and delivery is at least once
            return
        self._seen.add(event_id)
        kind = body.get("event_type", "status")
        self.counts[kind] += 1
        if self._display.detailed:
            self._display.line(describe(kind, body), "cyan")
        elif time.monotonic() > self._summary_at:
            self._summary_at = time.monotonic() + SUMMARY_EVERY_S
            self._display.line(f"MQTT: {self.summary()}; latest: {describe(kind, body)}", "cyan")


def describe(kind: str, body: dict[str, Any]) -> str:
    """One event as one line."""
    if kind == "status":
        connectors = ", ".join(f"{one['id']}: {one['status']}" for one in body["connectors"] if one["id"])
        details = f"{body['status']} ({connectors})"
    else:
        wanted = ("connector_id", "energy_wh", "duration_seconds")
        data = body.get("data", {})
        details = " ".join(f"{name}={data[name]}" for name in wanted if data.get(name) is not None)
    return f"{body['charge_point_id']:<10} {kind:<16} {body.get('session_id') or '':<14} {details}"
