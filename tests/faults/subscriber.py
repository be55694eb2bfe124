"""An integrator's service that hears every session event, and keeps its MQTT session while it is away."""

import json
import threading
import time
from collections import defaultdict
from typing import Any

import paho.mqtt.client as paho

from app.messaging import mqtt


class Subscriber:
    """What came of sessions, in order of arrival, by charge point; repeated events count once."""

    def __init__(self, url: str, client_id: str, tenant_ids: list[str]) -> None:
        self._url = url
        self._filters = [(f"ocpp/events/{tenant_id}/+/session", 1) for tenant_id in tenant_ids]
        self._lock = threading.Lock()
        self._seen: set[tuple[str, str]] = set()
        self._events: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
        self._arrivals: dict[tuple[str, str], list[float]] = defaultdict(list)
        self._subscribed = threading.Event()
        self.heard = self.repeated = 0
        self._client = mqtt.build_client(url, client_id, persistent=True)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message

    def start(self) -> None:
        """Return when the subscription stands."""
        mqtt.connect(self._client, self._url)
        self._client.loop_start()
        if not self._subscribed.wait(10):
            raise TimeoutError("the broker did not confirm the subscription")

    def stop(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()

    def events_of(self, tenant_id: str, charge_point_id: str) -> list[tuple[str, str]]:
        """(session id, event type) in the order in which each event came first."""
        with self._lock:
            return list(self._events[tenant_id, charge_point_id])

    def arrivals_of(self, tenant_id: str, charge_point_id: str) -> list[float]:
        """When each of the same events came, by `time.monotonic()`."""
        with self._lock:
            return list(self._arrivals[tenant_id, charge_point_id])

    def _on_connect(self, client: paho.Client, *_: Any) -> None:
        client.subscribe(self._filters)

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        arrived_at = time.monotonic()
        body = json.loads(message.payload)
        with self._lock:
            self.heard += 1
            named = (body["tenant_id"], body["event_id"])
            if named in self._seen:
                self.repeated += 1
                return
            self._seen.add(named)
            whose = (body["tenant_id"], body["charge_point_id"])
            self._events[whose].append((body["session_id"], body["event_type"]))
            self._arrivals[whose].append(arrived_at)
