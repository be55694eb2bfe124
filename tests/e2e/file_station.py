"""A scripted charge point that moves files: it answers what the test says, when the test says."""

import asyncio
import json
from collections.abc import Awaitable
from itertools import count
from typing import Any

from bench.raw_client import RawClient

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


class FileStation(RawClient):
    """Calls are answered with a CallResult, or the test fails."""

    def __init__(self, ws_url: str, identity: str) -> None:
        super().__init__(ws_url, identity)
        self._numbers = count(1)

    async def ask(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Send a call; the answer's payload."""
        frame = await self.call_raw([2, f"u-{next(self._numbers)}", action, payload])
        assert frame[0] == 3, frame
        answer: dict[str, Any] = frame[2]
        return answer

    async def boot(self, firmware_version: str = "1.0") -> None:
        """BootNotification."""
        answer = await self.ask("BootNotification", BOOT | {"firmwareVersion": firmware_version})
        assert answer["status"] == "Accepted"

    async def take(self, action: str, answer: dict[str, Any], asked: Awaitable[Any]) -> tuple[Any, Any]:
        """Answer the command that `asked` (a waiting request) makes: its payload, and what REST says."""
        waiting = asyncio.ensure_future(asked)
        kind, unique_id, named, payload = await self.recv()
        assert (kind, named) == (2, action)
        await self.send_raw(json.dumps([3, unique_id, answer]))
        return payload, await waiting

    async def tell(self, action: str, *words: str, **more: Any) -> None:
        """Notifications, each of which must be answered with nothing (B15, B16, B53, B56)."""
        for word in words:
            assert await self.ask(action, {"status": word, **more}) == {}
