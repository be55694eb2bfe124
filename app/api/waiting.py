"""Holding a request until its command has ended (`?wait=<seconds>`).

Each waiting request keeps one of the server's threads, so only so many may wait at once. The others are
answered at once as if they had not asked to wait: a slow charge point must not stop the REST interface.
"""

import threading
import time
from collections.abc import Callable

from app.domain.command import Command

FIRST_LOOK_S = 0.05
LONGEST_PAUSE_S = 0.25
THREADS_KEPT_FREE = 4


class Waiting:
    """Places for waiting requests. Thread-safe."""

    def __init__(
        self,
        places: int,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._places = threading.BoundedSemaphore(places)
        self._sleep = sleep
        self._monotonic = monotonic

    def until_final(self, command: Command, wait_s: float, look: Callable[[], Command]) -> Command:
        """`command` as `look` shows it once it is final, or after `wait_s` seconds as it is then."""
        if wait_s <= 0 or command.status.is_final or not self._places.acquire(blocking=False):
            return command
        try:
            return self._look_until_final(command, wait_s, look)
        finally:
            self._places.release()

    def _look_until_final(self, command: Command, wait_s: float, look: Callable[[], Command]) -> Command:
        ends_at = self._monotonic() + wait_s
        pause_s = FIRST_LOOK_S
        while not command.status.is_final:
            left_s = ends_at - self._monotonic()
            if left_s <= 0:
                break
            self._sleep(min(pause_s, left_s))
            pause_s = min(pause_s * 1.5, LONGEST_PAUSE_S)
            command = look()
        return command


def places_for(threads: int) -> int:
    """How many requests may wait on a server with so many threads; some stay free for everybody else."""
    return max(1, max(threads // 2, threads - THREADS_KEPT_FREE) - stream_places_for(threads))


def stream_places_for(threads: int) -> int:
    """How many streams of live events may be open; their threads are not there for those who wait."""
    return max(1, threads // 4)
