"""Sending to webhooks: what is sent, what is believed, and where it never goes."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpcore
import pytest

from app.domain.webhook import Attempt, Webhook, secret_of, signature, trial_delivery
from app.messaging import webhook_client
from app.messaging.webhook_client import WebhookClient
from tests.builders import NOON

SECRET = secret_of(b"k" * 32)
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(talk: Talk) -> AsyncIterator[int]:
    """A server on loopback; `talk` gets each connection."""
    running = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with running:
        yield running.sockets[0].getsockname()[1]


def answering(text: bytes, seen: list[bytes] | None = None) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        body = await reader.readexactly(size)
        if seen is not None:
            seen.append(head + body)
        writer.write(text)
        await writer.drain()
        writer.close()

    return talk


async def send(url: str, *, private_targets: bool = True) -> Attempt:
    webhook = Webhook("wh-1", "acme", url, SECRET, NOON, NOON)
    async with WebhookClient(ssl.create_default_context(), private_targets=private_targets) as client:
        return await client.post(webhook, trial_delivery(webhook, "x", NOON), NOON)


async def test_what_is_sent_is_signed_to_the_letter() -> None:
    seen: list[bytes] = []
    async with server(answering(b"HTTP/1.1 204 No Content\r\n\r\n", seen)) as port:
        attempt = await send(f"http://127.0.0.1:{port}/hook?a=b")
    assert attempt == Attempt(NOON, 204, "")
    head, _, body = seen[0].partition(b"\r\n\r\n")
    headers = {
        name.lower(): value
        for name, _, value in (line.partition(": ") for line in head.decode().splitlines())
    }
    delivery = trial_delivery(Webhook("wh-1", "acme", "", SECRET, NOON, NOON), "x", NOON)
    timestamp = int(NOON.timestamp())
    assert head.startswith(b"POST /hook?a=b HTTP/1.1")
    assert headers["host"] == f"127.0.0.1:{port}"
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == delivery.id
    assert headers["webhook-timestamp"] == str(timestamp)
    assert headers["webhook-signature"] == signature(SECRET, delivery.id, timestamp, body)
    assert body == delivery.body.encode()


async def test_of_a_long_answer_little_is_kept_and_an_endless_one_is_cut() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 500 Oh\r\n\r\n")
        try:
            while True:
                writer.write(b"\x00\xff" * 5000)
                await writer.drain()
        except ConnectionError:
            return

    async with server(talk) as port:
        attempt = await send(f"http://127.0.0.1:{port}")
    assert attempt.response_status == 500
    assert attempt.response_body == "\ufffd" * 500


@pytest.mark.parametrize("talk", ["never", "slowly"])
async def test_a_receiver_that_hangs_is_left(talk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_client, "TIMEOUT_S", 0.3)

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if talk == "slowly":
            writer.write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(100):
            await asyncio.sleep(0.05)
            if talk == "slowly":
                writer.write(b"x-a: b\r\n")

    async with server(hang) as port:
        attempt = await send(f"http://127.0.0.1:{port}")
    assert attempt.error == "No answer within 0.3 seconds."


@pytest.mark.parametrize("text", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200"])
async def test_nonsense_is_no_answer(text: bytes) -> None:
    async with server(answering(text)) as port:
        attempt = await send(f"http://127.0.0.1:{port}")
    assert attempt.response_status is None
    assert "ProtocolError" in (attempt.error or "")


async def test_a_redirect_is_not_followed() -> None:
    seen: list[bytes] = []
    moved = b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    async with server(answering(moved, seen)) as port:
        attempt = await send(f"http://127.0.0.1:{port}")
    assert (attempt.response_status, attempt.error) == (301, "Redirects are not followed.")
    assert not attempt.succeeded
    assert len(seen) == 1


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "0.0.0.0", "[::ffff:127.0.0.1]", "2130706433"],
)
async def test_private_addresses_are_not_even_connected_to(host: str) -> None:
    seen: list[bytes] = []
    async with server(answering(b"HTTP/1.1 200 OK\r\n\r\n", seen)) as port:
        attempt = await send(f"http://{host}:{port}", private_targets=False)
    assert attempt.error in ("The address leads into a private network.", "The name of the host is unknown.")
    assert seen == []


async def test_what_was_looked_at_is_what_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is public when it is checked and private when it is used (DNS rebinding) gains nothing."""
    answers = [["93.184.216.34"], ["127.0.0.1"]]
    looked: list[str] = []
    connected: list[str] = []

    async def look_up(self: object, host: str, port: int, **_: object) -> list[object]:
        looked.append(host)
        return [(2, 1, 6, "", (address, port)) for address in answers[len(looked) - 1]]

    async def connect(self: object, host: str, *_: object, **__: object) -> None:
        connected.append(host)
        raise httpcore.ConnectError("refused")

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", look_up)
    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    await send("http://rebinding.example/", private_targets=False)
    second = await send("http://rebinding.example/", private_targets=False)
    assert connected == ["93.184.216.34"]
    assert second.error == "The address leads into a private network."


async def test_a_name_that_nobody_knows() -> None:
    attempt = await send("http://does-not-exist.invalid/")
    assert attempt.error == "The name of the host is unknown."


async def test_a_certificate_that_nobody_signed_is_refused() -> None:
    async with server(answering(b"HTTP/1.1 200 OK\r\n\r\n")) as port:
        attempt = await send(f"https://127.0.0.1:{port}/")
    assert attempt.response_status is None
    assert attempt.error
