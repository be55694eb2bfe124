"""Where charge points are kept, and when they were last heard."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from app.domain.charge_point import ChargePoint, Connection, Registration
from app.domain.context import ChargePointRef
from app.domain.reconciliation import Signs
from app.services.ports.pages import Page, PageRequest


@dataclass(frozen=True, slots=True)
class OpenedConnection:
    """A charge point's state with its new connection, and the connection it replaced."""

    charge_point: ChargePoint
    replaced: Connection | None

    @property
    def epoch(self) -> int:
        """Of the new connection."""
        return self.charge_point.connection.epoch if self.charge_point.connection else 0


class ChargePointRepository(Protocol):
    """Charge points of a tenant."""

    def find(self, ref: ChargePointRef) -> ChargePoint | None: ...

    def find_many(self, tenant_id: str, charge_point_ids: Iterable[str]) -> dict[str, ChargePoint]:
        """By id, with one query; those that do not exist are missing."""
        ...

    def find_in_any_case(self, ref: ChargePointRef) -> ChargePoint | None:
        """The only one whose identity differs in the case of letters alone; None if several do (A4)."""
        ...

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[ChargePoint]:
        """In order of id. Filters: `registration`, `admission`, `model`, `vendor`, `connected`, `status`
        (`ChargePoint.availability`), `prefix` of the id, and `search`: what the id contains, in any case."""
        ...

    def count(self, tenant_id: str) -> int: ...

    def identities(self, tenant_id: str) -> Iterable[str]:
        """All of them."""
        ...

    def insert(self, charge_point: ChargePoint, at_most: int | None = None) -> bool:
        """False if it was there already. Raises QuotaExceeded where the tenant has `at_most` already.

        However many processes insert at once, there are never more.
        """
        ...

    def open_connections(
        self, tenant_id: str, gateway_id: str, connection_ids: Mapping[str, str], at: datetime
    ) -> dict[str, OpenedConnection]:
        """Give each of these charge points its new connection with its next epoch; unknown ones are missing.

        If another connection came in between, the answer shows that one.
        """
        ...

    def restore_connection(self, ref: ChargePointRef, connection: Connection) -> ChargePoint | None:
        """Note again a connection that was taken for closed; None if it is noted, or a newer one is."""
        ...

    def close_connection(self, ref: ChargePointRef, epoch: int, at: datetime) -> ChargePoint | None:
        """End the connection of `epoch`; None if another one has taken its place."""
        ...

    def record_boot(
        self,
        ref: ChargePointRef,
        registration: Registration,
        boot: Mapping[str, Any],
        at: datetime,
        fence: int,
    ) -> bool:
        """Keep what a BootNotification told: inventory, time, verdict and intervals.

        False if there is no such charge point, or if a newer boot (of a higher `fence`) is kept already.
        """
        ...

    def delete(self, ref: ChargePointRef) -> bool:
        """False if there was none."""
        ...

    def change(
        self, ref: ChargePointRef, changes: Mapping[str, Any], revision: int | None = None
    ) -> ChargePoint | None:
        """Set fields of `ChargePoint`; None if there is none, or it is not of `revision`.

        `revision` rises by one if any of `REVISED` is among them.

        Of `settings`, `security`, `wanted_availability` and `ratings` only the inner fields given are set.
        """
        ...

    def connections(self, tenant_id: str, gateway_id: str | None = None) -> Iterable[tuple[str, Connection]]:
        """The open connections, with their charge points' ids: all, or only those on one gateway."""
        ...

    def signs(self, tenant_id: str, charge_point_ids: Iterable[str]) -> dict[str, Signs]:
        """What those of these that there are show of their life."""
        ...

    def mark_silent(self, ref: ChargePointRef, epoch: int, *, silent: bool) -> ChargePoint | None:
        """Note that the connection of `epoch` went silent, or spoke again; None if nothing changed."""
        ...

    def copy_last_seen(self, tenant_id: str, seen: Mapping[str, datetime]) -> None:
        """Keep the newest time each charge point was heard: about, a few seconds earlier than it was."""
        ...


class LastSeen(Protocol):
    """When charge points were last heard. Cheap to write; losing it loses nothing but freshness."""

    def touch(self, tenant_id: str, seen: Mapping[str, datetime]) -> frozenset[str]:
        """Note when each was heard; answers which of them had been marked silent. Never raises."""
        ...

    def heard_before(self, by_tenant: Mapping[str, datetime]) -> dict[str, dict[str, datetime]]:
        """By tenant, those last heard before its instant, without the ones marked silent or forgotten.

        Only tenants that have some. Raises Retryable.
        """
        ...

    def heard_since(self, tenant_id: str, since: datetime) -> dict[str, datetime]: ...

    def mark_silent(self, tenant_id: str, charge_point_id: str) -> None: ...

    def forget(self, tenant_id: str, *charge_point_ids: str) -> None:
        """They are not connected any more: neither heard nor silent."""
        ...

    def remove_all(self, tenant_id: str) -> None:
        """Of a tenant that goes."""
        ...
