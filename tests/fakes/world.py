"""All fakes, put together into `Services`."""

from dataclasses import dataclass
from datetime import timedelta

from argon2 import PasswordHasher

from app.domain.charge_point import ChargePoint, Registration
from app.files.links import SignedLinks
from app.services import Services
from app.services.administration import AdministrationService
from app.services.api_keys import ApiKeyService
from app.services.audit import AuditService
from app.services.authorization import AuthorizationService
from app.services.boots import BootService
from app.services.certificates import CertificateService
from app.services.charge_point_import import ChargePointImportService
from app.services.charge_points import ChargePointService
from app.services.charging_profiles import ChargingProfileService
from app.services.commands import CommandService
from app.services.configuration import ConfigurationService
from app.services.dead_letters import DeadLetterService
from app.services.diagnostics import DiagnosticsService
from app.services.files import LinkService
from app.services.firmware import FirmwareService
from app.services.firmware_files import FirmwareFileService
from app.services.id_tags import IdTagService
from app.services.idempotency import IdempotencyService
from app.services.keepers import Keepers
from app.services.keys import KeyHasher
from app.services.liveness import LivenessService
from app.services.local_lists import LocalListService
from app.services.lockout import Lockout
from app.services.messages import MessageService
from app.services.meter_values import MeterValueService
from app.services.mqtt_access import MqttAccessService
from app.services.ports import ProtocolCatalog
from app.services.profile_templates import ProfileTemplateService
from app.services.rate_limits import LocalRateLimiter
from app.services.reconciliation import ReconciliationService
from app.services.reservations import ReservationService
from app.services.roots import RootService
from app.services.security import SecurityService
from app.services.security_events import SecurityEventService
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
from tests.fakes.api_keys import FakeApiKeyRepository
from tests.fakes.audit import FakeAuditRepository
from tests.fakes.authority import FakeAuthority
from tests.fakes.batches import FakeBatchStore
from tests.fakes.catalog import FakeCatalog
from tests.fakes.certificates import FakeCertificateRepository
from tests.fakes.charge_points import FakeChargePointRepository
from tests.fakes.charging_profiles import FakeChargingProfileRepository, FakeProfileTemplateRepository
from tests.fakes.clock import FakeClock
from tests.fakes.commands import FakeCommandRepository
from tests.fakes.configuration import FakeConfigurationRepository
from tests.fakes.dead_letters import FakeDeadLetterRepository
from tests.fakes.deviations import FakeDeviationRepository
from tests.fakes.files import FakeFileStore
from tests.fakes.firmware_files import FakeFirmwareFileRepository
from tests.fakes.gateway_link import FakeGatewayLink
from tests.fakes.id_tags import FakeIdTagRepository
from tests.fakes.idempotency import FakeIdempotencyRepository
from tests.fakes.jobs import FakeJobRepository
from tests.fakes.last_seen import FakeLastSeen
from tests.fakes.live import FakeLiveFeed, FakeTicketStore
from tests.fakes.local_lists import FakeLocalListRepository
from tests.fakes.login_failures import FakeFailureRepository
from tests.fakes.login_sessions import FakeLiveSessions, FakeLoginSessionRepository
from tests.fakes.messages import FakeMessageRepository
from tests.fakes.meter_values import FakeMeterValueRepository
from tests.fakes.mqtt_access import FakeBrokerAccounts, FakeMqttCredentialRepository
from tests.fakes.old_sessions import FakeOldSessions
from tests.fakes.outbox import FakeOutbox
from tests.fakes.refusals import FakeRefusedIdentityRepository
from tests.fakes.reservations import FakeReservationRepository
from tests.fakes.security_events import FakeSecurityEventRepository
from tests.fakes.sessions import FakeSessionRepository
from tests.fakes.stats import FakeStatsRepository
from tests.fakes.tenant_data import FakeTenantData
from tests.fakes.tenants import FakeTenantRepository
from tests.fakes.users import FakeUserRepository
from tests.fakes.webhooks import FakeDeliveryRepository, FakeWebhookRepository

