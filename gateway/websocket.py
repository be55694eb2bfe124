"""A WebSocket that hands over each message in the very turn of the loop in which its last byte came.

The library's own way, a queue and a reader that sleeps beside it, costs more than all else that a small
message needs.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from websockets.asyncio.messages import Assembler
from websockets.asyncio.server import ServerConnection, broadcast
from websockets.exceptions import ConnectionClosedError
from websockets.frames import DATA_OPCODES, CloseCode, Frame, Opcode
from websockets.protocol import Event, Protocol, State
from websockets.streams import StreamReader

from gateway.admission import Admission
from gateway.frames import framed, payload_of

if TYPE_CHECKING:
    from gateway.handshake import Admitted, Mismatch

_LOGGER = logging.getLogger("websockets.server")
MAX_HELD = 4
"""So many messages may wait for a listener that is paused; with one more the socket is not read."""
IN_A_ROW = 8
"""So many messages of one connection in a turn of the loop: a read may bring thousands, and others wait."""


def _is_between_frames(parser: Any) -> bool:
    """Whether the library, where it reads frames, waits for the first byte of one."""
    waits_in = parser.gi_yieldfrom if parser is not None else None
    return waits_in is not None and waits_in.gi_code is StreamReader.at_eof.__code__


class _Unused:
    """Instead of the library's queue of frames."""

    def close(self) -> None:
        """At the end of each connection."""


_UNUSED = _Unused()


