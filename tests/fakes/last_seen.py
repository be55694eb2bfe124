"""Last-seen times in memory."""

from collections.abc import Mapping
from datetime import datetime

from app.domain.errors import Retryable


class FakeLastSeen:
    """`LastSeen` in memory; set `reachable` to False to lose the server."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, datetime]] = {}
        self._silent: set[tuple[str, str]] = set()
        self.reachable = True

    def touch(self, tenant_id: str, seen: Mapping[str, datetime]) -> frozenset[str]:
        """Keep the newest time of each; answers who was silent until now. Never raises."""
        if not self.reachable:
            return frozenset()
        known = self._seen.setdefault(tenant_id, {})
        for charge_point_id, at in seen.items():
            known[charge_point_id] = max(at, known.get(charge_point_id, at))
        spoke = frozenset(cp_id for cp_id in seen if (tenant_id, cp_id) in self._silent)
        self._silent -= {(tenant_id, charge_point_id) for charge_point_id in spoke}
        return spoke

    def heard_before(self, by_tenant: Mapping[str, datetime]) -> dict[str, dict[str, datetime]]:
        """Without those marked silent or forgotten."""
        self._check()
        heard = {
            tenant_id: {cp_id: at for cp_id, at in self._seen.get(tenant_id, {}).items() if at < before}
            for tenant_id, before in by_tenant.items()
        }
        return {tenant_id: some for tenant_id, some in heard.items() if some}

    def heard_since(self, tenant_id: str, since: datetime) -> dict[str, datetime]:
        """At or after `since`."""
        self._check()
        return {cp_id: at for cp_id, at in self._seen.get(tenant_id, {}).items() if at >= since}

    def mark_silent(self, tenant_id: str, charge_point_id: str) -> None:
        """Off the list of the heard, until it speaks again."""
        self._check()
        self._seen.get(tenant_id, {}).pop(charge_point_id, None)
        self._silent.add((tenant_id, charge_point_id))

    def forget(self, tenant_id: str, *charge_point_ids: str) -> None:
        """Neither heard nor silent. Never raises."""
        for charge_point_id in charge_point_ids if self.reachable else ():
            self._seen.get(tenant_id, {}).pop(charge_point_id, None)
            self._silent.discard((tenant_id, charge_point_id))

    def _check(self) -> None:
        if not self.reachable:
            raise Retryable("The last-seen times cannot be reached.")

    def remove_all(self, tenant_id: str) -> None:
        """Of a tenant that goes."""
        self._seen.pop(tenant_id, None)
        self._silent = {known for known in self._silent if known[0] != tenant_id}
