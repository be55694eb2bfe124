"""Counts of deviations in memory."""

from collections import Counter
from datetime import UTC, datetime

from app.domain.context import ChargePointRef
from app.services.batch import Batch
from app.services.deviations import Deviations

_LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class FakeDeviationRepository:
    """`DeviationRepository` in memory."""

    def __init__(self) -> None:
        self._counts: dict[ChargePointRef, Counter[str]] = {}

    def add(self, batch: Batch) -> None:
        """What a flushed batch does."""
        for charge_point_id, counts in batch.deviations.items():
            ref = ChargePointRef(batch.tenant.id, charge_point_id)
            self._counts.setdefault(ref, Counter()).update(counts)

    def find(self, ref: ChargePointRef) -> Deviations:
        """Empty if there are none."""
        counts = self._counts.get(ref)
        return Deviations(dict(counts), _LONG_AGO, _LONG_AGO) if counts else Deviations()

    def clear(self, ref: ChargePointRef) -> None:
        """Forget the counts."""
        self._counts.pop(ref, None)
