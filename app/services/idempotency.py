"""Requests that are sent twice and done once: the first answer is kept under the caller's idempotency key.

What is kept is for the door to read alone: an answer may hold a secret that is shown once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from app.domain.errors import KeyReused, StillRunning
from app.services.ports import Clock

KEPT_FOR = timedelta(hours=24)
RUNS_FOR = timedelta(minutes=2)
"""Longer than any request takes: after that its process has died, and the key is free again."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it was given; `sealed` is its body and headers, encrypted."""

    status: int
    sealed: bytes


@dataclass(frozen=True, slots=True)
class KnownRequest:
    """A request under an idempotency key. `fingerprint` tells it from others; no answer: it runs."""

    id: str
    fingerprint: str
    expires_at: datetime
    answer: KeptAnswer | None = None


class IdempotencyRepository(Protocol):
    """Known requests of a tenant; None: the platform's own."""

    def begin(self, tenant_id: str | None, request: KnownRequest, now: datetime) -> KnownRequest | None:
        """Keep a new request, also in place of one that has expired; else answers the one that is there."""
        ...

    def finish(self, tenant_id: str | None, request: KnownRequest, answered: KnownRequest) -> None:
        """Keep `answered` in place of the running `request`, unless another has taken its place."""
        ...

    def forget(self, tenant_id: str | None, request: KnownRequest) -> None:
        """The key is free again, unless another request has taken its place."""
        ...


class IdempotencyService:
    """Use cases of idempotency keys."""

    def __init__(self, requests: IdempotencyRepository, clock: Clock) -> None:
        self._requests = requests
        self._clock = clock

    def begin(self, tenant_id: str | None, request_id: str, fingerprint: str) -> KnownRequest:
        """The request, as new and running, or as it was answered before.

        Raises KeyReused (it is another one), StillRunning.
        """
        now = self._clock.now()
        new = KnownRequest(request_id, fingerprint, now + RUNS_FOR)
        known = self._requests.begin(tenant_id, new, now)
        if known is None:
            return new
        if known.fingerprint != fingerprint:
            sentence = "Use a new key for each request; only a repetition has the same."
            raise KeyReused(
                "This idempotency key came with another request.", problems={"Idempotency-Key": [sentence]}
            )
        if known.answer is None:
            raise StillRunning(
                "The first request with this idempotency key is still running; try again soon."
            )
        return known

    def finish(self, tenant_id: str | None, request: KnownRequest, answer: KeptAnswer) -> None:
        """Keep the answer for 24 hours."""
        expires_at = self._clock.now() + KEPT_FOR
        self._requests.finish(
            tenant_id, request, KnownRequest(request.id, request.fingerprint, expires_at, answer)
        )

    def forget(self, tenant_id: str | None, request: KnownRequest) -> None:
        """It was not done, and may be tried again under the same key."""
        self._requests.forget(tenant_id, request)
