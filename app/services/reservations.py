"""Reservations: what was asked of charge points, what they answered, and how each came to its end."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

import structlog

from app.domain.context import ChargePointRef
from app.domain.errors import NotFound
from app.domain.reservation import (
    OPEN,
    REPLACED,
    USABLE,
    Reservation,
    ReservationStatus,
    ReservedStart,
    ended_by,
    used_by,
)
from app.services.ports import ChargePointRepository, Clock, Page, PageRequest

log = structlog.stdlib.get_logger(__name__)


class ReservationRepository(Protocol):
    """Reservations of a tenant."""

    def next_reservation_id(self, tenant_id: str) -> int:
        """A number that this method has not given before in the tenant; from 1 up."""
        ...

    def find(self, tenant_id: str, identity: str) -> Reservation | None: ...

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Reservation]:
        """Newest first."""
        ...

    def insert(self, reservation: Reservation) -> bool:
        """False if it was there already."""
        ...

    def move(self, reservation: Reservation, came_from: Sequence[ReservationStatus]) -> bool:
        """Store its new state if the stored one is in `came_from`; False otherwise."""
        ...

    def of_charge_point(
        self, ref: ChargePointRef, statuses: Sequence[ReservationStatus]
    ) -> list[Reservation]:
        """The newest few hundred of a charge point that are in one of these states."""
        ...

    def open_before(self, tenant_id: str, moment: datetime) -> list[Reservation]:
        """Open ones whose time was over at `moment`."""
        ...


class ReservationService:
    """Use cases of reservations. Commands tell what was asked and answered, handlers what came of it."""

    def __init__(
        self, reservations: ReservationRepository, charge_points: ChargePointRepository, clock: Clock
    ) -> None:
        self._reservations = reservations
        self._charge_points = charge_points
        self._clock = clock

    def get(self, tenant_id: str, identity: str) -> Reservation:
        """Raises NotFound."""
        found = self._reservations.find(tenant_id, identity)
        if found is None:
            raise NotFound(f"There is no reservation '{identity}'.")
        return found

    def held_for_others(
        self, ref: ChargePointRef, connector_id: int, id_tag: str, parent_id_tag: str | None
    ) -> list[Reservation]:
        """What keeps this id tag from the connector (C14)."""
        return [
            one
            for one in self._reservations.of_charge_point(ref, OPEN)
            if one.connector_id == connector_id and not one.is_for(id_tag, parent_id_tag)
        ]

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Reservation]:
        """Newest first."""
        return self._reservations.list_page(tenant_id, page)

    def find_open(self, ref: ChargePointRef, reservation_id: int) -> Reservation | None:
        """By OCPP's number; the newest, should a number be used again (C27)."""
        known = [
            one
            for one in self._reservations.of_charge_point(ref, OPEN)
            if one.reservation_id == reservation_id
        ]
        return max(known, key=lambda one: one.created_at, default=None)

    def new_reservation_id(self, ref: ChargePointRef) -> int:
        """A reservation id that the charge point has not; operators may have given some themselves."""
        taken = {one.reservation_id for one in self._reservations.of_charge_point(ref, OPEN)}
        while (number := self._reservations.next_reservation_id(ref.tenant_id)) in taken:
            pass
        return number

    def is_over(self, expires_at: datetime) -> bool:
        """Whether a reservation until then would be for nothing."""
        return expires_at <= self._clock.now()

    def note_requested(self, reservation: Reservation) -> None:
        """A charge point will be asked. Safe to repeat. Its starts and states are looked at from now on."""
        self._reservations.insert(reservation)
        self._charge_points.change(reservation.charge_point, {"has_reservations": True})

    def note_answered(
        self, reservation: Reservation, status: ReservationStatus, reason: str | None = None
    ) -> None:
        """What the charge point answered, or that it did not. An accepted one takes the place of the one
        that had its number (C27). Safe to repeat, and to tell without `note_requested` before."""
        self.note_requested(reservation)
        came_from = (ReservationStatus.REQUESTED, ReservationStatus.UNKNOWN)
        if not self._move(reservation, came_from, status, reason):
            return
        if status is ReservationStatus.ACCEPTED:
            for other in self._reservations.of_charge_point(reservation.charge_point, OPEN):
                if other.reservation_id == reservation.reservation_id and other.id != reservation.id:
                    self._move(other, OPEN, ReservationStatus.ENDED, REPLACED)

    def note_cancelled(self, ref: ChargePointRef, reservation_id: int, reason: str | None = None) -> None:
        """The charge point has let go of this number, or never had it (C6)."""
        for one in self._reservations.of_charge_point(ref, OPEN):
            if one.reservation_id == reservation_id:
                self._move(one, OPEN, ReservationStatus.CANCELLED, reason)

    def note_start(self, ref: ChargePointRef, start: ReservedStart) -> None:
        """A transaction began: the reservation that it uses up, if any, is over (B32)."""
        statuses = OPEN if start.reservation_id is None else USABLE
        used = used_by(start, self._reservations.of_charge_point(ref, statuses))
        if used is not None:
            self._move(used, USABLE, ReservationStatus.USED, transaction_id=start.transaction_id)
        elif start.reservation_id is not None:
            log.info(
                "reservation_not_known",
                tenant_id=ref.tenant_id,
                charge_point_id=ref.charge_point_id,
                reservation_id=start.reservation_id,
            )

    def note_status(self, ref: ChargePointRef, connector_id: int, status: str, at: datetime) -> None:
        """A connector went out of service: what is reserved there is over (B40)."""
        for one in self._reservations.of_charge_point(ref, OPEN):
            if ended_by(connector_id, status, at, one):
                self._move(one, OPEN, ReservationStatus.ENDED, status)

    def expire(self, tenant_id: str) -> int:
        """End what is over by our own clock (C28); answers how many."""
        over = self._reservations.open_before(tenant_id, self._clock.now())
        return sum(self._move(one, OPEN, ReservationStatus.EXPIRED) for one in over)

    def _move(
        self,
        reservation: Reservation,
        came_from: Sequence[ReservationStatus],
        status: ReservationStatus,
        reason: str | None = None,
        transaction_id: int | None = None,
    ) -> bool:
        changed = replace(
            reservation,
            status=status,
            reason=reason,
            transaction_id=transaction_id,
            changed_at=self._clock.now(),
        )
        moved = self._reservations.move(changed, came_from)
        if moved and not status.is_open:
            self._stop_looking(reservation.charge_point)
        return moved

    def _stop_looking(self, ref: ChargePointRef) -> None:
        """Clear the flag before looking whether that is right: one who reserves meanwhile sets it again."""
        self._charge_points.change(ref, {"has_reservations": False})
        if self._reservations.of_charge_point(ref, OPEN):
            self._charge_points.change(ref, {"has_reservations": True})
