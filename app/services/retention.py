"""What is kept for a while only."""

from datetime import datetime
from typing import Protocol


class OldSessions(Protocol):
    """Sessions of a tenant that ended long ago."""

    def prune(self, tenant_id: str, before: datetime) -> int:
        """Delete those that ended before this instant, with their meter values; answers how many.

        Never one that runs, and none whose events nobody has been told yet.
        """
        ...
