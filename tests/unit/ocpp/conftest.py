"""A charge point whose calls are handled as gateway and worker would, over an installation in memory."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.domain.charge_point import ChargePoint, Registration
from app.domain.context import ChargePointRef
from app.domain.events import Event
from app.domain.tenant import Tenant
from app.domain.times import to_epoch_ms
from app.ocpp.catalog import load_catalog
from app.ocpp.dispatch import handle_batch
from app.ocpp.envelope import BatchEnvelope, CommandReport, InboundCall, Reply
from tests.fakes.world import World, fake_world


def a_batch(
    *calls: InboundCall, tenant_id: str = "acme", order_key: int = 1, reports: tuple[CommandReport, ...] = ()
) -> BatchEnvelope:
    return BatchEnvelope(tenant_id, "gw-1", 1, order_key, 0, calls, reports)


@dataclass
class Station:
    """A charge point that is connected. Set `registration` to what it was last told."""

    world: World
    ref: ChargePointRef
    registration: str | None = "Accepted"
    epoch: int = 1
    sequence: int = field(default=0)

    def call(self, action: str, payload: Any, unique_id: str | None = None) -> InboundCall:
        self.sequence += 1
        text = json.dumps([2, unique_id or f"u-{self.sequence}", action, payload])
        return InboundCall(
            self.ref.charge_point_id,
            f"connection-{self.ref.charge_point_id}",
            self.epoch,
            self.sequence,
            self.registration,
            to_epoch_ms(self.world.clock.now()),
            text,
        )

    def handle(self, *calls: InboundCall) -> list[Reply]:
        batch = a_batch(*calls, tenant_id=self.ref.tenant_id, order_key=self.world.clock.order_key())
        return handle_batch(batch, self.world.services)

    def send(self, action: str, payload: Any, unique_id: str | None = None) -> list[Any]:
        """The answer's frame."""
        (reply,) = self.handle(self.call(action, payload, unique_id))
        frame: list[Any] = json.loads(reply.text)
        return frame

    def ask(self, action: str, payload: Any) -> dict[str, Any]:
        """The CallResult's payload; fails on a CallError."""
        frame = self.send(action, payload)
        assert frame[0] == 3, frame
        answer: dict[str, Any] = frame[2]
        return answer

    def refusal(self, action: str, payload: Any) -> str:
        """The CallError's code; fails on a CallResult."""
        frame = self.send(action, payload)
        assert frame[0] == 4, frame
        assert isinstance(frame[3], str)
        assert frame[4] == {}
        return str(frame[2])

    @property
    def stored(self) -> ChargePoint:
        found = self.world.charge_points.find(self.ref)
        assert found is not None
        return found

    def events(self, event_type: str | None = None) -> list[Event]:
        told = [e for e in self.world.outbox.events(self.ref.tenant_id) if e.charge_point == self.ref]
        return [e for e in told if event_type in (None, e.body["event_type"])]

    def configure(self, **settings: Any) -> Tenant:
        changed = self.world.services.tenants.configure(self.ref.tenant_id, settings)
        self.world.services.tenants.directory.refresh()
        return changed


@pytest.fixture
def world() -> World:
    """Two tenants, acme and beta, and the real catalog of actions."""
    world = fake_world(load_catalog())
    for tenant_id in ("acme", "beta"):
        world.services.tenants.create(tenant_id, tenant_id.title())
    world.services.tenants.directory.refresh()
    world.link.gateways.add("gw-1")
    return world


@pytest.fixture
def add_station(world: World) -> Callable[..., Station]:
    """`add_station(id, tenant, registration)`: known, connected, and last told its registration."""

    def add(
        charge_point_id: str = "CP-1",
        tenant_id: str = "acme",
        registration: Registration | None = Registration.ACCEPTED,
    ) -> Station:
        ref = ChargePointRef(tenant_id, charge_point_id)
        world.add_charge_point(tenant_id, charge_point_id, registration)
        world.services.charge_points.open_connection(ref, "gw-1", f"connection-{charge_point_id}")
        world.outbox.remove(tenant_id, [entry.id for entry in world.outbox.head(tenant_id, 1000)])
        return Station(world, ref, registration.value if registration else None)

    return add


@pytest.fixture
def station(add_station: Callable[..., Station]) -> Station:
    """Charge point CP-1 of acme, accepted and connected."""
    return add_station()
