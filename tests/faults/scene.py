"""A system under load, with somebody who listens and somebody who judges."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.bootstrap import build_services
from tests.e2e.conftest import make_tenant
from tests.faults.breaking import Fault
from tests.faults.field import Field
from tests.faults.subscriber import Subscriber
from tests.faults.system import BreakableSystem
from tests.faults.verdict import Judge

_LOAD_BEFORE_S = (0.3, 1.5)


@dataclass(frozen=True)
class Scene:
    """What a test, or a soak, works with."""

    system: BreakableSystem
    field: Field
    subscriber: Subscriber
    judge: Judge

    def break_with(self, fault: Fault, chance: random.Random) -> float:
        """Strike at a random moment, wait until all is well; the longest time somebody waited, in seconds."""
        began = time.monotonic()
        time.sleep(chance.uniform(*_LOAD_BEFORE_S))
        fault.strike(self.system, chance)
        self.field.settle()
        return self.field.longest_wait_s(began)


@contextmanager
def open_scene(directory: Path, charge_points: int, seed: int, pace_s: float) -> Iterator[Scene]:
    """A system with so many charge points in each of two tenants: one by the queue, one round it."""
    with BreakableSystem(directory) as system:
        services = build_services(system.settings)
        services.tenants.prepare_stores()
        tenants = [make_tenant(system, services, mode) for mode in ("queue", "bypass")]
        subscriber = Subscriber(system.subscriber_url, "faults", [tenant.id for tenant in tenants])
        subscriber.start()
        field = Field(system)
        try:
            for tenant in tenants:
                field.place(tenant, charge_points, seed, pace_s)
            field.settle()
            yield Scene(system, field, subscriber, Judge(system, field, subscriber))
        finally:
            field.give_up()
            subscriber.stop()
