"""The end of a gateway: its charge points are asked to come back, wave after wave, each after its answer.

Ten thousand that lose their connection in one instant would all come back in one; so they go by and by.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from math import ceil
from typing import Protocol

WAVE = 20
"""So many at least go at once: few charge points are asked at once, and a restart takes no time."""
EVERY_S = 0.2
_SHARE = 0.7  # of the time is for the waves, the rest for those who wait for an answer


class Retiring(Protocol):
    """A connection, as its end is concerned."""

    def retire(self) -> None:
        """Close when nothing is under way any more."""
        ...

    def restart(self) -> None:
        """Close now."""
        ...


async def retire_all(
    present: Callable[[], Sequence[Retiring]], within_s: float, chance: random.Random | None = None
) -> None:
    """Until nobody is `present`, for at most `within_s` seconds; who is busy even then is closed.

    Those who come while it lasts are asked, too.
    """
    loop, chance = asyncio.get_running_loop(), chance or random.SystemRandom()
    ends_at = loop.time() + within_s
    asked = list(present())
    chance.shuffle(asked)
    size = max(WAVE, ceil(len(asked) * EVERY_S / max(EVERY_S, within_s * _SHARE)))
    for first in range(0, len(asked), size):
        for connection in asked[first : first + size]:
            connection.retire()
        if first + size < len(asked):
            await asyncio.sleep(chance.uniform(0.5, 1.5) * EVERY_S)
    while present() and loop.time() < ends_at:
        for connection in present():
            connection.retire()
        await asyncio.sleep(0.02)
    for connection in present():
        connection.restart()
