"""How many charge points of a tenant may be connected (`max_connections`), over all gateways.

This gateway's own are counted exactly, with those who were let in and have not opened yet. The others tell
theirs with their signs of life: in the few seconds between two of these more may be let in than there is
room for, and for some seconds the charge points of a gateway that died still count.
"""

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from app.domain.context import ChargePointRef
from app.domain.tenant import Tenant

_OPENS_WITHIN_S = 20.0


class Connected(Protocol):
    """Who is connected to this gateway."""

    def count_of(self, tenant_id: str) -> int: ...

    def find(self, ref: ChargePointRef) -> object | None: ...


class Seats:
    """Asked by each handshake. On the event loop."""

    def __init__(self, connected: Connected, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._connected = connected
        self._monotonic = monotonic
        self._expected: dict[str, dict[ChargePointRef, float]] = {}
        self.elsewhere: Mapping[str, int] = {}
        """Connected to other gateways, by tenant."""

    def take(self, tenant: Tenant, ref: ChargePointRef, *, is_counted: bool) -> bool:
        """Whether it may come in. One that is connected already, here or elsewhere, `is_counted`: it only
        takes the place of its old connection."""
        limit = tenant.configuration.max_connections
        if limit == 0 or is_counted or self._connected.find(ref) is not None:
            return True
        expected = self._expected_of(tenant.id)
        taken = self._connected.count_of(tenant.id) + self.elsewhere.get(tenant.id, 0) + len(expected)
        if taken - (ref in expected) >= limit:
            return False
        expected[ref] = self._monotonic() + _OPENS_WITHIN_S
        return True

    def settle(self, ref: ChargePointRef) -> None:
        """It has come, or did not get in after all."""
        self._expected.get(ref.tenant_id, {}).pop(ref, None)

    def _expected_of(self, tenant_id: str) -> dict[ChargePointRef, float]:
        """Without those who never came."""
        now, expected = self._monotonic(), self._expected.setdefault(tenant_id, {})
        late = [ref for ref, until in expected.items() if until <= now]
        for ref in late:
            del expected[ref]
        return expected
