"""A network that can be broken: a TCP proxy on loopback that cuts, delays or swallows."""

import asyncio
import contextlib
from enum import StrEnum

from tests.e2e.system import HOST

_PIECE = 65_536


class Line(StrEnum):
    """What the proxy does with bytes and with new connections."""

    WHOLE = "whole"
    CUT = "cut"  # connections break, new ones are refused
    SLOW = "slow"  # every piece takes a while longer
    HALF_OPEN = "half_open"  # connections stay, nothing comes through: neither bytes nor a close


class Proxy:
    """Forwards `port` to `upstream`. Use it on one event loop."""

    def __init__(self, port: int, upstream: int) -> None:
        self.port = port
        self.upstream = upstream
        self._line = Line.WHOLE
        self._delay_s = 0.0
        self._flows = asyncio.Event()
        self._flows.set()
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, HOST, self.port)

    async def stop(self) -> None:
        """Break everything off."""
        self._abort()
        if self._server is not None:
            self._server.close()

    def set(self, line: Line, delay_s: float = 0.0) -> None:
        """Break or mend the line. Connections that were half open are aborted then."""
        swallowed = self._line is Line.HALF_OPEN and line is not Line.HALF_OPEN
        self._line = line
        self._delay_s = delay_s
        if line is Line.HALF_OPEN:
            self._flows.clear()
        else:
            self._flows.set()
        if line is Line.CUT or swallowed:
            self._abort()

    def _abort(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._line is Line.CUT:
            writer.transport.abort()
            return
        self._open.add(writer)
        try:
            await self._flows.wait()
            there_reader, there_writer = await asyncio.open_connection(HOST, self.upstream)
        except OSError:
            self._open.discard(writer)
            writer.transport.abort()
            return
        self._open.add(there_writer)
        pipes = [
            asyncio.create_task(self._pipe(reader, there_writer)),
            asyncio.create_task(self._pipe(there_reader, writer)),
        ]
        await asyncio.wait(pipes)
        for end in (writer, there_writer):
            self._open.discard(end)
            end.transport.abort()

    async def _pipe(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):  # either end has gone; the other one is told so below
            while piece := await source.read(_PIECE):
                if self._delay_s:
                    await asyncio.sleep(self._delay_s)
                await self._flows.wait()
                sink.write(piece)
                await sink.drain()
        await self._flows.wait()
        with contextlib.suppress(OSError):
            sink.close()
