"""Numbers of a charging network: what is counted, and on which day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class DayStats:
    """Sessions that began on a day, and all the energy that they drew so far."""

    date: date
    sessions: int
    energy_wh: float


@dataclass(frozen=True, slots=True)
class Stats:
    """As of `at`. `by_status` has every status of a charge point; `days` are whole days of `time_zone`."""

    at: datetime
    time_zone: str
    charge_points: int
    connected: int
    by_status: Mapping[str, int]
    charging: int
    today: DayStats
    days: tuple[DayStats, ...]


def day_begins(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins there, in UTC. Days with a change of clocks are longer or shorter."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def days_from(first: date, last: date) -> list[date]:
    """Both included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
