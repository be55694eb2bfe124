"""Gauges of the whole system, taken when `/metrics` is asked for."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from app.services import Services

CountByTenant = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one gauge."""

    name: str
    documentation: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


def system_gauges(
    services: Services, connected: CountByTenant, queue_length: CountByTenant
) -> Iterator[Sample]:
    """Per tenant: events that wait, charge points online, tasks in the queue, dead letters that wait.

    Raises Retryable.
    """
    counts = (
        ("ocpp_outbox_depth", "Entries of events that wait to be published.", services.outbox.depth),
        ("ocpp_charge_points_online", "Charge points heard lately.", connected),
        ("ocpp_queue_length", "Batches of calls that wait for a worker.", queue_length),
        (
            "ocpp_dead_letters_parked",
            "Calls that broke and wait for somebody to look.",
            services.dead_letters.count_parked,
        ),
    )
    services.tenants.directory.refresh()
    for tenant_id in services.tenants.directory.ids():
        for name, documentation, count in counts:
            yield Sample(name, documentation, count(tenant_id), {"tenant": tenant_id})
