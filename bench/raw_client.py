"""A bare WebSocket client for tests that must send what no well-behaved charge point would.

It knows the subprotocol and nothing else of OCPP: no validation, no pairing, no retries.
"""

import asyncio
import json
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Data, Subprotocol


class RawClient:
    """One WebSocket to `<ws_url>/<identity>`; use it as an async context manager.

    `identity` is percent-encoded; pass `path` instead to choose the whole rest of the URL yourself.
    `subprotocols=()` offers none. Entering raises `websockets.exceptions.InvalidStatus` when the server
    refuses the upgrade (its `response.status_code` tells why).
    """

    def __init__(
        self,
        ws_url: str,
        identity: str = "",
        *,
        path: str | None = None,
        subprotocols: tuple[str, ...] = ("ocpp1.6",),
        headers: dict[str, str] | None = None,
        timeout_s: float = 10.0,
        **connect_options: Any,
    ) -> None:
        rest = path if path is not None else quote(identity, safe="")
        self.url = f"{ws_url.rstrip('/')}/{rest}"
        self.timeout_s = timeout_s
        self._options: dict[str, Any] = {
            "subprotocols": [Subprotocol(name) for name in subprotocols] or None,
            "additional_headers": headers,
            "compression": None,
            "proxy": None,
            "open_timeout": timeout_s,
            **connect_options,
        }
        self._connection: ClientConnection | None = None

    async def __aenter__(self) -> Self:
        self._connection = await connect(self.url, **self._options)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            await self._connection.close()

    @property
    def connection(self) -> ClientConnection:
        """The `websockets` connection itself: pings, close codes, the transport."""
        if self._connection is None:
            raise RuntimeError("RawClient is not connected: use it with `async with`")
        return self._connection

    async def send_raw(self, message: str | bytes) -> None:
        """Send one text (str) or binary (bytes) message exactly as it is."""
        await self.connection.send(message)

    async def recv_raw(self, timeout_s: float | None = None) -> Data:
        """The next message as it came; raises TimeoutError or `ConnectionClosed`."""
        async with asyncio.timeout(self.timeout_s if timeout_s is None else timeout_s):
            return await self.connection.recv()

    async def recv(self, timeout_s: float | None = None) -> Any:
        """The next message, parsed as JSON."""
        return json.loads(await self.recv_raw(timeout_s))

    async def call_raw(self, frame: Any, timeout_s: float | None = None) -> Any:
        """Send `frame` (JSON-encoded unless it is a str) and give back the next message that is no CALL.

        Calls of the central system that come in between are left unanswered and dropped.
        """
        await self.send_raw(frame if isinstance(frame, str) else json.dumps(frame))
        while True:
            reply = await self.recv(timeout_s)
            if not (isinstance(reply, list) and reply and reply[0] == 2):
                return reply

    async def wait_closed(self, timeout_s: float | None = None) -> tuple[int | None, str | None]:
        """Wait until the server closes the connection; its close code and reason. Raises TimeoutError."""
        async with asyncio.timeout(self.timeout_s if timeout_s is None else timeout_s):
            await self.connection.wait_closed()
        return self.connection.close_code, self.connection.close_reason
