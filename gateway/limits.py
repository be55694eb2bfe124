"""Bounds of one connection."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """`max_waiting_calls` calls may wait before reading stops; a write may take `send_timeout_s`.

    No command goes out before the charge point's first call was answered and `first_command_delay_s` have
    passed since (G8), or, if it stays silent, before `silent_wait_s` (A38).
    """

    max_waiting_calls: int
    send_timeout_s: float
    first_command_delay_s: float = 0.1
    silent_wait_s: float = 3.0
