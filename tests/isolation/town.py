"""Charge points of both tenants, alive on an event loop of their own for as long as the tests run."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, Self, TypeVar

from websockets.exceptions import InvalidStatus

from tests.conformance.charge_point import ScriptedChargePoint
from tests.isolation.actions import OUTBOUND
from tests.isolation.sides import Side

T = TypeVar("T")
PATIENCE_S = 30.0


class Station(ScriptedChargePoint):
    """A charge point of one side. `frames` is every text that came to it."""

    def __init__(self, ws_url: str, side: Side, identity: str) -> None:
        super().__init__(f"{ws_url}/{side.tenant_id}", identity)
        self.side = side
        self.frames: list[str] = []
        self.always = {action: answer(side) for action, (_, answer) in OUTBOUND.items()}

    async def _take(self, text: str) -> None:
        self.frames.append(text)
        await super()._take(text)

    @property
    def is_open(self) -> bool:
        """Whether the central system has left its connection alone."""
        return self.client.connection.close_code is None


class Town:
    """A context manager; `run` lets something happen on its loop and waits for it."""

    def __init__(self, ws_url: str) -> None:
        self._ws_url = ws_url
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="town", daemon=True)
        self.stations: list[Station] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for station in self.stations:
            self.run(station.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Its result."""
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(PATIENCE_S)

    def together(self, *works: Coroutine[Any, Any, T]) -> list[T]:
        """All at the same time; their results."""

        async def gather() -> list[T]:
            return list(await asyncio.gather(*works))

        return self.run(gather())

    def connect(self, side: Side, identity: str) -> Station:
        """A charge point that stays connected."""

        async def make() -> Station:
            return await Station(self._ws_url, side, identity).__aenter__()

        station = self.run(make())
        self.stations.append(station)
        return station

    def try_to_connect(self, side: Side, identity: str) -> bool:
        """Whether it was let in: the gateway hears of a new tenant within a second."""
        try:
            self.connect(side, identity)
        except InvalidStatus:
            return False
        return True

    def frames(self, side: Side) -> list[str]:
        """Everything that came to a side's charge points."""
        return [frame for station in self.stations if station.side is side for frame in station.frames]
