"""Where sessions and id tags are kept."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from app.domain.context import ChargePointRef
from app.domain.events import Event
from app.domain.id_tag import IdTag
from app.domain.reconciliation import Runs
from app.domain.session import EnergyValue, Session
from app.services.ports.pages import Page, PageRequest


class SessionRepository(Protocol):
    """Sessions of a tenant."""

    def next_transaction_id(self, tenant_id: str) -> int:
        """Unique in the tenant, 1 to 2147483647."""
        ...

    def find(self, tenant_id: str, session_id: str) -> Session | None:
        """With its energy values so far."""
        ...

    def find_by_start_key(self, tenant_id: str, start_key: str) -> Session | None: ...

    def find_by_stop_key(self, ref: ChargePointRef, stop_key: str) -> Session | None:
        """The session that this stop was matched to."""
        ...

    def active_with_tag(self, tenant_id: str, id_tag_key: str) -> list[Session]:
        """Without their energy values."""
        ...

    def active_on(self, ref: ChargePointRef) -> list[Session]:
        """A charge point's running sessions, without their energy values."""
        ...

    def active(self, tenant_id: str) -> Iterable[Runs]:
        """All that run, in no order. Meant for sweeps."""
        ...

    def find_many(self, tenant_id: str, session_ids: Collection[str]) -> list[Session]:
        """Those of these that there are, in no order, without their energy values."""
        ...

    def is_confirmed(self, session: Session) -> bool:
        """Has the charge point spoken of the session by its transaction id?"""
        ...

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Session]:
        """Newest start first. Filters besides fields: `from_at` and `to_at` (begun at this instant or later,
        before that one), and `needs_review` (has notes, or has none)."""
        ...

    def insert(self, session: Session, events: Sequence[Event], order_key: int) -> bool:
        """Session and events, both or neither; False if its start key is known already."""
        ...

    def tell(self, session: Session) -> None:
        """Make sure that the events stored with it are on their way. Raises Retryable.

        Whoever was answered a second time must not get ahead of what the first time had to tell.
        """
        ...

    def mark_faulted(self, tenant_id: str, faulted: Sequence[tuple[Session, Event]], order_key: int) -> int:
        """Store these ends of sessions, each with its event, both or neither, unless the session has ended
        meanwhile. One write for all; answers how many it were."""
        ...

    def note_review(self, session: Session, note: str) -> None:
        """Add a note, once."""
        ...

    def energy_values(self, session: Session) -> tuple[EnergyValue, ...]:
        """The register's readings received so far, in order of time."""
        ...


class IdTagRepository(Protocol):
    """Id tags of a tenant, by their look-up form."""

    def find(self, tenant_id: str, key: str) -> IdTag | None: ...

    def find_many(self, tenant_id: str, keys: Iterable[str]) -> dict[str, IdTag]:
        """Those that are known, by key."""
        ...

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[IdTag]:
        """In order of key. Filters: `parent_key`, `blocked`, and `prefix` of the key."""
        ...

    def each(self, tenant_id: str, filters: Mapping[str, Any] | None = None) -> Iterator[IdTag]:
        """All of a list, one after the other, in order of key."""
        ...

    def insert(self, tenant_id: str, tag: IdTag) -> bool:
        """False if its key is known."""
        ...

    def put(self, tenant_id: str, tag: IdTag) -> None:
        """Insert or replace; one that is known keeps its `created_at`, and its revision rises."""
        ...

    def insert_many(self, tenant_id: str, tags: Sequence[IdTag]) -> None:
        """Insert those whose key is not known; the others stay as they are."""
        ...

    def put_many(self, tenant_id: str, tags: Sequence[IdTag]) -> None:
        """As `put`, for many at once."""
        ...

    def change(
        self, tenant_id: str, key: str, changes: Mapping[str, Any], revision: int | None = None
    ) -> IdTag | None:
        """Set fields of `IdTag` and raise its revision; None if there is none, or not of `revision`."""
        ...

    def remove(self, tenant_id: str, key: str, revision: int | None = None) -> bool:
        """False if there was none, or it is not of `revision`."""
        ...
