"""Use cases, one file per noun. Synchronous, thread-safe, without framework or I/O of their own."""

from dataclasses import dataclass

from app.services.administration import AdministrationService
from app.services.api_keys import ApiKeyService
from app.services.audit import AuditService
from app.services.authorization import AuthorizationService
from app.services.boots import BootService
from app.services.charge_point_import import ChargePointImportService
from app.services.charge_points import ChargePointService
from app.services.commands import CommandService
from app.services.dead_letters import DeadLetterService
from app.services.deviations import DeviationRepository
from app.services.id_tags import IdTagService
from app.services.idempotency import IdempotencyService
from app.services.keepers import Keepers
from app.services.liveness import LivenessService
from app.services.lockout import Lockout
from app.services.messages import MessageService
from app.services.meter_values import MeterValueService
from app.services.mqtt_access import MqttAccessService
from app.services.ports import BatchStore, Clock, GatewayLink, LiveFeed, Outbox
from app.services.rate_limits import RateLimiter
from app.services.reconciliation import ReconciliationService
from app.services.refusals import RefusedIdentityRepository
from app.services.retention import OldSessions
from app.services.sessions import SessionService
from app.services.signing import SigningService
from app.services.stats import StatsService
from app.services.stream_tickets import StreamTicketService
from app.services.tenant_export import TenantExportService
from app.services.tenant_lifecycle import TenantLifecycle
from app.services.tenants import TenantService
from app.services.tokens import TokenService
from app.services.users import UserService
from app.services.webhook_sending import WebhookSending
from app.services.webhooks import WebhookService


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a process may do, ready to use from any thread."""

    clock: Clock
    keepers: Keepers
    tenants: TenantService
    tenant_lifecycle: TenantLifecycle
    tenant_export: TenantExportService
    users: UserService
    tokens: TokenService
    lockout: Lockout
    api_keys: ApiKeyService
    mqtt_access: MqttAccessService
    charge_points: ChargePointService
    charge_point_imports: ChargePointImportService
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
    audit: AuditService
    liveness: LivenessService
    stats: StatsService
    idempotency: IdempotencyService
    webhooks: WebhookService
    webhook_sending: WebhookSending
    live_feed: LiveFeed
    stream_tickets: StreamTicketService
    batches: BatchStore
    dead_letters: DeadLetterService
    deviations: DeviationRepository
    refused_identities: RefusedIdentityRepository
    old_sessions: OldSessions
    rate_limiter: RateLimiter
    outbox: Outbox
    gateway_link: GatewayLink
