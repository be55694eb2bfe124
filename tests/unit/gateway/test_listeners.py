"""The ports that charge points connect to: a plain one, one with TLS, or both."""

import asyncio
import contextlib
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.asyncio.server import Server, ServerConnection, broadcast
from websockets.exceptions import InvalidStatus
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from app.gateway_settings import GatewaySettings, TlsSettings
from app.settings import Settings
from bench.system import free_ports
from gateway.admission import Admission, AdmissionLimits
from gateway.listeners import open_listeners
from gateway.tls import TlsDoor
from gateway.websocket import WebSocket
from tests.certificates import Authority, rsa_key

pytestmark = pytest.mark.asyncio


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def settings(tmp_path: Path, authority: Authority) -> GatewaySettings:
    plain, encrypted = free_ports(2)
    file = authority.server(rsa_key()).write(tmp_path / "server.pem")
    tls = TlsSettings(encrypted, ((file, file),), None)
    return replace(Settings.from_env().gateway, host="127.0.0.1", port=plain, tls=tls)


async def echo(connection: WebSocket) -> None:
    await connection.listen(lambda message: broadcast([connection], message))


async def let_in(_: ServerConnection, __: Request) -> Response | None:
    return None


async def opened(settings: GatewaySettings) -> list[Server]:
    context = TlsDoor(settings.tls).context if settings.tls else None
    return await open_listeners(settings, context, echo, let_in, Admission(AdmissionLimits(10, 0)))


async def speaks(url: str, context: ssl.SSLContext | None = None) -> bool:
    async with connect(url, subprotocols=[Subprotocol("ocpp1.6")], proxy=None, ssl=context) as client:
        await client.send("hello")
        return await client.recv() == "hello"


async def close(servers: list[Server]) -> None:
    for server in servers:
        server.close()
        await server.wait_closed()


async def test_both_ports_serve_from_one_process(settings: GatewaySettings, authority: Authority) -> None:
    servers = await opened(settings)
    context = ssl.create_default_context(cadata=authority.pem.decode())
    assert settings.tls is not None
    assert await speaks(f"ws://127.0.0.1:{settings.port}/x")
    assert await speaks(f"wss://127.0.0.1:{settings.tls.port}/x", context)
    await close(servers)


async def test_the_plain_port_can_be_closed(settings: GatewaySettings, authority: Authority) -> None:
    """A12."""
    servers = await opened(replace(settings, plain=False))
    context = ssl.create_default_context(cadata=authority.pem.decode())
    assert settings.tls is not None
    assert await speaks(f"wss://127.0.0.1:{settings.tls.port}/x", context)
    with pytest.raises(ConnectionRefusedError):
        await speaks(f"ws://127.0.0.1:{settings.port}/x")
    await close(servers)


async def test_without_tls_there_is_one_port(settings: GatewaySettings) -> None:
    servers = await opened(replace(settings, tls=None))
    assert len(servers) == 1
    await close(servers)


async def test_an_upgrade_that_is_none_is_told_with_its_headers_but_without_secrets(
    settings: GatewaySettings,
) -> None:
    """G2, E7."""
    servers = await opened(replace(settings, tls=None))
    headers = {"Authorization": "Basic c2VjcmV0", "X-Firmware": "7"}
    url = f"ws://127.0.0.1:{settings.port}/x"
    other = connect(url, subprotocols=[Subprotocol("other")], additional_headers=headers, proxy=None)
    with capture_logs() as logs, pytest.raises(InvalidStatus):
        await other
    (told,) = (entry for entry in logs if entry["event"] == "upgrade_failed")
    assert told["headers"]["X-Firmware"] == "7"
    assert "c2VjcmV0" not in str(told)
    await close(servers)


async def test_what_is_told_of_an_upgrade_is_bounded_and_no_other_secret_is_in_it(
    settings: GatewaySettings,
) -> None:
    """Anybody can send a megabyte of headers, again and again."""
    servers = await opened(replace(settings, tls=None))
    headers = {"Cookie": "c2VjcmV0", "Proxy-Authorization": "c2VjcmV0", "X-Api-Key": "c2VjcmV0"}
    headers |= {f"X-{number}": "x" * 7_000 for number in range(90)}
    url = f"ws://127.0.0.1:{settings.port}/{'x' * 7_000}"
    other = connect(url, subprotocols=[Subprotocol("other")], additional_headers=headers, proxy=None)
    with capture_logs() as logs, pytest.raises(InvalidStatus):
        await other
    (told,) = (entry for entry in logs if entry["event"] == "upgrade_failed")
    assert "c2VjcmV0" not in str(told)
    assert len(str(told)) < 8_000
    await close(servers)


async def test_a_socket_that_says_nothing_is_counted_until_it_is_gone(settings: GatewaySettings) -> None:
    """Anybody can open them; of too many the oldest is closed."""
    admission = Admission(AdmissionLimits(10, 0), max_silent=2)
    servers = await open_listeners(replace(settings, tls=None), None, echo, let_in, admission)
    sockets = [await asyncio.open_connection("127.0.0.1", settings.port) for _ in range(3)]
    async with asyncio.timeout(5):
        with contextlib.suppress(ConnectionResetError):
            assert await sockets[0][0].read() == b""
    assert admission.silent == 2
    assert admission.refused == {"silent": 1}
    for _, writer in sockets:
        writer.close()
    await close(servers)
    assert admission.silent == 0


async def test_a_port_that_is_taken_is_an_error_unless_it_is_shared(settings: GatewaySettings) -> None:
    alone = replace(settings, tls=None)
    servers = await opened(alone)
    with pytest.raises(OSError, match="in use"):
        await opened(alone)
    await close(servers)
    shared = replace(alone, shared_port=True)
    first, second = await opened(shared), await opened(shared)
    await close(first)
    async with connect(
        f"ws://127.0.0.1:{settings.port}/CP-1", subprotocols=[Subprotocol("ocpp1.6")], proxy=None
    ):
        """The second one is left, and answers."""
    await close(second)
