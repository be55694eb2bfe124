"""Sessions in memory."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from app.domain.context import ChargePointRef
from app.domain.events import Event
from app.domain.id_tag import id_tag_key
from app.domain.session import EnergyValue, Session, SessionStatus, session_id_of
from app.services.batch import LateEnergy
from app.services.ports import Page, PageRequest
from tests.fakes.meter_values import FakeMeterValueRepository
from tests.fakes.outbox import FakeOutbox
from tests.fakes.paging import page_of

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class FakeSessionRepository:
    """`SessionRepository` in memory; events go to the outbox together with the state."""

    def __init__(self, outbox: FakeOutbox, meter_values: FakeMeterValueRepository) -> None:
        self._outbox = outbox
        self._meter_values = meter_values
        self._sessions: dict[tuple[str, str], Session] = {}
        self._energy: dict[tuple[str, str], list[EnergyValue]] = {}
        self._last_id: dict[str, int] = {}
        self.told: list[str] = []

    def next_transaction_id(self, tenant_id: str) -> int:
        """1, 2, 3, ... per tenant."""
        self._last_id[tenant_id] = self._last_id.get(tenant_id, 0) + 1
        return self._last_id[tenant_id]

    def find(self, tenant_id: str, session_id: str) -> Session | None:
        """With its energy values so far."""
        known = self._sessions.get((tenant_id, session_id))
        if known is None or known.status is not SessionStatus.ACTIVE:
            return known
        return replace(known, meter_values=self.energy_values(known))

    def find_by_start_key(self, tenant_id: str, start_key: str) -> Session | None:
        """By natural key."""
        return next((known for known in self.all(tenant_id) if known.start_key == start_key), None)

    def find_by_transaction(self, tenant_id: str, transaction_id: int) -> Session | None:
        """What loading a batch looks for: by id, without energy values."""
        return self._sessions.get((tenant_id, session_id_of(transaction_id)))

    def find_by_stop_key(self, ref: ChargePointRef, stop_key: str) -> Session | None:
        """Of this charge point alone."""
        return next((known for known in self._on(ref) if known.stop_key == stop_key), None)

    def active_with_tag(self, tenant_id: str, id_tag_key: str) -> list[Session]:
        """Tags compare by their look-up form."""
        return [known for known in self.active(tenant_id) if _key(known) == id_tag_key]

    def active_on(self, ref: ChargePointRef) -> list[Session]:
        """Of this charge point alone."""
        return [known for known in self._on(ref) if known.status is SessionStatus.ACTIVE]

    def active(self, tenant_id: str) -> list[Session]:
        """In the order they came."""
        return [known for known in self.all(tenant_id) if known.status is SessionStatus.ACTIVE]

    def find_many(self, tenant_id: str, session_ids: Collection[str]) -> list[Session]:
        """In the order they came."""
        return [known for known in self.all(tenant_id) if known.id in session_ids]

    def around(self, ref: ChargePointRef, oldest: datetime) -> list[Session]:
        """What loading a batch looks for: what runs, ended at `oldest` or later, or began after what runs."""
        running = [known.start_time for known in self._on(ref) if known.stop_time is None]
        since = min((start for start in running if start is not None), default=oldest)
        return [
            known
            for known in self._on(ref)
            if known.stop_time is None
            or known.stop_time >= oldest
            or (known.start_time is not None and known.start_time >= since)
        ]

    def is_confirmed(self, session: Session) -> bool:
        """As the readings say."""
        return self._meter_values.name_transaction(session)

    def _on(self, ref: ChargePointRef) -> list[Session]:
        return [known for known in self.all(ref.tenant_id) if known.charge_point == ref]

    def insert(self, session: Session, events: Sequence[Event], order_key: int) -> bool:
        """False if its start key is known already."""
        if session.start_key is not None and self.find_by_start_key(session.tenant_id, session.start_key):
            return False
        self._sessions[(session.tenant_id, session.id)] = session
        self._outbox.append(session.tenant_id, events, order_key)
        return True

    def complete(self, session: Session, events: Sequence[Event], order_key: int) -> bool:
        """False if it was completed before."""
        key = (session.tenant_id, session.id)
        known = self._sessions.get(key)
        if known is None or known.status is SessionStatus.COMPLETED:
            return False
        self._sessions[key] = session
        self._outbox.append(session.tenant_id, events, order_key)
        return True

    def tell(self, session: Session) -> None:
        """Noted only: here, events leave with the write."""
        self.told.append(session.id)

    def mark_faulted(self, tenant_id: str, faulted: Sequence[tuple[Session, Event]], order_key: int) -> int:
        """Of those that still run."""
        running = {known.id for known in self.active(tenant_id)}
        marked = [(session, event) for session, event in faulted if session.id in running]
        for session, event in marked:
            self._sessions[(tenant_id, session.id)] = session
            self._outbox.append(tenant_id, [event], order_key)
        return len(marked)

    def note_review(self, session: Session, note: str) -> None:
        """Once."""
        key = (session.tenant_id, session.id)
        known = self._sessions[key]
        self._sessions[key] = replace(known, review=tuple(dict.fromkeys((*known.review, str(note)))))

    def energy_values(self, session: Session) -> tuple[EnergyValue, ...]:
        """In order of time."""
        values = self._energy.get((session.tenant_id, session.id), [])
        return tuple(sorted(values, key=lambda value: value.timestamp))

    def add_energy(self, tenant_id: str, session_id: str, values: Iterable[EnergyValue]) -> None:
        """What a flushed batch does with the register's readings; the same one twice is kept once."""
        key = (tenant_id, session_id)
        known = self._energy.setdefault(key, [])
        known.extend(value for value in values if value not in known)

    def add_late_energy(self, tenant_id: str, late: LateEnergy) -> None:
        """Readings that reach a session after its end go into its record, and move an estimated end."""
        key = (tenant_id, late.session_id)
        known = self._sessions.get(key)
        if known is None:
            return
        merged = {(value.timestamp, value.value): value for value in (*known.meter_values, *late.values)}
        ordered = tuple(sorted(merged.values(), key=lambda value: value.timestamp))
        known = replace(known, meter_values=ordered)
        newest = max(late.values, key=lambda value: value.timestamp)
        if late.estimated and known.estimated and (known.stop_time or _LONG_AGO) < newest.timestamp:
            known = replace(known, stop_time=newest.timestamp, stop_meter_value=round(newest.value))
        self._sessions[key] = known

    def remove(self, session: Session) -> None:
        """As if it had never been."""
        self._sessions.pop((session.tenant_id, session.id), None)

    def all(self, tenant_id: str) -> list[Session]:
        """For tests: every session, in the order they came."""
        return [known for (owner, _), known in self._sessions.items() if owner == tenant_id]

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Session]:
        """Newest start first. Of the readings, a running session has its newest only."""
        filters = dict(page.filters or {})
        since, until = filters.pop("from_at", None), filters.pop("to_at", None)
        for_review = filters.pop("needs_review", None)
        wanted = [
            self._with_newest_reading(known)
            for known in self.all(tenant_id)
            if (since is None or _opened_at(known) >= since)
            and (until is None or _opened_at(known) < until)
            and for_review in (None, bool(known.review))
        ]
        newest = sorted(wanted, key=lambda known: (_opened_at(known), known.id), reverse=True)
        return page_of(newest, replace(page, filters=filters))

    def _with_newest_reading(self, session: Session) -> Session:
        if session.status is not SessionStatus.ACTIVE:
            return session
        return replace(session, meter_values=self.energy_values(session)[-1:])


def _opened_at(session: Session) -> datetime:
    return session.start_time or session.stop_time or _LONG_AGO


def _key(session: Session) -> str:
    return id_tag_key(session.id_tag or "")
