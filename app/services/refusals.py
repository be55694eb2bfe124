"""Identities that wanted to connect and were not let in: for the operator who wonders where one stays (A5).

Gateways gather them in memory and write them in bulk, so that a charge point that tries again and again
costs next to nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from app.services.ports import Page, PageRequest

MAX_REFUSED = 1_000
"""How many identities a tenant's list holds; those that were refused longest ago leave it first."""


class RefusalReason(StrEnum):
    """Why; names are part of the REST interface."""

    UNKNOWN = "unknown"
    QUOTA_EXCEEDED = "quota_exceeded"
    WRONG_SUBPROTOCOL = "wrong_subprotocol"
    WRONG_PROFILE = "wrong_profile"
    WRONG_CREDENTIALS = "wrong_credentials"
    WRONG_CERTIFICATE = "wrong_certificate"


@dataclass(frozen=True, slots=True)
class RefusedIdentity:
    """An identity, how often it was refused since `first_at`, and why and from where it last was."""

    identity: str
    reason: RefusalReason
    detail: str
    peer: str
    first_at: datetime
    last_at: datetime
    count: int = 1

    @property
    def id(self) -> str:
        """Its name as an item of a list."""
        return self.identity


class RefusedIdentityRepository(Protocol):
    """The lists of all tenants."""

    def record(self, tenant_id: str, refused: Sequence[RefusedIdentity]) -> None:
        """Add to the counts; what exceeds MAX_REFUSED leaves the list."""
        ...

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[RefusedIdentity]:
        """Newest refusal first."""
        ...

    def remove(self, tenant_id: str, identity: str) -> bool:
        """False if it was not listed."""
        ...