PUBLIC_URL = "https://ocpp.example"
QUICK_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass(frozen=True, slots=True)
class World:
    """The use cases, and the fakes beneath them for arranging and looking."""

    services: Services
    clock: FakeClock
    tenants: FakeTenantRepository
    users: FakeUserRepository
    api_keys: FakeApiKeyRepository
    login_sessions: FakeLoginSessionRepository
    mqtt_credentials: FakeMqttCredentialRepository
    mqtt_broker: FakeBrokerAccounts
    live_sessions: FakeLiveSessions
    charge_points: FakeChargePointRepository
    sessions: FakeSessionRepository
    meter_values: FakeMeterValueRepository
    commands: FakeCommandRepository
    id_tags: FakeIdTagRepository
    outbox: FakeOutbox
    link: FakeGatewayLink
    last_seen: FakeLastSeen
    batches: FakeBatchStore
    dead_letters: FakeDeadLetterRepository
    messages: FakeMessageRepository
    audit: FakeAuditRepository
    deviations: FakeDeviationRepository
    refused_identities: FakeRefusedIdentityRepository
    configurations: FakeConfigurationRepository
    idempotency: FakeIdempotencyRepository
    local_lists: FakeLocalListRepository
    files: FakeFileStore
    firmware_files: FakeFirmwareFileRepository
    firmware_jobs: FakeJobRepository
    diagnostics_jobs: FakeJobRepository
    reservations: FakeReservationRepository
    charging_profiles: FakeChargingProfileRepository
    profile_templates: FakeProfileTemplateRepository
    certificates: FakeCertificateRepository
    security_events: FakeSecurityEventRepository
    webhooks: FakeWebhookRepository
    deliveries: FakeDeliveryRepository
    live_feed: FakeLiveFeed
    tickets: FakeTicketStore
    stats: FakeStatsRepository
    authority: FakeAuthority
    tenant_data: FakeTenantData

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
    meter_values, api_keys = FakeMeterValueRepository(), FakeApiKeyRepository()
    sessions, commands = FakeSessionRepository(outbox, meter_values), FakeCommandRepository(outbox)
    id_tags = FakeIdTagRepository()
    deviations = FakeDeviationRepository()
    refused_identities = FakeRefusedIdentityRepository()
    batches = FakeBatchStore(charge_points, sessions, id_tags, outbox, deviations, meter_values)
    audit = FakeAuditRepository()
    messages = FakeMessageRepository(batches.exchanges)
    dead_letters = FakeDeadLetterRepository()
    authorization = AuthorizationService(id_tags, sessions, clock)
    charge_point_service = ChargePointService(charge_points, last_seen, outbox, link, clock)
    configurations, idempotency = FakeConfigurationRepository(), FakeIdempotencyRepository()
    local_lists = FakeLocalListRepository()
    files, firmware_files = FakeFileStore(), FakeFirmwareFileRepository()
    firmware_jobs, diagnostics_jobs = FakeJobRepository(), FakeJobRepository()
    links = LinkService(SignedLinks("tests", PUBLIC_URL, clock), tenants)
    images = FirmwareFileService(firmware_files, files, clock)
    reservations = FakeReservationRepository()
    charging_profiles, profile_templates = FakeChargingProfileRepository(), FakeProfileTemplateRepository()
    certificate_store, event_store = FakeCertificateRepository(), FakeSecurityEventRepository()
    authority = FakeAuthority()
    deliveries, live_feed, tickets = FakeDeliveryRepository(), FakeLiveFeed(), FakeTicketStore()
    webhook_store, stats = FakeWebhookRepository(deliveries), FakeStatsRepository(charge_points, sessions)
    webhooks = WebhookService(webhook_store, deliveries, link, clock, plain_http=False, private_targets=False)
    events = SecurityEventService(event_store, outbox, link, clock)
    certificates = CertificateService(certificate_store, events, clock)
    roots = RootService(certificate_store, clock)
    configuration = ConfigurationService(configurations, clock)
    keepers = Keepers(
        tenants=tenants,
        charge_points=charge_points,
        sessions=sessions,
        authorization=authorization,
        configuration=configuration,
        local_lists=LocalListService(local_lists, id_tags, configuration, clock),
        firmware=FirmwareService(firmware_jobs, images, links, clock),
        diagnostics=DiagnosticsService(diagnostics_jobs, files, links, clock),
        reservations=ReservationService(reservations, charge_points, clock),
        charging_profiles=ChargingProfileService(
            charging_profiles, charge_points, sessions, configuration, clock
        ),
        profile_templates=ProfileTemplateService(profile_templates, clock),
        security_events=events,
        certificates=certificates,
        roots=roots,
        security=SecurityService(charge_points, certificates, roots, events, KeyHasher(QUICK_HASHER)),
    )
    command_service = CommandService(
        commands, charge_points, outbox, link, catalog or FakeCatalog(), keepers, clock
    )
    mqtt_credentials, mqtt_broker = FakeMqttCredentialRepository(), FakeBrokerAccounts()
    mqtt_access = MqttAccessService(mqtt_credentials, mqtt_broker, clock, is_kept=True)
    tenant_service = TenantService(tenants, clock)
    login_sessions, live_sessions = FakeLoginSessionRepository(), FakeLiveSessions()
    tokens = TokenService(login_sessions, live_sessions, clock, timedelta(days=30))
    lockout = Lockout(FakeFailureRepository(), clock)
    user_service = UserService(users, tokens, lockout, clock, QUICK_HASHER)
    tenant_data = FakeTenantData(tenants)
    services = Services(
        clock=clock,
        keepers=keepers,
        tenants=tenant_service,
        tenant_lifecycle=TenantLifecycle(
            tenant_service, tenants, user_service, [users.remove_all, api_keys.remove_all], clock
        ),
        tenant_export=TenantExportService(tenant_data),
        users=user_service,
        tokens=tokens,
        lockout=lockout,
        api_keys=ApiKeyService(api_keys, clock),
        mqtt_access=mqtt_access,
        charge_points=charge_point_service,
        charge_point_imports=ChargePointImportService(charge_point_service, charge_points, keepers.security),
        authorization=authorization,
        id_tags=IdTagService(id_tags, clock),
        sessions=SessionService(sessions, authorization, clock),
        meter_values=MeterValueService(meter_values),
        reconciliation=ReconciliationService(sessions, meter_values, charge_points, clock),
        boots=BootService(keepers, command_service, clock),
        commands=command_service,
        administration=AdministrationService(keepers, link),
        messages=MessageService(messages),
        audit=AuditService(audit, clock),
        signing=SigningService(certificate_store, charge_points, command_service, events, authority, clock),
        liveness=LivenessService(charge_points, charge_point_service, last_seen, link, clock),
        stats=StatsService(stats, clock),
        webhooks=webhooks,
        webhook_sending=WebhookSending(webhooks, deliveries, clock, lambda: 0.5),
        live_feed=live_feed,
        stream_tickets=StreamTicketService(tickets),
        batches=batches,
        dead_letters=DeadLetterService(dead_letters, clock),
        deviations=deviations,
        refused_identities=refused_identities,
        old_sessions=FakeOldSessions(sessions, meter_values),
        rate_limiter=LocalRateLimiter(lambda: clock.now().timestamp()),
        idempotency=IdempotencyService(idempotency, clock),
        outbox=outbox,
        gateway_link=link,
    )
    return World(
        services=services,
        clock=clock,
        tenants=tenants,
        users=users,
        api_keys=api_keys,
        login_sessions=login_sessions,
        mqtt_credentials=mqtt_credentials,
        mqtt_broker=mqtt_broker,
        live_sessions=live_sessions,
        charge_points=charge_points,
        sessions=sessions,
        meter_values=meter_values,
        commands=commands,
        id_tags=id_tags,
        outbox=outbox,
        link=link,
        last_seen=last_seen,
        batches=batches,
        dead_letters=dead_letters,
        messages=messages,
        audit=audit,
        deviations=deviations,
        refused_identities=refused_identities,
        configurations=configurations,
        idempotency=idempotency,
        local_lists=local_lists,
        files=files,
        firmware_files=firmware_files,
        firmware_jobs=firmware_jobs,
        diagnostics_jobs=diagnostics_jobs,
        reservations=reservations,
        charging_profiles=charging_profiles,
        profile_templates=profile_templates,
        certificates=certificate_store,
        security_events=event_store,
        webhooks=webhook_store,
        deliveries=deliveries,
        live_feed=live_feed,
        tickets=tickets,
        stats=stats,
        authority=authority,
        tenant_data=tenant_data,
    )
