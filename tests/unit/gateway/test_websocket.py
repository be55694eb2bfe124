"""Messages are handed over as they come, in order; all else is as the library's own connections do it."""

import asyncio
import weakref
from collections.abc import Sequence
from typing import Any, cast

import pytest
from websockets.asyncio.server import ServerConnection, broadcast
from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from gateway.admission import Admission, AdmissionLimits
from gateway.websocket import IN_A_ROW, MAX_HELD, WebSocket

pytestmark = pytest.mark.asyncio
MAX_SIZE = 300
UPGRADE = (
    b"GET /ocpp/CP-1 HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def frame(opcode: Opcode, data: bytes, *, fin: bool = True, mask: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=mask)


def text(data: str | bytes, *, fin: bool = True) -> bytes:
    return frame(Opcode.TEXT, data.encode() if isinstance(data, str) else data, fin=fin)


def more(data: bytes, *, fin: bool) -> bytes:
    return frame(Opcode.CONT, data, fin=fin)


PING, PONG = frame(Opcode.PING, b"there?"), frame(Opcode.PONG, b"here")
CLOSE = frame(Opcode.CLOSE, b"\x03\xe8bye")


class Network:
    """What is beneath a connection: a transport that notes what is done with it."""

    def __init__(self) -> None:
        self.written = b""
        self.is_reading = True
        self.has_ended = self.is_aborted = False

    def write(self, data: bytes) -> None:
        self.written += data

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.has_ended = True

    def abort(self) -> None:
        self.is_aborted = True

    def pause_reading(self) -> None:
        self.is_reading = False

    def resume_reading(self) -> None:
        self.is_reading = True

    def set_write_buffer_limits(self, *_: int | None) -> None:
        """As they are."""

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return self.is_aborted


class Server:
    """As far as a connection asks for one."""

    def __init__(self) -> None:
        self.handler_tasks: set[asyncio.Task[None]] = set()

    async def handler(self, _: ServerConnection) -> None:
        """The test is the handler."""


def upgraded(kind: Any) -> tuple[Any, Network]:
    """An open connection."""
    network = Network()
    connection = kind(ServerProtocol(max_size=MAX_SIZE), Server(), ping_interval=None, close_timeout=0.01)
    connection.connection_made(cast(asyncio.Transport, network))
    connection.data_received(UPGRADE)
    request: Request = connection.request
    connection.protocol.send_response(connection.protocol.accept(request))
    connection.send_data()
    network.written = b""
    if isinstance(connection, WebSocket):
        connection.forget_handshake()
    return connection, network


def admission() -> Admission:
    return Admission(AdmissionLimits(10, 0))


def ours(*args: Any, **kwargs: Any) -> WebSocket:
    return WebSocket(admission(), *args, **kwargs)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


class Listening:
    """A connection whose listener notes what it hears."""

    def __init__(self) -> None:
        self.websocket: WebSocket
        self.websocket, self.network = upgraded(ours)
        self.heard: list[str] = []
        self.ending = asyncio.ensure_future(self.websocket.listen(self.heard.append))

    def says(self, *said: bytes) -> None:
        for data in said:
            self.websocket.data_received(data)

    async def end(self) -> None:
        self.websocket.connection_lost(None)
        await self.ending


# --- the same as the library -------------------------------------------------------------------------

LONG = text("x" * 200)
SAYINGS: dict[str, Sequence[bytes]] = {
    "a message": [text("hello")],
    "an empty one": [text("")],
    "a longer one": [text("x" * 126), text("y" * MAX_SIZE)],
    "not only letters": [text("Ladesäule ⚡")],
    "several": [text("a"), text("b"), text("c"), text("d"), text("e"), text("f"), text("g")],
    "bytes": [frame(Opcode.BINARY, b"[2]")],
    "bytes that are no text": [frame(Opcode.BINARY, b"a\xff\xfeb"), text("after")],
    "a text that is none": [text("before"), text(b"a\xff"), text("after")],
    "fragments": [text("a", fin=False), more(b"b", fin=False), more(b"", fin=False), more(b"c", fin=True)],
    "bytes in fragments": [frame(Opcode.BINARY, b"\xe2", fin=False), more(b"\x9a\xa1", fin=True)],
    "a letter cut by fragments": [text(b"\xe2", fin=False), more(b"\x9a\xa1", fin=True), text("after")],
    "fragments that are no text": [text(b"\xe2", fin=False), more(b"a", fin=True), text("after")],
    "control frames between fragments": [text("a", fin=False), PING, PONG, more(b"b", fin=True)],
    "a close between fragments": [text("a", fin=False), CLOSE],
    "a message between fragments": [text("a", fin=False), text("b")],
    "a fragment of nothing": [more(b"a", fin=True), text("after")],
    "control frames between messages": [text("a"), PING, text("b"), PONG, text("c")],
    "too long": [text("before"), text("x" * (MAX_SIZE + 1)), text("after")],
    "too long in fragments": [text("x" * MAX_SIZE, fin=False), more(b"x", fin=True), text("after")],
    "not masked": [text("before"), frame(Opcode.TEXT, b"a", mask=False), text("after")],
    "a reserved bit": [text("before"), bytes([text("a")[0] | 0x40]) + text("a")[1:], text("after")],
    "an opcode that is none": [bytes([0x83]) + text("a")[1:], text("after")],
    "a ping that is too long": [bytes([0x89]) + text("x" * 126)[1:], text("after")],
    "the close": [text("before"), CLOSE, text("after")],
    "a close that is none": [frame(Opcode.CLOSE, b"\x00"), text("after")],
    "half of a frame": [text("before"), text("hello")[:7]],
    "only its head": [text("before"), text("x" * 200)[:3]],
    "a frame and a half, and the rest": [text("a") + LONG[:8], LONG[8:], text("e")],
    "a length that is longer than need be": [b"\x81\xfe\x00\x01" + text("a")[2:], text("after")],
    "more than the length says": [text("a") + b"\x81", text("b")[1:]],
    "a text while it closes": [text("a"), CLOSE + text("b"), text("c")],
    "a reserved bit in what looks whole": [text("a"), bytes([0xC1]) + text("b")[1:], text("after")],
}
WAYS = {"all at once": 10_000, "byte by byte": 1, "in pieces": 5, "frame by frame": 0}


def pieces(saying: Sequence[bytes], size: int) -> list[bytes]:
    whole = b"".join(saying)
    return [whole[at : at + size] for at in range(0, len(whole), size)] if size else list(saying)


Outcome = tuple[list[str], bytes, bool, str]


def ended_with(ended: BaseException | None) -> str:
    return str(ended) if isinstance(ended, ConnectionClosedError) else ""


async def of_the_library(said: Sequence[bytes]) -> Outcome:
    connection, network = upgraded(ServerConnection)
    heard: list[str] = []

    async def read() -> None:
        async for message in connection:
            heard.append(message.decode("utf-8", "replace") if isinstance(message, bytes) else message)  # noqa: PERF401

    reading = asyncio.ensure_future(read())
    for data in said:
        connection.data_received(data)
        await settle()
    connection.connection_lost(None)
    (ended,) = await asyncio.gather(reading, return_exceptions=True)
    return heard, network.written, network.has_ended, ended_with(ended)


async def of_ours(said: Sequence[bytes]) -> Outcome:
    line = Listening()
    await settle()
    line.says(*said)
    line.websocket.connection_lost(None)
    (ended,) = await asyncio.gather(line.ending, return_exceptions=True)
    return line.heard, line.network.written, line.network.has_ended, ended_with(ended)


@pytest.mark.parametrize("size", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("saying", SAYINGS.values(), ids=SAYINGS)
async def test_what_is_heard_and_answered_is_as_with_the_librarys_own(
    saying: Sequence[bytes], size: int
) -> None:
    said = pieces(saying, size)
    assert await of_ours(said) == await of_the_library(said)


async def test_a_client_that_is_ahead_of_its_upgrade_is_heard() -> None:
    """It has no right to be; the library takes what it says, so do we."""
    said = text("early")
    for cut in (len(said), 1, 7):
        network = Network()
        websocket = ours(ServerProtocol(), cast(Any, Server()), ping_interval=None)
        websocket.connection_made(cast(asyncio.Transport, network))
        websocket.data_received(UPGRADE + said[:cut])
        assert websocket.request is not None
        websocket.protocol.send_response(websocket.protocol.accept(websocket.request))
        websocket.forget_handshake()
        heard: list[str] = []
        ending = asyncio.ensure_future(websocket.listen(heard.append))
        await settle()
        websocket.data_received(said[cut:] + text("a"))
        websocket.data_received(text("b"))
        assert heard == ["early", "a", "b"]
        websocket.data_received(CLOSE)
        websocket.connection_lost(None)
        await ending


async def test_what_is_compressed_is_left_to_the_library() -> None:
    factory = ServerPerMessageDeflateFactory()
    network = Network()
    websocket = ours(ServerProtocol(extensions=[factory]), cast(Any, Server()), ping_interval=None)
    websocket.connection_made(cast(asyncio.Transport, network))
    websocket.data_received(UPGRADE[:-2] + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
    assert websocket.request is not None
    websocket.protocol.send_response(websocket.protocol.accept(websocket.request))
    websocket.send_data()
    network.written = b""
    websocket.forget_handshake()
    heard: list[str] = []
    ending = asyncio.ensure_future(websocket.listen(heard.append))
    await settle()
    deflate = PerMessageDeflate(False, False, 15, 15)
    said = Frame(Opcode.TEXT, b"hello").serialize(mask=True, extensions=[deflate])
    websocket.data_received(said)
    websocket.data_received(text("plain"))
    assert heard == ["hello", "plain"]
    websocket.send_now("hello" * 100)
    assert network.written[0] == 0xC1
    assert len(network.written) < 100
    ending.cancel()


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535, 65_536])
async def test_what_is_sent_is_framed_as_the_library_does_it(length: int) -> None:
    message = "ä" * (length % 2) + "x" * (length - 2 * (length % 2))
    websocket, network = upgraded(ours)
    other, others_network = upgraded(ServerConnection)
    websocket.send_now(message)
    broadcast([other], message)
    assert network.written == others_network.written


async def test_to_a_socket_that_is_closing_nothing_is_sent() -> None:
    for is_aborted in (False, True):
        line = Listening()
        if is_aborted:
            line.network.abort()
        else:
            line.says(CLOSE)
        line.network.written = b""
        line.websocket.send_now("[]")
        assert line.network.written == b""


# --- at once, in order -------------------------------------------------------------------------------


async def test_a_message_is_handed_over_before_its_bytes_are_done_with() -> None:
    line = Listening()
    await settle()
    line.says(text("hello"))
    assert line.heard == ["hello"]
    line.says(text("a") + text("b"))
    assert line.heard == ["hello", "a", "b"]


async def test_a_message_in_one_frame_costs_no_detour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after other frames: only those themselves go the long way."""
    line = Listening()
    await settle()
    long_way = line.websocket.protocol.receive_data
    taken: list[bytes] = []

    def take(data: bytes) -> None:
        taken.append(data)
        long_way(data)

    monkeypatch.setattr(line.websocket.protocol, "receive_data", take)
    begin, end = text("c", fin=False), more(b"d", fin=True)
    line.says(text("a"), text("b" * 200), PING, begin, end, text("e"))
    assert line.heard == ["a", "b" * 200, "cd", "e"]
    assert taken == [PING, begin, end]


async def test_what_is_said_before_anybody_listens_is_held() -> None:
    line = Listening()
    line.says(text("a"), text("b"))
    assert line.heard == []
    await settle()
    line.says(text("c"))
    assert line.heard == ["a", "b", "c"]


async def test_of_a_listener_that_pauses_the_socket_is_not_read_and_nothing_is_lost() -> None:
    line = Listening()
    await settle()
    line.websocket.pause()
    line.says(b"".join(text(str(number)) for number in range(MAX_HELD)))
    assert line.network.is_reading  # a pong, or a goodbye, is heard
    line.says(b"".join(text(str(number)) for number in range(MAX_HELD, 20)))
    assert (line.network.is_reading, line.heard) == (False, [])
    line.websocket.resume()
    await settle()
    assert line.heard == [str(number) for number in range(20)]
    assert line.network.is_reading


async def test_who_says_very_much_at_once_lets_others_have_their_turn() -> None:
    """A read may bring thousands of messages, and each may be answered and logged."""
    line = Listening()
    await settle()
    line.says(b"".join(text(str(number)) for number in range(100)))
    assert (len(line.heard), line.network.is_reading) == (IN_A_ROW, False)
    turns = 0
    while len(line.heard) < 100:
        turns += 1
        await asyncio.sleep(0)
    assert turns >= (100 - IN_A_ROW) // IN_A_ROW
    line.says(text("100"))
    assert line.heard == [str(number) for number in range(101)]
    assert line.network.is_reading


async def test_a_listener_may_pause_after_each_message() -> None:
    line = Listening()
    await settle()

    def hear(message: str) -> None:
        line.heard.append(message)
        line.websocket.pause()

    line.websocket._listener = hear
    line.says(b"".join(text(str(number)) for number in range(10)))
    assert line.heard == ["0"]
    for count in range(2, 11):
        line.websocket.resume()
        assert len(line.heard) == count
    assert line.heard == [str(number) for number in range(10)]


async def test_what_was_said_before_the_end_is_heard_though_the_listener_pauses() -> None:
    line = Listening()
    await settle()
    line.websocket.pause()
    line.says(text("a"), CLOSE)
    line.websocket.connection_lost(None)
    await settle()
    assert not line.ending.done()
    line.websocket.resume()
    await line.ending
    assert line.heard == ["a"]


async def test_who_listens_to_a_socket_that_is_closed_already_hears_what_was_said() -> None:
    websocket, _ = upgraded(ours)
    heard: list[str] = []
    websocket.data_received(text("a") + CLOSE)
    websocket.connection_lost(None)
    await websocket.listen(heard.append)
    assert heard == ["a"]


async def test_a_listener_that_stops_hears_nothing_more() -> None:
    line = Listening()
    await settle()
    line.websocket.pause()
    line.says(text("a"), text("b"))
    line.websocket.stop()
    await line.ending
    line.websocket.resume()
    line.says(text("c"))
    assert line.heard == []


async def test_a_listener_that_breaks_ends_its_connection_and_not_who_brings_the_bytes() -> None:
    websocket, _ = upgraded(ours)

    def breaks(_: str) -> None:
        raise ZeroDivisionError

    ending = asyncio.ensure_future(websocket.listen(breaks))
    await settle()
    websocket.data_received(text("a") + text("b"))
    with pytest.raises(ZeroDivisionError):
        await ending


# --- the end -----------------------------------------------------------------------------------------


async def test_an_end_without_a_goodbye_is_told() -> None:
    line = Listening()
    await settle()
    with pytest.raises(ConnectionClosedError):
        await line.end()


async def test_after_a_goodbye_it_is_not() -> None:
    line = Listening()
    await settle()
    line.says(CLOSE)
    await line.end()


async def test_who_sends_no_text_and_does_not_go_is_cut_off() -> None:
    line = Listening()
    await settle()
    line.says(text(b"\xff"))
    assert int.from_bytes(line.network.written[2:4]) == CloseCode.INVALID_DATA
    await asyncio.sleep(0.05)
    assert line.network.is_aborted
    with pytest.raises(ConnectionClosed):
        await line.end()


async def test_it_is_counted_from_its_first_byte_to_its_last() -> None:
    counting = admission()
    websocket, _ = upgraded(lambda *args, **kwargs: WebSocket(counting, *args, **kwargs))
    assert counting.silent == 1
    websocket.connection_lost(None)
    assert counting.silent == 0


async def test_of_the_handshake_nothing_is_kept() -> None:
    """Ten thousand requests would take a good part of a gateway's memory."""
    network = Network()
    websocket = ours(ServerProtocol(), cast(Any, Server()), ping_interval=None)
    websocket.connection_made(cast(asyncio.Transport, network))
    websocket.data_received(UPGRADE)
    assert websocket.request is not None
    websocket.protocol.send_response(websocket.protocol.accept(websocket.request))
    request = weakref.ref(websocket.request)
    websocket.forget_handshake()
    assert request() is None


async def test_its_place_is_given_back_when_it_is_settled() -> None:
    counting = admission()
    websocket, _ = upgraded(lambda *args, **kwargs: WebSocket(counting, *args, **kwargs))
    counting.enter(websocket, "acme", "10.0.0.1", "/ocpp/CP-1")
    websocket.settle()
    assert counting.in_progress == 0


# --- is it there? ------------------------------------------------------------------------------------


async def test_who_is_asked_answers_once() -> None:
    line = Listening()
    answers: list[None] = []
    line.websocket.ask(lambda: answers.append(None))
    asked = line.network.written
    assert (asked[0], len(asked)) == (0x80 | Opcode.PING, 6)
    line.says(PONG)
    assert not answers  # to a question that nobody asked
    line.says(frame(Opcode.PONG, asked[2:]), frame(Opcode.PONG, asked[2:]))
    assert len(answers) == 1


async def test_only_the_last_question_is_remembered() -> None:
    line = Listening()
    answers: list[str] = []
    line.websocket.ask(lambda: answers.append("first"))
    first = line.network.written[2:]
    line.network.written = b""
    line.websocket.ask(lambda: answers.append("second"))
    line.says(frame(Opcode.PONG, first), frame(Opcode.PONG, line.network.written[2:]))
    assert answers == ["second"]


async def test_who_is_going_is_not_asked() -> None:
    line = Listening()
    line.says(CLOSE)
    line.network.written = b""
    line.websocket.ask(lambda: None)
    assert line.network.written == b""


async def test_a_rest_holds_what_comes_whatever_else_makes_it_go_on() -> None:
    line = Listening()
    await settle()
    line.websocket.rest(0.0)
    line.says(text("a"))
    line.websocket.rest(0.02)
    line.says(text("b"))
    line.websocket.pause()
    line.websocket.resume()
    assert line.heard == ["a"]
    await asyncio.sleep(0.05)
    assert line.heard == ["a", "b"]
