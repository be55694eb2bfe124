"""When silence means that a charge point is gone."""

from datetime import datetime, timedelta

GRAIN_S = 5
SILENT_AFTER_INTERVALS = 3


def silent_since(now: datetime, heartbeat_interval_s: int) -> datetime:
    """A charge point last heard before this instant counts as silent.

    Three heartbeat intervals, since one or two get lost on mobile networks (A40, G7).
    """
    return now - timedelta(seconds=heartbeat_interval_s * SILENT_AFTER_INTERVALS)


def about(heard: datetime) -> datetime:
    """As exactly as the database knows it: many heard at about the same time are noted together."""
    return heard.replace(second=heard.second - heard.second % GRAIN_S, microsecond=0)
