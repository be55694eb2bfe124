"""Requests under idempotency keys in memory."""

from datetime import datetime

from app.services.idempotency import KnownRequest


class FakeIdempotencyRepository:
    """`IdempotencyRepository` in a dictionary."""

    def __init__(self) -> None:
        self.known: dict[tuple[str | None, str], KnownRequest] = {}

    def begin(self, tenant_id: str | None, request: KnownRequest, now: datetime) -> KnownRequest | None:
        """The one that is there, unless it has expired."""
        found = self.known.get((tenant_id, request.id))
        if found is not None and found.expires_at > now:
            return found
        self.known[(tenant_id, request.id)] = request
        return None

    def finish(self, tenant_id: str | None, request: KnownRequest, answered: KnownRequest) -> None:
        """Only where it is still the one."""
        if self._is_there(tenant_id, request):
            self.known[(tenant_id, request.id)] = answered

    def forget(self, tenant_id: str | None, request: KnownRequest) -> None:
        """Only where it is still the one."""
        if self._is_there(tenant_id, request):
            del self.known[(tenant_id, request.id)]

    def _is_there(self, tenant_id: str | None, request: KnownRequest) -> bool:
        found = self.known.get((tenant_id, request.id))
        return found is not None and found.expires_at == request.expires_at
