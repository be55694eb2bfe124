"""One process works, the others stand by: whoever holds the lease works."""

import socket
import time
from uuid import uuid4

from app.process import Process

_LEASE_S = 15.0
_RENEW_EVERY_S = 3.0


class Standby:
    """This process's claim to a named lease."""

    def __init__(self, name: str, process: Process) -> None:
        self.holder = f"{socket.gethostname()}-{uuid4().hex[:8]}"
        self._name = name
        self._leases = process.adapters.leases
        self._clock = process.services.clock
        self._renew_at = 0.0

    def is_active(self) -> bool:
        """Whether it is this process's turn; renews the lease now and then. Raises Retryable."""
        if time.monotonic() < self._renew_at:
            return True
        active = self._leases.hold(self._name, self.holder, self._clock.now(), _LEASE_S)
        self._renew_at = time.monotonic() + _RENEW_EVERY_S if active else 0.0
        return active

    def doubt(self) -> None:
        """Something failed: ask the store before the next piece of work."""
        self._renew_at = 0.0

    def release(self) -> None:
        """Let the next one in at once. Raises Retryable."""
        self._leases.release(self._name, self.holder)
