"""The end of a gateway: wave after wave, and nobody is kept waiting for ever."""

import asyncio
import random

import pytest

from gateway import drain
from gateway.drain import retire_all

pytestmark = pytest.mark.asyncio


class One:
    """Goes when it is asked to, unless it is busy."""

    def __init__(self, house: "House", *, is_busy: bool = False) -> None:
        self.house = house
        self.is_busy = is_busy
        self.asked = 0

    def retire(self) -> None:
        self.asked += 1
        if not self.is_busy:
            self.restart()

    def restart(self) -> None:
        self.house.left.append(asyncio.get_running_loop().time())
        self.house.present.remove(self)


class House:
    """Who is there, and when they went."""

    def __init__(self, count: int) -> None:
        self.left: list[float] = []
        self.present = [One(self) for _ in range(count)]

    def all(self) -> list[One]:
        return list(self.present)


async def test_a_few_go_at_once() -> None:
    house = House(drain.WAVE)
    await retire_all(house.all, 60.0, random.Random(1))
    assert not house.present
    assert house.left[-1] - house.left[0] < drain.EVERY_S


async def test_many_go_in_waves_that_fill_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "EVERY_S", 0.01)
    house = House(2_000)
    await retire_all(house.all, 0.5, random.Random(1))
    assert not house.present
    gaps = [later - earlier for earlier, later in zip(house.left, house.left[1:], strict=False)]
    waves = sum(gap > 0.003 for gap in gaps) + 1
    assert waves >= 15
    assert house.left[-1] - house.left[0] >= 0.1


async def test_who_is_busy_is_waited_for() -> None:
    house = House(1)
    (busy,) = house.present
    busy.is_busy = True
    draining = asyncio.ensure_future(retire_all(house.all, 60.0))
    while busy.asked < 3:  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert house.present
    busy.is_busy = False
    async with asyncio.timeout(5):
        await draining
    assert not house.present


async def test_but_not_for_ever() -> None:
    house = House(1)
    house.present[0].is_busy = True
    await retire_all(house.all, 0.05)
    assert not house.present


async def test_who_opens_meanwhile_is_asked_too() -> None:
    house = House(1)
    house.present[0].is_busy = True
    late = One(house)
    draining = asyncio.ensure_future(retire_all(house.all, 0.2))
    await asyncio.sleep(0)
    house.present.append(late)
    await draining
    assert late.asked >= 1
    assert not house.present
