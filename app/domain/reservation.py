"""Reservations: a connector, or any of a charge point's, kept free for an id tag (OCPP 1.6 5.13, C26-C28)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.context import ChargePointRef
from app.domain.id_tag import id_tag_key

_CLOCK_LEEWAY = timedelta(minutes=5)  # a charge point's clock differs from ours


class ReservationStatus(StrEnum):
    """Life of a reservation: requested -> accepted -> used, expired, cancelled or ended.

    `unknown` is one that was asked for and never answered: it may hold, and is cancelled to be safe (C27).
    """

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    USED = "used"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    ENDED = "ended"

    @property
    def is_open(self) -> bool:
        """The charge point keeps it, or may keep it."""
        return self in OPEN


OPEN = (ReservationStatus.REQUESTED, ReservationStatus.ACCEPTED, ReservationStatus.UNKNOWN)
USABLE = (*OPEN, ReservationStatus.EXPIRED)  # a start that comes late began while the reservation held
ENDING = frozenset({"Unavailable", "Faulted"})
"""A connector of this status keeps nothing for anybody (B40)."""
REPLACED = "Replaced"
NOT_SENT = "NotSent"


@dataclass(frozen=True, slots=True)
class Reservation:
    """A reservation. `id` is that of the command that asked for it; `reservation_id` is OCPP's number.

    `connector_id` 0 is any connector of the charge point. `reason` says more of the status: the word with
    which the charge point refused, what ended it.
    """

    id: str
    tenant_id: str
    charge_point_id: str
    reservation_id: int
    connector_id: int
    id_tag: str
    expires_at: datetime
    created_at: datetime
    changed_at: datetime
    status: ReservationStatus = ReservationStatus.REQUESTED
    parent_id_tag: str | None = None
    reason: str | None = None
    transaction_id: int | None = None

    @property
    def charge_point(self) -> ChargePointRef:
        """Who keeps it."""
        return ChargePointRef(self.tenant_id, self.charge_point_id)

    def held_at(self, at: datetime) -> bool:
        """Whether a transaction that began then may have used it."""
        return self.created_at - _CLOCK_LEEWAY <= at <= self.expires_at + _CLOCK_LEEWAY

    def is_for(self, id_tag: str, parent_id_tag: str | None) -> bool:
        """Whether this id tag may use it, itself or by its group."""
        return _same(self.id_tag, id_tag) or _same(self.parent_id_tag, parent_id_tag)


@dataclass(frozen=True, slots=True)
class ReservedStart:
    """What a StartTransaction says that tells whose reservation it uses up."""

    connector_id: int
    id_tag: str
    parent_id_tag: str | None
    reservation_id: int | None
    transaction_id: int
    started_at: datetime


def used_by(start: ReservedStart, reservations: Iterable[Reservation]) -> Reservation | None:
    """The reservation that a start uses up (B32, TC_046, 049, 053).

    The one it names, the newest of that number. Else one of its connector, or of any connector, that is for
    its id tag or for the group of its id tag: its own connector before any, its tag before its group.
    """
    known = sorted(reservations, key=lambda one: one.created_at, reverse=True)
    if start.reservation_id is not None:
        return next((one for one in known if one.reservation_id == start.reservation_id), None)
    fitting = [
        one
        for one in known
        if one.status.is_open
        and one.connector_id in (0, start.connector_id)
        and one.held_at(start.started_at)
        and one.is_for(start.id_tag, start.parent_id_tag)
    ]
    return min(
        fitting, key=lambda one: (one.connector_id == 0, not _same(one.id_tag, start.id_tag)), default=None
    )


def ended_by(connector_id: int, status: str, at: datetime, reservation: Reservation) -> bool:
    """Whether a connector's status of `at` (time of receipt) ends the reservation (B40).

    That of connector 0 ends all of the charge point. One that came before the reservation ends nothing: it
    is a copy that is late.
    """
    return (
        status in ENDING
        and reservation.status is not ReservationStatus.REQUESTED
        and reservation.status.is_open
        and connector_id in (0, reservation.connector_id)
        and reservation.created_at <= at
    )


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and id_tag_key(one) == id_tag_key(other)
