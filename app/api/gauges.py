"""Gauges of the whole system, taken from the services when `/metrics` is asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from app.services import Services


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one gauge."""

    name: str
    documentation: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


def system_gauges(services: Services) -> Iterator[Sample]:
    """How many events wait to be published, per tenant. Raises Retryable."""
    services.tenants.directory.refresh()
    for tenant_id in services.tenants.directory.ids():
        yield Sample(
            "ocpp_outbox_depth",
            "Entries of events that wait to be published.",
            services.outbox.depth(tenant_id),
            {"tenant": tenant_id},
        )
