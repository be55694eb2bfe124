"""What a process counts for Prometheus, whatever it does; it shows what it has none of as 0.

Labels are few and known: nothing here grows with charge points or tenants. Batches are measured as a whole,
so that a call costs next to nothing.
"""

from collections.abc import Callable
from time import perf_counter

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

disable_created_metrics()  # type: ignore[no-untyped-call]  # start times, which nobody reads
REGISTRY = CollectorRegistry(auto_describe=True)
ProcessCollector(registry=REGISTRY)

_PARTS = Histogram(
    "ocpp_batch_part_seconds", "Parts of a batch's way.", ("part",), buckets=SECONDS, registry=REGISTRY
)
PARTS = {part: _PARTS.labels(part) for part in ("wait", "load", "handle", "store", "reply")}
BATCHES_LATE = Counter("ocpp_batches_too_late_total", "Left: the gateway handles them.", registry=REGISTRY)
DEAD_LETTERS = Counter("ocpp_dead_letters_total", "Calls and reports put aside.", registry=REGISTRY)
EVENT_SECONDS = Histogram(
    "ocpp_event_publish_seconds",
    "From an event's place in the order to its acknowledgement by MQTT; each entry of the outbox once.",
    buckets=SECONDS,
    registry=REGISTRY,
)
EVENTS = Counter("ocpp_events_published_total", "Events that MQTT acknowledged.", registry=REGISTRY)
WEBHOOK_ATTEMPTS = Counter(
    "ocpp_webhook_attempts_total", "Attempts to deliver to webhooks.", ("result",), registry=REGISTRY
)
MQTT_COMMANDS = Counter(
    "ocpp_mqtt_commands_total", "Commands that came over MQTT.", ("result",), registry=REGISTRY
)
SWEEPS = Counter(
    "ocpp_sweeps_sent_total", "Sweeps that beat sent, or could not.", ("result",), registry=REGISTRY
)
POOL_WORKERS = Gauge("ocpp_pool_workers", "Workers of tenants' own pools.", ("state",), registry=REGISTRY)
_follower: Callable[[str, float, float], None] | None = None
ROLE = Gauge("ocpp_process_role", "1 for what the process does now.", ("role",), registry=REGISTRY)


def lap(part: str, since: float) -> float:
    """Note a part of a batch's way that began at `since` (perf_counter), and when the next one begins."""
    now = perf_counter()
    PARTS[part].observe(now - since)
    if _follower is not None:
        _follower(part, since, now)
    return now


def follow_laps(follower: Callable[[str, float, float], None] | None) -> None:
    """Tell somebody of each lap as well: part, since and until, in the thread of the batch. None: nobody."""
    global _follower
    _follower = follower


def render() -> bytes:
    """Text exposition."""
    return generate_latest(REGISTRY)
