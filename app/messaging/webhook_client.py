"""Sending to webhooks over HTTP, as Standard Webhooks describes it (standardwebhooks.com).

A webhook is an address that a customer chose. So nothing is followed, nothing large is read, nothing lasts
longer than ten seconds, and where a name leads to is looked at in the moment of connecting.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import httpcore

from app.domain.addresses import is_public
from app.domain.webhook import Attempt, Delivery, Webhook

TIMEOUT_S = 10.0
SHOWN_BYTES = 500
MAX_RESPONSE_BYTES = 65_536
_CONNECTIONS = 10
_KEPT_OPEN_S = 30.0


class TargetRefused(OSError):
    """The address leads into a private network, and that is not allowed here."""


class PublicNetwork(httpcore.AsyncNetworkBackend):
    """Connects to the addresses that a name has now, and to public ones only, unless all are allowed.

    The connection goes to the address that was looked at: no second look-up may answer otherwise.
    """

    def __init__(self, private_targets: bool) -> None:
        self._private_targets = private_targets
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's name
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises TargetRefused, OSError, httpcore's errors."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
        allowed = [one for one in addresses if self._private_targets or is_public(one)]
        if not allowed:
            raise TargetRefused("The address leads into a private network.")
        failure: Exception | None = None
        for address in allowed:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError as failed:
                failure = failed
        raise failure or TargetRefused("The name has no address.")

    async def sleep(self, seconds: float) -> None:
        """Between httpcore's own attempts, of which there are none."""
        await asyncio.sleep(seconds)


class WebhookClient:
    """The connections to one webhook. Use it as a context manager."""

    def __init__(self, tls: ssl.SSLContext, *, private_targets: bool) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=_CONNECTIONS,
            keepalive_expiry=_KEPT_OPEN_S,
            network_backend=PublicNetwork(private_targets),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.aclose()

    async def post(self, webhook: Webhook, delivery: Delivery, now: datetime) -> Attempt:
        """Send it once. Whatever goes wrong is in the answer; nothing is raised."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._post(webhook, delivery, now)
        except TimeoutError:
            return Attempt(now, error=f"No answer within {TIMEOUT_S:g} seconds.")
        except TargetRefused as refused:
            return Attempt(now, error=str(refused))
        except socket.gaierror:
            return Attempt(now, error="The name of the host is unknown.")
        except (httpcore.UnsupportedProtocol, httpcore.ProtocolError, httpcore.NetworkError) as failure:
            return Attempt(now, error=f"{type(failure).__name__}: {failure}"[:200])
        except (OSError, httpcore.TimeoutException, UnicodeError, ValueError) as failure:
            return Attempt(now, error=f"{type(failure).__name__}: {failure}"[:200])

    async def _post(self, webhook: Webhook, delivery: Delivery, now: datetime) -> Attempt:
        body, timestamp = delivery.body.encode(), int(now.timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "ocpp-server",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": webhook.signatures(delivery.id, timestamp, body),
        }
        async with self._pool.stream(
            "POST", webhook.url, headers=list(headers.items()), content=body
        ) as response:
            start = await _start_of(response)
        shown = start[:SHOWN_BYTES].decode("utf-8", "replace").replace("\x00", "\ufffd")
        redirected = "Redirects are not followed." if 300 <= response.status < 400 else None
        return Attempt(now, response.status, shown, redirected)


async def _start_of(response: httpcore.Response) -> bytes:
    """The start of an answer; one that goes on for too long loses its connection."""
    start, size = b"", 0
    async for chunk in response.aiter_stream():
        size += len(chunk)
        if len(start) < SHOWN_BYTES:
            start += chunk[:SHOWN_BYTES]
        if size > MAX_RESPONSE_BYTES:
            break
    return start
