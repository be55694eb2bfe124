"""Several processes share the commands: the broker deals them out among sessions, each held by one process.

A session and what waits in it belong to a share and not to a process: when a process dies, another one takes
its shares over, comes under the same name, and gets what the dead one had not acknowledged.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.settings import MAX_COMMAND_SHARES, Settings
from workers.standby import Standby

_PATIENCE_S = 3.0
_GIVES_BACK_AFTER_S = 300.0


class Claims:
    """The shares that this process holds: one at once, and those that nobody else has taken in a while."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.lock = threading.Lock()
        self.held: dict[int, float] = {}
        self.monotonic = monotonic


@dataclass
class Share:
    """One of `of` shares; with a higher number, left over from a time when there were more of them."""

    number: int
    of: int
    claims: Claims
    _patient_until: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self._be_patient()

    def name(self, base: str) -> str:
        """Of what belongs to it; the first one's is that of an installation which has no other."""
        return base if self.number == 1 else f"{base}-{self.number}"

    @property
    def is_left_over(self) -> bool:
        """Nothing is dealt out to it any more; what waits is taken."""
        return self.number > self.of

    def speaks(self, is_active: bool) -> bool:
        """Whether its state is the process's: who holds one share is active, whatever the others are."""
        return not self.is_left_over and (is_active or not self.claims.held)

    def hold(self, standby: Standby) -> bool:
        """Whether it is this process's turn. Raises Retryable.

        A process that holds a share leaves further ones to those without for a moment, and of several it
        gives one back now and then, so that a process that came later gets its own.
        """
        if self.is_left_over:
            return standby.is_active()
        with self.claims.lock:
            now, held = self.claims.monotonic(), self.claims.held
            since = held.get(self.number)
            if since is None and held and now < self._patient_until:
                return False
            if since is not None and len(held) > 1 and now > since + _GIVES_BACK_AFTER_S:
                standby.release()
                is_active = False
            else:
                is_active = standby.is_active()
            if not is_active:
                held.pop(self.number, None)
                self._be_patient()
            elif since is None:
                held[self.number] = now
            return is_active

    def _be_patient(self) -> None:
        self._patient_until = self.claims.monotonic() + _PATIENCE_S


def shares_of(settings: Settings) -> list[Share]:
    """All that a process may hold, and those that may be left over."""
    claims = Claims()
    last = 1 if settings.embedded.start_mqtt else MAX_COMMAND_SHARES
    return [Share(number, settings.mqtt.command_shares, claims) for number in range(1, last + 1)]
