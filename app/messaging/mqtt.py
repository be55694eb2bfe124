"""MQTT by paho: connecting, and publishing with proof of arrival."""

import socket
import ssl
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from app.domain.errors import Retryable
from app.domain.events import Event
from app.messaging.topics import is_retained, topic_of

_DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883}
_KEEPALIVE_S = 30
_MAX_IN_FLIGHT = 500


def build_client(
    url: str, client_id: str, *, persistent: bool = False, manual_ack: bool = False
) -> paho.Client:
    """A client for `url` (mqtt[s]://[user:password@]host[:port]) that is not connected yet."""
    parts = urlsplit(url)
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=not persistent,
        protocol=paho.MQTTv311,
        manual_ack=manual_ack,
    )
    if parts.username:
        client.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
    if parts.scheme == "mqtts":
        client.tls_set_context(ssl.create_default_context())
    client.max_inflight_messages_set(_MAX_IN_FLIGHT)
    client.max_queued_messages_set(0)
    client.reconnect_delay_set(min_delay=1, max_delay=5)
    client.on_socket_open = _send_at_once
    return client


def connect(client: paho.Client, url: str) -> None:
    """Raises OSError if the broker cannot be reached."""
    host, port = address_of(url)
    client.connect(host, port, keepalive=_KEEPALIVE_S)


def address_of(url: str) -> tuple[str, int]:
    """Host and port of a broker's address."""
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or _DEFAULT_PORTS[parts.scheme]


def _send_at_once(_client: paho.Client, _userdata: Any, sock: Any) -> None:
    """Without this, Nagle's algorithm holds small packets back for up to 40 ms."""
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class MqttPublisher:
    """Publishes events in order with QoS 1. After any failure the connection is made anew.

    Events of a failed call may have arrived: the caller sends all of them again, in order (at least once).
    """

    def __init__(self, url: str, client_id: str, ack_timeout_s: float = 5.0) -> None:
        self._url = url
        self._client_id = client_id
        self._ack_timeout_s = ack_timeout_s
        self._client: paho.Client | None = None

    def publish(self, events: Sequence[Event], *, qos: int = 1, retain_status: bool = True) -> None:
        """Return when the broker has acknowledged every event; of `qos` 0, when each is on its way.

        Raises Retryable.
        """
        try:
            client = self._connected()
            sent = [
                client.publish(
                    topic_of(event),
                    orjson.dumps(event.body),
                    qos=qos,
                    retain=retain_status and is_retained(event),
                )
                for event in events
            ]
            deadline = time.monotonic() + self._ack_timeout_s
            for message in sent:
                self._wait(client, message, deadline)
        except (OSError, ValueError, RuntimeError) as failure:
            self.close()
            raise Retryable(f"MQTT: {type(failure).__name__}: {failure}") from failure

    def _wait(self, client: paho.Client, message: paho.MQTTMessageInfo, deadline: float) -> None:
        while not message.is_published():
            if time.monotonic() > deadline or not client.is_connected():
                raise TimeoutError("the broker did not acknowledge in time")
            message.wait_for_publish(timeout=0.25)

    def _connected(self) -> paho.Client:
        if self._client is not None and self._client.is_connected():
            return self._client
        self.close()
        client = build_client(self._url, self._client_id)
        connect(client, self._url)
        client.loop_start()
        self._client = client
        deadline = time.monotonic() + self._ack_timeout_s
        while not client.is_connected():
            if time.monotonic() > deadline:
                raise TimeoutError("the broker did not accept the connection in time")
            time.sleep(0.005)
        return client

    def close(self) -> None:
        """End the connection; the next publish makes a new one."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None


def ping(url: str, timeout_s: float = 2.0) -> None:
    """Raises Retryable if nothing listens at the broker's address."""
    try:
        socket.create_connection(address_of(url), timeout=timeout_s).close()
    except OSError as failure:
        raise Retryable(f"MQTT: {failure}") from failure
