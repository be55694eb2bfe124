"""How often each charge point broke the standard and was forgiven: for those who must talk to its vendor."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from app.domain.context import ChargePointRef


@dataclass(frozen=True, slots=True)
class Deviations:
    """Counts by name of quirk since `since`; `last_at` is when the newest one was seen."""

    counts: Mapping[str, int] = field(default_factory=dict)
    since: datetime | None = None
    last_at: datetime | None = None


class DeviationRepository(Protocol):
    """Counts of a tenant's charge points; batches add to them."""

    def find(self, ref: ChargePointRef) -> Deviations:
        """Empty for a charge point that never deviated."""
        ...

    def clear(self, ref: ChargePointRef) -> None:
        """Begin to count anew."""
        ...
