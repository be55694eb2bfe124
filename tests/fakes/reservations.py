"""Reservations in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from app.domain.context import ChargePointRef
from app.domain.id_tag import id_tag_key
from app.domain.reservation import Reservation, ReservationStatus
from app.services.ports import Page, PageRequest
from tests.fakes.paging import page_of


class FakeReservationRepository:
    """`ReservationRepository` in memory."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Reservation] = {}
        self._numbers: dict[str, int] = {}

    def next_reservation_id(self, tenant_id: str) -> int:
        """1, 2, 3, ... per tenant."""
        self._numbers[tenant_id] = self._numbers.get(tenant_id, 0) + 1
        return self._numbers[tenant_id]

    def find(self, tenant_id: str, identity: str) -> Reservation | None:
        """By our own id."""
        return self._known.get((tenant_id, identity))

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Reservation]:
        """Newest first."""
        filters = dict(page.filters or {})
        wanted = filters.pop("id_tag_key", None)
        found = [one for one in self._of(tenant_id) if wanted in (None, id_tag_key(one.id_tag))]
        return page_of(found, replace(page, filters=filters))

    def insert(self, reservation: Reservation) -> bool:
        """Once for each id."""
        key = (reservation.tenant_id, reservation.id)
        if key in self._known:
            return False
        self._known[key] = reservation
        return True

    def move(self, reservation: Reservation, came_from: Sequence[ReservationStatus]) -> bool:
        """What a reservation is for never changes, only what became of it."""
        key = (reservation.tenant_id, reservation.id)
        known = self._known.get(key)
        if known is None or known.status not in came_from:
            return False
        self._known[key] = replace(
            known,
            status=reservation.status,
            reason=reservation.reason,
            transaction_id=reservation.transaction_id,
            changed_at=reservation.changed_at,
        )
        return True

    def of_charge_point(
        self, ref: ChargePointRef, statuses: Sequence[ReservationStatus]
    ) -> list[Reservation]:
        """Newest first."""
        return [one for one in self._of(ref.tenant_id) if one.charge_point == ref and one.status in statuses]

    def open_before(self, tenant_id: str, moment: datetime) -> list[Reservation]:
        """Over, and nobody has said so."""
        return [one for one in self._of(tenant_id) if one.status.is_open and one.expires_at <= moment]

    def _of(self, tenant_id: str) -> list[Reservation]:
        found = [one for (owner, _), one in self._known.items() if owner == tenant_id]
        return sorted(found, key=lambda one: (one.created_at, one.id), reverse=True)
