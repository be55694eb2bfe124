"""Numbers of a tenant, counted when they are asked for, and remembered for some seconds."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Protocol
from zoneinfo import ZoneInfo

from app.domain.charge_point import Availability, ChargePoint
from app.domain.session import Session
from app.domain.stats import DayStats, Stats, day_begins, days_from
from app.services.ports import Clock

REMEMBERED = timedelta(seconds=10)
_MAX_REMEMBERED = 200


class StatsRepository(Protocol):
    """What the numbers are made of. `charge_point_id` None means all."""

    def charge_points(self, tenant_id: str, charge_point_id: str | None) -> Iterable[ChargePoint]:
        """With connection and connectors at least."""
        ...

    def count_active(self, tenant_id: str, charge_point_id: str | None) -> int:
        """How many sessions run."""
        ...

    def begun(
        self, tenant_id: str, since: datetime, until: datetime, charge_point_id: str | None
    ) -> Iterator[Session]:
        """Sessions that opened in this time, with what their energy takes."""
        ...


@dataclass(frozen=True, slots=True)
class StatsRequest:
    """Which days, by whose clock, and of which charge point. Without days: today."""

    time_zone: str = "UTC"
    first: date | None = None
    last: date | None = None
    charge_point_id: str | None = None


class StatsService:
    """Use cases of numbers."""

    def __init__(self, numbers: StatsRepository, clock: Clock) -> None:
        self._numbers = numbers
        self._clock = clock
        self._lock = Lock()
        self._remembered: dict[tuple[str, StatsRequest], Stats] = {}

    def of(self, tenant_id: str, request: StatsRequest) -> Stats:
        """Up to ten seconds old. Raises Retryable."""
        now = self._clock.now()
        with self._lock:
            known = self._remembered.get((tenant_id, request))
        if known is not None and timedelta() <= now - known.at < REMEMBERED:
            return known
        counted = self._count(tenant_id, request, now)
        with self._lock:
            if len(self._remembered) >= _MAX_REMEMBERED:
                self._remembered.clear()
            self._remembered[tenant_id, request] = counted
        return counted

    def _count(self, tenant_id: str, request: StatsRequest, now: datetime) -> Stats:
        zone = ZoneInfo(request.time_zone)
        today, one = now.astimezone(zone).date(), request.charge_point_id
        statuses = Counter(point.availability for point in self._numbers.charge_points(tenant_id, one))
        wanted = days_from(request.first or today, request.last or today)
        days = self._days(tenant_id, {*wanted, today}, zone, one)
        total = statuses.total()
        return Stats(
            at=now,
            time_zone=request.time_zone,
            charge_points=total,
            connected=total - statuses[Availability.OFFLINE],
            by_status={status.value: statuses[status] for status in Availability},
            charging=self._numbers.count_active(tenant_id, one),
            today=days[today],
            days=tuple(days[day] for day in wanted),
        )

    def _days(
        self, tenant_id: str, wanted: set[date], zone: ZoneInfo, charge_point_id: str | None
    ) -> dict[date, DayStats]:
        """Counts each stretch of neighbouring days with one reading."""
        sessions, energy = Counter[date](), Counter[date]()
        for first, last in _stretches(wanted):
            since, until = day_begins(first, zone), day_begins(last + timedelta(days=1), zone)
            for session in self._numbers.begun(tenant_id, since, until, charge_point_id):
                opened = session.start_time or session.stop_time
                if opened is not None:
                    day = opened.astimezone(zone).date()
                    sessions[day] += 1
                    energy[day] += session.energy_wh or 0  # type: ignore[assignment]
        return {day: DayStats(day, sessions[day], energy[day]) for day in wanted}


def _stretches(days: set[date]) -> Iterator[tuple[date, date]]:
    """First and last of each run of days without a gap."""
    ordered = sorted(days)
    first = ordered[0]
    for day, following in zip(ordered, [*ordered[1:], None], strict=True):
        if following is None or following - day > timedelta(days=1):
            yield first, day
            first = following or day
