"""The load: charge points of several tenants that never stop, and what they and a subscriber know."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from tests.e2e.conftest import TestTenant
from tests.faults.charge_point import FaithfulChargePoint
from tests.faults.system import BreakableSystem

SETTLED_WITHIN_S = 90.0
_LOOK_EVERY_S = 0.1


@dataclass(frozen=True)
class Placed:
    """A charge point and whose it is."""

    tenant: TestTenant
    charge_point: FaithfulChargePoint
    running: Future[None]


class Field:
    """Charge points of every tenant, charging until `leave`."""

    def __init__(self, system: BreakableSystem) -> None:
        self._system = system
        self._leave = asyncio.Event()
        self.placed: list[Placed] = []

    def place(self, tenant: TestTenant, count: int, seed: int, pace_s: float) -> None:
        """Let so many charge points of a tenant begin; they say something every `pace_s` on average."""
        for number in range(count):
            identity = f"{tenant.prefix}{number:03}"
            charge_point = FaithfulChargePoint(self._system.ws_url, identity, tenant.id_tag, seed, pace_s)
            running = asyncio.run_coroutine_threadsafe(charge_point.run(self._leave), self._system.loop)
            self.placed.append(Placed(tenant, charge_point, running))

    def settle(self) -> None:
        """Until each has run a whole session that began after now. AssertionError if one cannot."""
        now = time.monotonic()

        def is_well(placed: Placed) -> bool:
            finished = placed.charge_point.ledger.finished()
            return bool(finished) and finished[-1].started_at >= now

        self._wait(is_well, "has not run a whole session again")

    def leave(self) -> None:
        """Every charge point stops its session and goes."""
        self._system.loop.call_soon_threadsafe(self._leave.set)
        self._wait(lambda placed: placed.running.done(), "could not stop its session")
        for placed in self.placed:
            placed.running.result()

    def give_up(self) -> None:
        """Whoever is still there is taken away; harmless after `leave`."""
        for placed in self.placed:
            placed.running.cancel()

    def _wait(self, is_well: Callable[[Placed], bool], complaint: str) -> None:
        ends_at = time.monotonic() + SETTLED_WITHIN_S
        while waiting := [placed for placed in self.placed if not is_well(placed)]:
            for placed in self.placed:
                if placed.running.done():
                    placed.running.result()  # raises what ended it
            if time.monotonic() > ends_at:
                names = [placed.charge_point.identity for placed in waiting]
                raise AssertionError(f"{complaint} in {SETTLED_WITHIN_S} s: {names}")
            time.sleep(_LOOK_EVERY_S)

    def longest_wait_s(self, since: float) -> float:
        """From a message's first sending to its good answer; of those answered after `since`."""
        waits = [
            answered - sent
            for placed in self.placed
            for _, sent, answered in placed.charge_point.ledger.answers
            if answered >= since
        ]
        return max(waits, default=0.0)

    def answered(self) -> int:
        """Messages answered well so far."""
        return sum(len(placed.charge_point.ledger.answers) for placed in self.placed)