class WebSocket(ServerConnection):
    """Counted by `admission` from its first byte to its last, however it ends.

    What is said while nobody listens, or while the listener pauses, is held, and then the socket is not read.
    """

    # the library's attributes are just few enough to be held without a dictionary
    __slots__ = (
        "_admission",
        "_asked",
        "_ended",
        "_fragments",
        "_held",
        "_in_a_row",
        "_is_deaf",
        "_is_idle",
        "_is_paused",
        "_listener",
        "_rest",
        "admitted",
    )

    def __init__(self, admission: Admission, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = self.protocol.logger = _LOGGER  # else each has an adapter of its own
        self.drain_waiters = cast(Any, [])  # hardly ever used, and a deque takes ten times as much
        self.admitted: Admitted | Mismatch | None = None
        self._admission = admission
        self._listener: Callable[[str], None]
        self._ended: asyncio.Future[None] = self.loop.create_future()
        self._is_paused = True
        self._is_deaf = False
        self._is_idle = False
        self._rest: asyncio.TimerHandle | None = None
        self._held: list[str] = []
        self._in_a_row = 0
        self._fragments: tuple[bytearray, bool] | None = None
        self._asked: tuple[bytes, Callable[[], None]] | None = None

    async def listen(self, listener: Callable[[str], None]) -> None:
        """Hand over what was said and what will be, in order, until the socket is closed and nothing is held.

        A message of bytes is taken as text. Raises ConnectionClosedError if it ended without a goodbye, and
        what the listener raises.
        """
        self._listener = listener
        self.resume()
        await self._ended
        if self.state is State.CLOSED and isinstance(self.close_exc, ConnectionClosedError):
            raise self.close_exc

    def pause(self) -> None:
        """Hand over nothing for now. What is not read slows the sender down."""
        self._is_paused = True

    def resume(self) -> None:
        """Go on with what is held, and read again."""
        if self._is_paused:
            self._is_paused = False
            self._go_on()

    def rest(self, seconds: float) -> None:
        """Hand over nothing for so long; 0 for no rest. To be asked for by a listener, while it hears."""
        if seconds > 0.0:
            self._rest = self.loop.call_later(seconds, self._rested)

    def _rested(self) -> None:
        self._rest = None
        self._go_on()

    def _go_on(self) -> None:
        for _ in range(IN_A_ROW):
            if self._held and self._is_heard:
                self._hand_over(self._held.pop(0))
        if self._held and self._is_heard:
            self.loop.call_soon(self._go_on)
        if len(self._held) <= MAX_HELD // 4:
            self.transport.resume_reading()
        self._end_if_all_is_said()

    @property
    def _is_heard(self) -> bool:
        return not self._is_paused and self._rest is None

    def forget_handshake(self) -> None:
        """Nobody asks for it any more, and it is a good part of what a connection takes."""
        self.request = self.response = self.admitted = None
        self.request_rcvd = self.connection_lost_waiter
        if _is_between_frames(cast(Any, self.protocol.parser).gi_yieldfrom):
            self.protocol.parser = Protocol.parse(self.protocol)  # the other one holds the request
            next(self.protocol.parser)
            self._is_idle = not self.protocol.extensions

    def settle(self) -> None:
        """Its charge point is served: its place is for the next one that comes."""
        self._admission.leave(self)

    def stop(self, failure: Exception | None = None) -> None:
        """Whatever it says, or has said, is not heard any more: `listen` returns, or raises the failure."""
        self._is_deaf = True
        self._held.clear()
        if self._ended.done():
            return
        if failure is None:
            self._ended.set_result(None)
        else:
            self._ended.set_exception(failure)

    def send_now(self, text: str) -> None:
        """To the socket, however much waits there already. If it is not open any more, nothing happens."""
        if self.protocol.extensions:
            broadcast([self], text)
        elif self.state is State.OPEN and not self.transport.is_closing():
            self.transport.write(framed(text))

    def ask(self, answered: Callable[[], None]) -> None:
        """Ping the other end; its pong calls `answered`, unless it is asked again before."""
        if self.state is State.OPEN and not self.transport.is_closing():
            self._asked = secrets.token_bytes(4), answered
            self.protocol.send_ping(self._asked[0])
            self.send_data()

    # --- what the library calls ------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket was accepted."""
        super().connection_made(transport)
        self.recv_messages = cast(Assembler, _UNUSED)
        self._admission.knock(self)

    def data_received(self, data: bytes) -> None:
        """Nearly always that is one message of text as a whole."""
        self._in_a_row = 0
        if self._is_idle and self.state is State.OPEN and len(data) <= (self.protocol.max_message_size or 0):
            payload = payload_of(data)
            if payload is not None:
                self._take(payload, is_text=True)
                return
        super().data_received(data)
        protocol = self.protocol
        self._is_idle = (
            _is_between_frames(protocol.parser) and protocol.current_size is None and not protocol.extensions
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed."""
        self._admission.leave(self)
        super().connection_lost(exc)
        self._end_if_all_is_said()

    def process_event(self, event: Event) -> None:
        """A frame was read, or the request at the beginning."""
        if not isinstance(event, Frame):
            super().process_event(event)
        elif event.opcode is Opcode.PONG:
            self.acknowledge_pings(bytes(event.data))
        elif event.opcode not in DATA_OPCODES:
            """The library has answered it."""
        elif event.opcode is not Opcode.CONT and event.fin:
            self._take(event.data, is_text=event.opcode is Opcode.TEXT)
        else:
            self._take_fragment(event)

    def acknowledge_pings(self, data: bytes) -> None:
        """A pong was read."""
        if self._asked is not None and self._asked[0] == data:
            (_, answered), self._asked = self._asked, None
            answered()

    # --- messages --------------------------------------------------------------------------------

    def _take_fragment(self, frame: Frame) -> None:
        """The library has checked their order, and that all of them together are not too long."""
        if self._fragments is None:
            self._fragments = bytearray(), frame.opcode is Opcode.TEXT
        data, is_text = self._fragments
        data += frame.data
        if frame.fin:
            self._fragments = None
            self._take(data, is_text=is_text)

    def _take(self, data: bytes | bytearray | memoryview, *, is_text: bool) -> None:
        if self._is_deaf:
            return
        try:
            message = str(data, "utf-8", "strict" if is_text else "replace")
        except UnicodeDecodeError as wrong:
            self._fail(wrong)
            return
        if self._is_heard and not self._held:
            self._in_a_row += 1
            if self._in_a_row <= IN_A_ROW:
                self._hand_over(message)
                return
            self.loop.call_soon(self._go_on)
        self._held.append(message)
        if len(self._held) > MAX_HELD:
            self.transport.pause_reading()

    def _hand_over(self, message: str) -> None:
        try:
            self._listener(message)
        except Exception as failure:  # the edge: it ends this connection, and not who woke it up
            self.stop(failure)

    def _fail(self, wrong: UnicodeDecodeError) -> None:
        """As the library does it, which waits for the other end no longer than this."""
        self._is_deaf = True
        self.set_connection_exc(wrong)
        self.protocol.fail(CloseCode.INVALID_DATA, f"{wrong.reason} at position {wrong.start}")
        self.send_data()
        self.loop.call_later(self.close_timeout or 0.0, self.transport.abort)

    def _end_if_all_is_said(self) -> None:
        if self.state is State.CLOSED and not self._held and not self._ended.done():
            self._ended.set_result(None)
