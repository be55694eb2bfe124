"""Bounds of one connection."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """`max_waiting_calls` calls may wait before reading stops; a write may take `send_timeout_s`."""

    max_waiting_calls: int
    send_timeout_s: float
