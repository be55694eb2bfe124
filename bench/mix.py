"""The mix of messages and the open-loop clock: which charge point sends what, and when.

60 % MeterValues, 25 % Heartbeat, 10 % StatusNotification, 5 % starts and stops of sessions.
"""

import random
from collections.abc import Iterator
from typing import NamedTuple

from bench import frames

SESSION = "session"
PATTERN = [frames.METER_VALUES] * 12 + [frames.HEARTBEAT] * 5 + [frames.STATUS] * 2 + [SESSION]


class Slot(NamedTuple):
    """The next call of the run: the charge point's index, and the action."""

    charge_point: int
    action: str


def slots(charge_points: int, seed: int = 1) -> Iterator[Slot]:
    """Endless calls in the mix; every 20 slots hold exactly the shares above, in shuffled order.

    Charge points take turns, so that each sends at an even pace. Sessions turn over separately: one slot
    stops the session of the next charge point, the following one starts a new one there, so starts and
    stops are balanced and nearly every charge point has a session at any moment.
    """
    chance = random.Random(seed)
    turns = list(range(charge_points))
    chance.shuffle(turns)
    turn, session_turn, stop_next = 0, charge_points // 2, True
    while True:
        block = PATTERN.copy()
        chance.shuffle(block)
        for action in block:
            if action is SESSION:
                owner = turns[session_turn % charge_points]
                yield Slot(owner, frames.STOP if stop_next else frames.START)
                session_turn += not stop_next
                stop_next = not stop_next
            else:
                yield Slot(turns[turn % charge_points], action)
                turn += 1
