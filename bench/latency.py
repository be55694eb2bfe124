"""Latencies of the measured part of a run, and what is made of them."""

from array import array
from collections import defaultdict
from math import ceil
from typing import Any

QUANTILES = (("p50_ms", 0.50), ("p95_ms", 0.95), ("p99_ms", 0.99))


def summary(latencies_s: "array[float]", prefix: str = "") -> dict[str, float | None]:
    """p50, p95, p99 and max in milliseconds (nearest rank); None for each without any value."""
    if not latencies_s:
        return {prefix + name: None for name, _ in (*QUANTILES, ("max_ms", 1.0))}
    ordered = sorted(latencies_s)
    result = {
        prefix + name: _ms(ordered[max(0, ceil(share * len(ordered)) - 1)]) for name, share in QUANTILES
    }
    result[prefix + "max_ms"] = _ms(ordered[-1])
    return dict(result)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)


class Recorder:
    """Counts and latencies of the calls that were *scheduled* inside the measured window.

    `latency` runs from the scheduled moment, so that a call that had to wait behind a slow one shows its
    wait (no coordinated omission); `service` runs from the moment it was put on the wire.
    """

    def __init__(self) -> None:
        self.starts_at = float("inf")
        self.ends_at = float("inf")
        self.scheduled = 0
        self.sent = 0
        self.errors = 0
        self.answered_inside = 0
        self.lag: array[float] = array("d")
        self._latency: dict[str, array[float]] = defaultdict(lambda: array("d"))
        self._service: dict[str, array[float]] = defaultdict(lambda: array("d"))
        self._by_second: dict[int, array[float]] = defaultdict(lambda: array("d"))

    def open_window(self, starts_at: float, ends_at: float) -> None:
        """Measure what is scheduled from `starts_at` until before `ends_at` (`time.perf_counter` values)."""
        self.starts_at, self.ends_at = starts_at, ends_at

    def measures(self, scheduled_at: float) -> bool:
        """Whether a call scheduled then counts."""
        return self.starts_at <= scheduled_at < self.ends_at

    def note_scheduled(self, scheduled_at: float, now: float) -> None:
        """A call came due; `now - scheduled_at` is the generator's own lag."""
        if self.measures(scheduled_at):
            self.scheduled += 1
            self.lag.append(now - scheduled_at)

    def note_sent(self, scheduled_at: float) -> None:
        """A call went on the wire."""
        if self.measures(scheduled_at):
            self.sent += 1

    def note_answer(self, action: str, scheduled_at: float, sent_at: float, now: float, ok: bool) -> None:
        """A call got its CALLRESULT (ok) or CALLERROR."""
        if self.starts_at <= now < self.ends_at:
            self.answered_inside += 1
        if not self.measures(scheduled_at):
            return
        self._latency[action].append(now - scheduled_at)
        self._service[action].append(now - sent_at)
        self._by_second[int(scheduled_at - self.starts_at)].append(now - scheduled_at)
        if not ok:
            self.errors += 1

    def result(self) -> dict[str, Any]:
        """The measured part of the result, ready for JSON."""
        latency, service = array("d"), array("d")
        for action, values in self._latency.items():
            latency.extend(values)
            service.extend(self._service[action])
        return {
            "scheduled": self.scheduled,
            "sent": self.sent,
            "answered": len(latency),
            "errors": self.errors,
            "rate_per_s": round(self.answered_inside / (self.ends_at - self.starts_at), 1),
            **summary(latency),
            **summary(service, "service_"),
            "seconds_ms": [
                [second, len(values), *summary(values).values()]
                for second, values in sorted(self._by_second.items())
            ],
            "generator_lag_p99_ms": summary(self.lag)["p99_ms"],
            "actions": {
                action: {
                    "answered": len(values),
                    **summary(values),
                    **summary(self._service[action], "service_"),
                }
                for action, values in sorted(self._latency.items())
            },
        }
