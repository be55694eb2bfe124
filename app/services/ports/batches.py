"""What a batch of calls reads and writes at once."""

from typing import Protocol

from app.domain.tenant import Tenant
from app.services.batch import Batch, BatchNeeds


class BatchStore(Protocol):
    """Reads before a batch of calls and writes after it, one query per collection."""

    def load(self, tenant: Tenant, needs: BatchNeeds) -> Batch: ...

    def flush(self, batch: Batch) -> dict[int, Exception]:
        """Write all that was collected; answers which calls of the batch failed, and why."""
        ...
