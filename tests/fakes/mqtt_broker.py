"""A broker on loopback that takes what is published, and behaves as a test wants."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

CONNECT, PUBLISH, PINGREQ, DISCONNECT = 0x10, 0x30, 0xC0, 0xE0


@dataclass
class Published:
    """A message as it came."""

    topic: str
    body: Any
    qos: int
    retain: bool


@dataclass
class FakeBroker:
    """`answers` makes of a PUBLISH's id what goes back, by default its PUBACK. Without a `connect_code`
    nobody who connects is answered."""

    connect_code: int | None = 0
    answers: Callable[[int], bytes] = lambda packet_id: b"\x40\x02" + packet_id.to_bytes(2, "big")
    pong: bytes = b"\xd0\x00"
    published: list[Published] = field(default_factory=list)
    connects: list[bytes] = field(default_factory=list)
    pings: int = 0
    disconnects: int = 0

    def __post_init__(self) -> None:
        self._peer: socket.socket | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"mqtt://us%40er:p%3Ass@127.0.0.1:{self._listener.getsockname()[1]}"

    @contextmanager
    def running(self) -> Iterator["FakeBroker"]:
        """Until the end of the block, one connection after the other."""
        thread = threading.Thread(target=self._serve)
        thread.start()
        try:
            yield self
        finally:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self.drop()
            thread.join(10)

    def drop(self) -> None:
        """Break the connection off."""
        if self._peer is not None:
            self._peer.shutdown(socket.SHUT_RDWR)

    def say(self, data: bytes) -> None:
        """Unasked."""
        assert self._peer is not None
        self._peer.sendall(data)

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            with peer:
                self._peer = peer
                try:
                    for first, body in _packets(peer):
                        peer.sendall(self._answer(first, body))
                except OSError:
                    continue
                finally:
                    self._peer = None

    def _answer(self, first: int, body: bytes) -> bytes:
        kind = first & 0xF0
        if kind == CONNECT:
            self.connects.append(body)
            return b"" if self.connect_code is None else bytes([0x20, 2, 0, self.connect_code])
        if kind == PINGREQ:
            self.pings += 1
            return self.pong
        if kind == DISCONNECT:
            self.disconnects += 1
            return b""
        length, qos = int.from_bytes(body[:2], "big"), first >> 1 & 3
        topic, rest = body[2 : 2 + length].decode(), body[2 + length :]
        payload = rest[2:] if qos else rest
        self.published.append(Published(topic, orjson.loads(payload), qos, bool(first & 1)))
        return self.answers(int.from_bytes(rest[:2], "big")) if qos else b""


def _packets(peer: socket.socket) -> Iterator[tuple[int, bytes]]:
    """First byte and what follows the length, of each packet until the end."""
    stream = peer.makefile("rb")
    while first := stream.read(1):
        length, shift = 0, 0
        while True:
            (byte,) = stream.read(1)
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        yield first[0], stream.read(length)
