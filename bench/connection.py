"""A WebSocket client connection for the load generator: no task, no queue, one callback per message.

The protocol is `websockets`' own sans-I/O `ClientProtocol`; only the asyncio layer above it is left out,
because at thousands of messages a second that layer costs more than everything else in the generator.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import cast

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI

LOGGER = logging.getLogger("bench.load.websocket")


class LoadConnection(asyncio.Protocol):
    """One connection; `opened` resolves after the handshake, or raises why there is none."""

    def __init__(
        self, uri: WebSocketURI, on_message: Callable[[bytes], None], on_lost: Callable[[], None]
    ) -> None:
        self._websocket = ClientProtocol(uri, subprotocols=[Subprotocol("ocpp1.6")], logger=LOGGER)
        self._on_message = on_message
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._fragments = bytearray()
        self._established = False
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the upgrade request."""
        self._transport = cast(asyncio.Transport, transport)
        self._websocket.send_request(self._websocket.connect())
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Parse, answer pings and closes, hand on messages."""
        self._websocket.receive_data(data)
        self._flush()
        for event in self._websocket.events_received():
            if isinstance(event, Frame):
                self._take(event)
            elif isinstance(event, Response):
                self._end_handshake()

    def eof_received(self) -> None:
        """The server has closed its side."""
        self._websocket.receive_eof()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the charge point; before the end of the handshake, tell who waits for that instead."""
        if self._established:
            self._on_lost()
        elif not self.opened.done():
            self.opened.set_exception(ConnectionError(f"connection lost during the handshake: {exc}"))

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent now."""
        return self._websocket.state is State.OPEN

    def send(self, text: bytes) -> None:
        """Send one text message."""
        self._websocket.send_text(text)
        self._flush()

    def close(self) -> None:
        """Start the closing handshake."""
        if self.is_open:
            self._websocket.send_close(1000)
            self._flush()
        elif self._transport is not None:
            self._transport.close()

    def _take(self, frame: Frame) -> None:
        if frame.opcode is Opcode.TEXT and frame.fin:
            self._on_message(bytes(frame.data))
        elif frame.opcode in (Opcode.TEXT, Opcode.CONT):
            self._fragments += frame.data
            if frame.fin:
                message, self._fragments = bytes(self._fragments), bytearray()
                self._on_message(message)

    def _end_handshake(self) -> None:
        failure = self._websocket.handshake_exc
        if self.opened.done():
            return
        if failure is None:
            self._established = True
            self.opened.set_result(None)
        else:
            self.opened.set_exception(failure)
            if self._transport is not None:
                self._transport.close()

    def _flush(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        for data in self._websocket.data_to_send():
            if data:
                self._transport.write(data)
            else:  # the protocol's mark for "half-close now"
                self._transport.close()
