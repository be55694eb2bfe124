"""All fakes, put together into `Services`."""

from dataclasses import dataclass

from argon2 import PasswordHasher

from app.domain.charge_point import ChargePoint, Registration
from app.services import Services
from app.services.authorization import AuthorizationService
from app.services.charge_points import ChargePointService
from app.services.commands import CommandService
from app.services.configuration import ConfigurationService
from app.services.keepers import Keepers
from app.services.liveness import LivenessService
from app.services.meter_values import MeterValueService
from app.services.ports import ProtocolCatalog
from app.services.sessions import SessionService
from app.services.tenants import TenantService
from app.services.users import UserService
from tests.fakes.batches import FakeBatchStore
from tests.fakes.catalog import FakeCatalog
from tests.fakes.charge_points import FakeChargePointRepository
from tests.fakes.clock import FakeClock
from tests.fakes.commands import FakeCommandRepository
from tests.fakes.configuration import FakeConfigurationRepository
from tests.fakes.deviations import FakeDeviationRepository
from tests.fakes.gateway_link import FakeGatewayLink
from tests.fakes.id_tags import FakeIdTagRepository
from tests.fakes.last_seen import FakeLastSeen
from tests.fakes.outbox import FakeOutbox
from tests.fakes.sessions import FakeSessionRepository
from tests.fakes.tenants import FakeTenantRepository
from tests.fakes.users import FakeUserRepository

QUICK_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass(frozen=True, slots=True)
class World:
    """The use cases, and the fakes beneath them for arranging and looking."""

    services: Services
    clock: FakeClock
    tenants: FakeTenantRepository
    users: FakeUserRepository
    charge_points: FakeChargePointRepository
    sessions: FakeSessionRepository
    commands: FakeCommandRepository
    id_tags: FakeIdTagRepository
    outbox: FakeOutbox
    link: FakeGatewayLink
    last_seen: FakeLastSeen
    batches: FakeBatchStore
    deviations: FakeDeviationRepository
    configurations: FakeConfigurationRepository

    def add_charge_point(
        self, tenant_id: str, charge_point_id: str, registration: Registration | None = Registration.ACCEPTED
    ) -> ChargePoint:
        """A charge point that has booted, without a connection."""
        charge_point = ChargePoint(tenant_id, charge_point_id, registration, created_at=self.clock.now())
        self.charge_points.put(charge_point)
        return charge_point


def fake_world(catalog: ProtocolCatalog | None = None) -> World:
    """An empty installation; with the fakes' own handful of commands unless another catalog is given."""
    clock, outbox, link, last_seen = FakeClock(), FakeOutbox(), FakeGatewayLink(), FakeLastSeen()
    tenants, users, charge_points = FakeTenantRepository(), FakeUserRepository(), FakeChargePointRepository()
    sessions, commands = FakeSessionRepository(outbox), FakeCommandRepository(outbox)
    id_tags = FakeIdTagRepository()
    deviations = FakeDeviationRepository()
    batches = FakeBatchStore(charge_points, sessions, id_tags, outbox, deviations)
    authorization = AuthorizationService(id_tags, sessions, clock)
    charge_point_service = ChargePointService(charge_points, last_seen, outbox, link, clock)
    configurations = FakeConfigurationRepository()
    keepers = Keepers(
        charge_points=charge_points,
        configuration=ConfigurationService(configurations, clock),
    )
    services = Services(
        clock=clock,
        keepers=keepers,
        tenants=TenantService(tenants, clock),
        users=UserService(users, clock, QUICK_HASHER),
        charge_points=charge_point_service,
        authorization=authorization,
        sessions=SessionService(sessions, authorization, clock),
        meter_values=MeterValueService(),
        commands=CommandService(
            commands, charge_points, outbox, link, catalog or FakeCatalog(), keepers, clock
        ),
        liveness=LivenessService(charge_points, charge_point_service, last_seen, link, clock),
        batches=batches,
        deviations=deviations,
        outbox=outbox,
        gateway_link=link,
    )
    return World(
        services=services,
        clock=clock,
        tenants=tenants,
        users=users,
        charge_points=charge_points,
        sessions=sessions,
        commands=commands,
        id_tags=id_tags,
        outbox=outbox,
        link=link,
        last_seen=last_seen,
        batches=batches,
        deviations=deviations,
        configurations=configurations,
    )
