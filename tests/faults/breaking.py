"""What can break, and how it is mended again. Each is real: a signal to a process, or a line cut."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.proxy import Line
from tests.faults.system import BreakableSystem

_DELAY_S = 0.2


@dataclass(frozen=True)
class Fault:
    """`strike` breaks something and mends it again; it takes some seconds, chosen by chance."""

    name: str
    strike: Callable[[BreakableSystem, random.Random], None]


def _kill(name: str) -> Fault:
    def strike(system: BreakableSystem, chance: random.Random) -> None:
        system.kill(name)
        time.sleep(chance.uniform(0.0, 3.0))
        system.restart(name)

    return Fault(f"kill {name}", strike)


def _pause(name: str) -> Fault:
    def strike(system: BreakableSystem, chance: random.Random) -> None:
        system.pause(name)
        try:
            time.sleep(chance.uniform(1.0, 6.0))
        finally:
            system.resume(name)

    return Fault(f"pause {name}", strike)


def _line(name: str, line: Line) -> Fault:
    def strike(system: BreakableSystem, chance: random.Random) -> None:
        system.set_line(name, line, _DELAY_S if line is Line.SLOW else 0.0)
        try:
            time.sleep(chance.uniform(1.0, 6.0))
        finally:
            system.set_line(name, Line.WHOLE)

    return Fault(f"{line.value.replace('_', ' ')} line to {name}", strike)


def all_faults(*, broker_keeps_sessions: bool) -> tuple[Fault, ...]:
    """Every one; a broker that forgets its subscribers when it dies is not killed."""
    killed = ["gateway", "worker", "beat", "events", "commands", "web", "webhooks", "redis", "mongodb"]
    return (
        *map(_kill, [*killed, "mqtt"] if broker_keeps_sessions else killed),
        *map(_pause, ["gateway", "worker", "events", "redis", "mongodb", "mqtt"]),
        *(_line(name, line) for name in ("redis", "mongodb", "mqtt", "gateway") for line in list(Line)[1:]),
    )
