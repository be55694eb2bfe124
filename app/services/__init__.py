"""Use cases, one file per noun. Synchronous, thread-safe, without framework or I/O of their own."""

from dataclasses import dataclass

from app.services.authorization import AuthorizationService
from app.services.charge_points import ChargePointService
from app.services.commands import CommandService
from app.services.deviations import DeviationRepository
from app.services.keepers import Keepers
from app.services.liveness import LivenessService
from app.services.meter_values import MeterValueService
from app.services.ports import BatchStore, Clock, GatewayLink, Outbox
from app.services.sessions import SessionService
from app.services.tenants import TenantService
from app.services.users import UserService


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a process may do, ready to use from any thread."""

    clock: Clock
    keepers: Keepers
    tenants: TenantService
    users: UserService
    charge_points: ChargePointService
    authorization: AuthorizationService
    sessions: SessionService
    meter_values: MeterValueService
    commands: CommandService
    liveness: LivenessService
    batches: BatchStore
    deviations: DeviationRepository
    outbox: Outbox
    gateway_link: GatewayLink
