"""MQTT: connecting by paho, and publishing with proof of arrival."""

import socket
import ssl
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
_PUBLISH = 0x30
_PUBACK = 0x4002  # with the length of what follows, an id
_PING, _PONG = b"\xc0\x00", b"\xd0\x00"


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
    """Publishes events in order with proof of arrival. After any failure the connection is made anew.

    Events of a failed call may have arrived: the caller sends all of them again, in order (at least once).
    paho connects. The packets are written and read here, hundreds at once: paho's own way costs ten times as
    much (bench/README.md). Not for several threads.
    """

    def __init__(self, url: str, client_id: str, ack_timeout_s: float = 5.0) -> None:
        self._url = url
        self._client_id = client_id
        self._ack_timeout_s = ack_timeout_s
        self._client: paho.Client | None = None
        self._ping_at = 0.0

    def publish(self, events: Sequence[Event], *, qos: int = 1, retain_status: bool = True) -> None:
        """Return when the broker has acknowledged every event; of `qos` 0, when it has read them all.

        Raises Retryable.
        """
        with self._talking() as sock:
            for start in range(0, len(events), _MAX_IN_FLIGHT):
                some = events[start : start + _MAX_IN_FLIGHT]
                packets = [
                    _publish_packet(event, number, qos, retain_status and is_retained(event))
                    for number, event in enumerate(some, 1)
                ]
                sock.sendall(b"".join(packets))
                if qos:
                    _await_acknowledgements(sock, len(some))
            if not (qos and events):
                _await_pong(sock)

    def keep_alive(self) -> None:
        """To be called every few seconds: the broker drops whom it has not heard. Raises Retryable."""
        if self._client is not None and time.monotonic() > self._ping_at:
            with self._talking() as sock:
                _await_pong(sock)

    def close(self) -> None:
        """End the connection; the next publish makes a new one."""
        if self._client is not None:
            client, self._client = self._client, None
            sock = _socket_of(client)
            sock.settimeout(0)
            client.disconnect()
            sock.close()

    @contextmanager
    def _talking(self) -> Iterator[socket.socket]:
        """With the broker. Raises Retryable if that fails."""
        try:
            self._client = self._client or self._connect()
            yield _socket_of(self._client)
            self._ping_at = time.monotonic() + _KEEPALIVE_S / 2
        except (OSError, ValueError) as failure:
            self.close()
            raise Retryable(f"MQTT: {type(failure).__name__}: {failure}") from failure

    def _connect(self) -> paho.Client:
        client = build_client(self._url, self._client_id)
        connect(client, self._url)
        deadline = time.monotonic() + self._ack_timeout_s
        while not client.is_connected():
            if refused := client.loop(timeout=0.1):
                raise ConnectionError(f"the broker ended the connection: {paho.error_string(refused)}")
            if time.monotonic() > deadline:
                client.disconnect()
                raise TimeoutError("the broker did not accept the connection in time")
        _socket_of(client).settimeout(self._ack_timeout_s)
        return client


def _socket_of(client: paho.Client) -> socket.socket:
    sock = client.socket()
    if not isinstance(sock, socket.socket):
        raise ConnectionError("the connection is closed")
    return sock


def _publish_packet(event: Event, packet_id: int, qos: int, retain: bool) -> bytes:
    """MQTT 3.1.1, section 3.3."""
    topic = topic_of(event).encode()
    parts = [len(topic).to_bytes(2, "big"), topic]
    if qos:
        parts.append(packet_id.to_bytes(2, "big"))
    parts.append(orjson.dumps(event.body))
    return b"".join([_fixed_header(_PUBLISH | qos << 1 | retain, sum(map(len, parts))), *parts])


def _fixed_header(first: int, length: int) -> bytes:
    """MQTT 3.1.1, section 2.2: seven bits of the length in each byte, the lowest first."""
    header = bytearray([first])
    while length > 127:
        header.append(length & 127 | 128)
        length >>= 7
    header.append(length)
    return bytes(header)


def _await_acknowledgements(sock: socket.socket, count: int) -> None:
    """Of the packets 1 to `count`. Raises OSError, and ValueError if the broker says anything else."""
    missing = set(range(1, count + 1))
    said = b""
    while missing:
        said += _receive(sock)
        whole = len(said) // 4 * 4
        for kind, packet_id in struct.iter_unpack("!HH", said[:whole]):
            if kind != _PUBACK:
                raise ValueError("the broker said something else than PUBACK")
            missing.discard(packet_id)
        said = said[whole:]


def _await_pong(sock: socket.socket) -> None:
    """A broker that answers has read all before. Raises OSError, ValueError."""
    sock.sendall(_PING)
    said = _receive(sock)
    while len(said) < len(_PONG):
        said += _receive(sock)
    if said != _PONG:
        raise ValueError("the broker said something else than PINGRESP")


def _receive(sock: socket.socket) -> bytes:
    received = sock.recv(65_536)
    if not received:
        raise ConnectionError("the broker closed the connection")
    return received


def ping(url: str, timeout_s: float = 2.0) -> None:
    """Raises Retryable if nothing listens at the broker's address."""
    try:
        socket.create_connection(address_of(url), timeout=timeout_s).close()
    except OSError as failure:
        raise Retryable(f"MQTT: {failure}") from failure
