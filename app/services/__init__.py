"""Use cases, one file per noun. Synchronous, thread-safe, without framework or I/O of their own."""

from dataclasses import dataclass

from app.services.administration import AdministrationService
from app.services.authorization import AuthorizationService
from app.services.boots import BootService
from app.services.charge_points import ChargePointService
from app.services.commands import CommandService
from app.services.deviations import DeviationRepository
from app.services.id_tags import IdTagService
from app.services.keepers import Keepers
from app.services.liveness import LivenessService
from app.services.messages import MessageService
from app.services.meter_values import MeterValueService
from app.services.ports import BatchStore, Clock, GatewayLink, Outbox
from app.services.reconciliation import ReconciliationService
from app.services.refusals import RefusedIdentityRepository
from app.services.sessions import SessionService
from app.services.signing import SigningService
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
    id_tags: IdTagService
    sessions: SessionService
    meter_values: MeterValueService
    reconciliation: ReconciliationService
    boots: BootService
    commands: CommandService
    signing: SigningService
    administration: AdministrationService
    messages: MessageService
    liveness: LivenessService
    batches: BatchStore
    deviations: DeviationRepository
    refused_identities: RefusedIdentityRepository
    outbox: Outbox
    gateway_link: GatewayLink
