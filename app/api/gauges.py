"""Gauges of the whole system, taken when `/metrics` is asked for."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from app.messaging.tasks import SWEEP_QUEUE, call_queues
from app.services import Services

CountByTenant = Callable[[str], int]
QueueLengths = Callable[[Collection[str]], Mapping[str, int]]
QueueAges = Callable[[Collection[str]], Mapping[str, float]]

_OUTBOX_AGE = ("ocpp_outbox_age_seconds", "Age of the oldest entry that waits to be published.")


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one gauge."""

    name: str
    documentation: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


def system_gauges(
    services: Services, connected: CountByTenant, queue_lengths: QueueLengths, queue_ages: QueueAges
) -> Iterator[Sample]:
    """Per tenant: events that wait, charge points online, dead letters that wait. Per queue: tasks, and age.

    Raises Retryable.
    """
    counts = (
        ("ocpp_outbox_depth", "Entries of events that wait to be published.", services.outbox.depth),
        ("ocpp_charge_points_online", "Charge points heard lately.", connected),
        (
            "ocpp_dead_letters_parked",
            "Calls that broke and wait for somebody to look.",
            services.dead_letters.count_parked,
        ),
    )
    services.tenants.directory.refresh()
    for tenant_id in services.tenants.directory.ids():
        values = {name: count(tenant_id) for name, _, count in counts}
        for name, documentation, _ in counts:
            yield Sample(name, documentation, values[name], {"tenant": tenant_id})
        age_s = _outbox_age_s(services, tenant_id) if values["ocpp_outbox_depth"] else 0.0
        yield Sample(*_OUTBOX_AGE, age_s, {"tenant": tenant_id})
    queues = [*call_queues(services.tenants.directory.all()), SWEEP_QUEUE]
    for queue, length in queue_lengths(queues).items():
        yield Sample("ocpp_queue_length", "Tasks that wait for a worker.", length, {"queue": queue})
    for queue, age_s in queue_ages(queues).items():
        yield Sample("ocpp_queue_age_seconds", "Age of the oldest of them.", age_s, {"queue": queue})


def _outbox_age_s(services: Services, tenant_id: str) -> float:
    """Of the oldest entry; 0 if it went out meanwhile."""
    return max(
        (time.time() - entry.order_key / 1e6 for entry in services.outbox.head(tenant_id, 1)), default=0.0
    )
