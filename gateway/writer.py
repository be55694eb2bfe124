"""Writes to one socket, in order, without anybody waiting for a peer that does not read."""

import asyncio
from typing import Protocol

import structlog
from websockets.exceptions import ConnectionClosed

from gateway.websocket import WebSocket

_MAX_UNSENT = 200


class Sender(Protocol):
    """A connection, as its frames need it."""

    @property
    def websocket(self) -> WebSocket: ...

    @property
    def log(self) -> structlog.stdlib.BoundLogger: ...


class FrameWriter:
    """The sending side of a connection."""

    __slots__ = ("_loop", "_sender", "_timeout_s", "_unsent", "_websocket", "_writing")

    def __init__(self, sender: Sender, timeout_s: float) -> None:
        self._sender = sender
        self._websocket = sender.websocket
        self._timeout_s = timeout_s
        self._unsent: list[str] = []
        self._writing: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()

    def send(self, text: str) -> None:
        """Write soon. A reader that stays away for too long loses its connection, and nobody waits for it."""
        if self._writing is None and not self._websocket.transport.get_write_buffer_size():
            self._websocket.send_now(text)  # at once, which costs a fraction of a task
        elif len(self._unsent) >= _MAX_UNSENT:
            self._drop_slow_reader()
        else:
            self._unsent.append(text)
            if self._writing is None:
                self._writing = self._loop.create_task(self._write())

    async def _write(self) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                while self._unsent:
                    await self._websocket.send(self._unsent.pop(0))
        except TimeoutError:
            self._drop_slow_reader()
        except ConnectionClosed:
            self._unsent.clear()  # the charge point sends its call again on its next connection
        finally:
            self._writing = None

    def _drop_slow_reader(self) -> None:
        self._sender.log.warning("slow_reader_dropped", unsent=len(self._unsent))
        self._unsent.clear()
        self._websocket.transport.abort()

    def close(self, code: int, reason: str) -> None:
        """Start closing."""
        self._sender.log.info("connection_closing", code=code, reason=reason)
        _keep(self._loop.create_task(self._websocket.close(code, reason)))


_TASKS: set[asyncio.Task[None]] = set()


def _keep(task: asyncio.Task[None]) -> None:
    """The loop holds tasks weakly; a closing must not be collected half-way."""
    _TASKS.add(task)
    task.add_done_callback(_TASKS.discard)
