"""Charge points in memory."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.domain.charge_point import REVISED, ChargePoint, Connection, Connector, Registration
from app.domain.context import ChargePointRef
from app.domain.errors import QuotaExceeded
from app.domain.liveness import about
from app.domain.reconciliation import Signs, signs_of
from app.services.ports import OpenedConnection, Page, PageRequest
from tests.fakes.paging import page_of


class FakeChargePointRepository:
    """`ChargePointRepository` in memory. Epochs rise for good, also across closed connections."""

    def __init__(self) -> None:
        self._known: dict[ChargePointRef, ChargePoint] = {}
        self._epochs: dict[ChargePointRef, int] = {}
        self._boot_fences: dict[ChargePointRef, int] = {}

    def find(self, ref: ChargePointRef) -> ChargePoint | None:
        """By tenant and id."""
        return self._known.get(ref)

    def find_many(self, tenant_id: str, charge_point_ids: Iterable[str]) -> dict[str, ChargePoint]:
        """Those that exist."""
        found = (self.find(ChargePointRef(tenant_id, identity)) for identity in charge_point_ids)
        return {known.id: known for known in found if known is not None}

    def find_in_any_case(self, ref: ChargePointRef) -> ChargePoint | None:
        """The only one of this folded identity."""
        key = ref.charge_point_id.casefold()
        found = [known for known in self._of(ref.tenant_id) if known.id.casefold() == key]
        return found[0] if len(found) == 1 else None

    def count(self, tenant_id: str) -> int:
        """How many the tenant has."""
        return len(self._of(tenant_id))

    def identities(self, tenant_id: str) -> Iterable[str]:
        """All of them."""
        return [known.id for known in self._of(tenant_id)]

    def insert(self, charge_point: ChargePoint, at_most: int | None = None) -> bool:
        """False if it was there already."""
        ref = ChargePointRef(charge_point.tenant_id, charge_point.id)
        if ref in self._known:
            return False
        if at_most is not None and self.count(charge_point.tenant_id) >= at_most:
            raise QuotaExceeded("The tenant has as many charge points as it may have.")
        self._known[ref] = charge_point
        return True

    def put(self, charge_point: ChargePoint) -> None:
        """For tests: bring a charge point into any state."""
        self._known[ChargePointRef(charge_point.tenant_id, charge_point.id)] = charge_point

    def open_connections(
        self, tenant_id: str, gateway_id: str, connection_ids: Mapping[str, str], at: datetime
    ) -> dict[str, OpenedConnection]:
        """Next epochs; the connections before them are `replaced`."""
        opened = {
            cp_id: self._open(ChargePointRef(tenant_id, cp_id), gateway_id, connection_id, at)
            for cp_id, connection_id in connection_ids.items()
        }
        return {cp_id: one for cp_id, one in opened.items() if one is not None}

    def _open(
        self, ref: ChargePointRef, gateway_id: str, connection_id: str, at: datetime
    ) -> OpenedConnection | None:
        known = self._known.get(ref)
        if known is None:
            return None
        epoch = self._epochs[ref] = self._epochs.get(ref, 0) + 1
        connection = Connection(gateway_id, connection_id, epoch, at)
        opened = replace(known, connection=connection, last_seen=at)
        self._known[ref] = opened
        return OpenedConnection(opened, known.connection)

    def restore_connection(self, ref: ChargePointRef, connection: Connection) -> ChargePoint | None:
        """Only if nothing else happened since."""
        known = self.find(ref)
        if known is None or known.connection is not None or self._epochs.get(ref) != connection.epoch:
            return None
        restored = replace(known, connection=connection)
        self.put(restored)
        return restored

    def close_connection(self, ref: ChargePointRef, epoch: int, at: datetime) -> ChargePoint | None:
        """None if another connection has taken its place, or none is open."""
        return self._change(ref, epoch, lambda known, _: replace(known, connection=None, last_seen=at))

    def record_boot(
        self,
        ref: ChargePointRef,
        registration: Registration,
        boot: Mapping[str, Any],
        at: datetime,
        fence: int,
    ) -> bool:
        """Keep inventory, intervals, verdict and time."""
        known = self._known.get(ref)
        if known is None or self._boot_fences.get(ref, 0) > fence:
            return False
        self._boot_fences[ref] = fence
        told = dict(boot)
        inventory = dict(told.pop("inventory", {}))
        self._known[ref] = replace(
            known,
            registration=registration,
            inventory=inventory,
            configuration=known.configuration | told,
            last_boot=at,
            last_seen=at,
            boot_fence=fence,
        )
        return True

    def delete(self, ref: ChargePointRef) -> bool:
        """With its epochs and fences."""
        self._epochs.pop(ref, None)
        self._boot_fences.pop(ref, None)
        return self._known.pop(ref, None) is not None

    def change(
        self, ref: ChargePointRef, changes: Mapping[str, Any], revision: int | None = None
    ) -> ChargePoint | None:
        """Fields of nested values are set one by one."""
        known = self._known.get(ref)
        if known is None or revision not in (None, known.revision):
            return None
        flat = dict(changes)
        if REVISED & changes.keys():
            flat["revision"] = known.revision + 1
        for name in ("settings", "security"):
            if name in flat:
                flat[name] = replace(getattr(known, name), **flat[name])
        for name in ("wanted_availability", "ratings"):
            if name in flat:
                flat[name] = {**getattr(known, name), **flat[name]}
        self._known[ref] = replace(known, **flat)
        return self._known[ref]

    def connections(self, tenant_id: str, gateway_id: str | None = None) -> Iterable[tuple[str, Connection]]:
        """All that are open, or only those on one gateway."""
        return [
            (known.id, known.connection)
            for known in self._of(tenant_id)
            if known.connection is not None and gateway_id in (None, known.connection.gateway_id)
        ]

    def signs(self, tenant_id: str, charge_point_ids: Iterable[str]) -> dict[str, Signs]:
        """Of those that are known."""
        wanted = set(charge_point_ids)
        return {known.id: signs_of(known) for known in self._of(tenant_id) if known.id in wanted}

    def mark_silent(self, ref: ChargePointRef, epoch: int, *, silent: bool) -> ChargePoint | None:
        """None if nothing changed."""

        def changed(known: ChargePoint, connection: Connection) -> ChargePoint | None:
            if connection.silent == silent:
                return None
            return replace(known, connection=replace(connection, silent=silent))

        return self._change(ref, epoch, changed)

    def copy_last_seen(self, tenant_id: str, seen: Mapping[str, datetime]) -> None:
        """Keep the newest time."""
        for charge_point_id, heard in seen.items():
            ref, at = ChargePointRef(tenant_id, charge_point_id), about(heard)
            known = self._known.get(ref)
            if known is not None and (known.last_seen is None or known.last_seen < at):
                self._known[ref] = replace(known, last_seen=at)

    def set_connectors(self, ref: ChargePointRef, connectors: tuple[Connector, ...], fence: int) -> None:
        """What a flushed batch does: the newest fence wins."""
        known = self._known.get(ref)
        if known is not None and known.status_fence <= fence:
            self._known[ref] = replace(known, connectors=connectors, status_fence=fence)

    def _change(
        self,
        ref: ChargePointRef,
        epoch: int,
        changed: Callable[[ChargePoint, Connection], ChargePoint | None],
    ) -> ChargePoint | None:
        known = self._known.get(ref)
        if known is None or known.connection is None or known.connection.epoch != epoch:
            return None
        new = changed(known, known.connection)
        if new is not None:
            self._known[ref] = new
        return new

    def _of(self, tenant_id: str) -> list[ChargePoint]:
        found = [known for ref, known in self._known.items() if ref.tenant_id == tenant_id]
        return sorted(found, key=lambda known: known.id)

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[ChargePoint]:
        """In order of id."""
        filters = page.filters or {}
        wanted = [
            known
            for known in self._of(tenant_id)
            if all(_matches(known, name, value) for name, value in filters.items())
        ]
        return page_of(wanted, replace(page, filters=None))


def _matches(known: ChargePoint, name: str, value: Any) -> bool:
    if name == "search":
        return str(value).casefold() in known.id.casefold()
    if name == "status":
        return bool(known.availability == value)
    if name == "connected":
        return known.is_live is value
    if name == "prefix":
        return known.id.startswith(value)
    if name in ("model", "vendor"):
        return bool(known.inventory.get(f"charge_point_{name}") == value)
    return bool(getattr(known, name) == value)
