"""Every use case, over the adapters."""

from datetime import timedelta
from functools import partial

from app.bootstrap.adapters import Adapters, build_adapters
from app.clock import SystemClock
from app.files.links import SignedLinks
from app.files.local_folder import LocalFolder
from app.messaging.celery_app import remove_queue
from app.messaging.last_seen import RedisLastSeen
from app.messaging.live_feed import RedisLiveFeed, RedisTickets
from app.messaging.live_sessions import RedisLiveSessions
from app.messaging.mosquitto import Mosquitto
from app.messaging.rate_limits import RedisRateLimiter
from app.messaging.retained import RetainedStatuses
from app.ocpp.catalog import load_catalog
from app.pki.command import CommandAuthority
from app.pki.local import LocalAuthority
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
from app.services.mqtt_access import BrokerAccounts, MqttAccessService
from app.services.profile_templates import ProfileTemplateService
from app.services.reconciliation import ReconciliationService
from app.services.reservations import ReservationService
from app.services.roots import RootService
from app.services.security import SecurityService
from app.services.security_events import SecurityEventService
from app.services.sessions import SessionService
from app.services.signing import CertificateAuthority, SigningService
from app.services.stats import StatsService
from app.services.stream_tickets import StreamTicketService
from app.services.tenant_export import TenantExportService
from app.services.tenant_lifecycle import Remove, TenantLifecycle
from app.services.tenants import TenantService
from app.services.tokens import TokenService
from app.services.users import UserService
from app.services.webhook_sending import WebhookSending
from app.services.webhooks import WebhookService
from app.settings import Settings
from app.storage.api_keys import MongoApiKeys
from app.storage.audit import MongoAudit
from app.storage.batches import MongoBatches
from app.storage.certificates import MongoCertificates
from app.storage.charge_points import MongoChargePoints
from app.storage.charging_profiles import MongoChargingProfiles, MongoProfileTemplates
from app.storage.commands import MongoCommands
from app.storage.configuration import MongoConfigurations
from app.storage.dead_letters import MongoDeadLetters
from app.storage.deviations import MongoDeviations
from app.storage.firmware_files import MongoFirmwareFiles
from app.storage.id_tags import MongoIdTags
from app.storage.idempotency import MongoIdempotencyKeys
from app.storage.jobs import DIAGNOSTICS_JOBS, FIRMWARE_JOBS, MongoJobs
from app.storage.local_lists import MongoLocalLists
from app.storage.login_failures import MongoLoginFailures
from app.storage.login_sessions import MongoLoginSessions
from app.storage.meter_values import MongoMeterValues
from app.storage.mongo import Databases
from app.storage.mqtt_credentials import MongoMqttCredentials
from app.storage.old_sessions import MongoOldSessions
from app.storage.outbox import MongoOutbox
from app.storage.refusals import MongoRefusedIdentities
from app.storage.reservations import MongoReservations
from app.storage.security_events import MongoSecurityEvents
from app.storage.sessions import MongoSessions
from app.storage.stats import MongoStats
from app.storage.tenant_data import MongoTenantData
from app.storage.tenants import MongoTenants
from app.storage.users import MongoUsers
from app.storage.webhooks import MongoDeliveries, MongoWebhooks


def build_services(settings: Settings, adapters: Adapters | None = None) -> Services:
    """Everything a process may do."""
    adapters = adapters or build_adapters(settings)
    databases, link, clock = adapters.databases, adapters.link, SystemClock()
    untold, outbox = adapters.untold, MongoOutbox(databases)
    charge_points = MongoChargePoints(databases)
    session_store, meter_values = MongoSessions(databases, untold), MongoMeterValues(databases)
    last_seen = RedisLastSeen(adapters.redis, charge_points.copy_last_seen)
    id_tags = MongoIdTags(databases)
    authorization = AuthorizationService(id_tags, session_store, clock)
    charge_point_service = ChargePointService(charge_points, last_seen, outbox, link, clock)
    command_store = MongoCommands(databases, untold)
    tenants = MongoTenants(databases)
    firmware, diagnostics = _file_services(settings, databases, tenants, clock)
    certificate_store = MongoCertificates(databases)
    events = SecurityEventService(MongoSecurityEvents(databases), outbox, link, clock)
    certificates = CertificateService(certificate_store, events, clock)
    roots = RootService(certificate_store, clock)
    configuration = ConfigurationService(MongoConfigurations(databases), clock)
    keepers = Keepers(
        tenants=tenants,
        charge_points=charge_points,
        sessions=session_store,
        authorization=authorization,
        configuration=configuration,
        local_lists=LocalListService(MongoLocalLists(databases), id_tags, configuration, clock),
        firmware=firmware,
        diagnostics=diagnostics,
        reservations=ReservationService(MongoReservations(databases), charge_points, clock),
        charging_profiles=ChargingProfileService(
            MongoChargingProfiles(databases), charge_points, session_store, configuration, clock
        ),
        profile_templates=ProfileTemplateService(MongoProfileTemplates(databases), clock),
        security_events=events,
        certificates=certificates,
        roots=roots,
        security=SecurityService(charge_points, certificates, roots, events, KeyHasher()),
    )
    command_service = CommandService(
        command_store, charge_points, outbox, link, load_catalog(), keepers, clock
    )
    user_store = MongoUsers(databases)
    tenant_service = TenantService(tenants, clock)
    login_sessions = MongoLoginSessions(databases)
    tokens = TokenService(
        login_sessions,
        RedisLiveSessions(adapters.redis, settings.web.access_token_s),
        clock,
        timedelta(seconds=settings.web.refresh_token_s),
    )
    lockout = Lockout(MongoLoginFailures(databases), clock)
    user_service = UserService(
        user_store, tokens, lockout, clock, login_needs_tenant=settings.web.login_needs_tenant
    )
    deliveries, live_feed = MongoDeliveries(databases), RedisLiveFeed(adapters.redis)
    webhooks = WebhookService(
        MongoWebhooks(databases),
        deliveries,
        link,
        clock,
        plain_http=settings.webhooks.plain_http,
        private_targets=settings.webhooks.private_targets,
    )
    api_keys = ApiKeyService(MongoApiKeys(databases), clock)
    mqtt_access = MqttAccessService(
        MongoMqttCredentials(databases),
        _broker_accounts(settings),
        clock,
        is_kept=settings.mqtt.access != "none",
    )
    belongings: list[Remove] = [  # what a tenant has outside its own database, and goes with it
        RetainedStatuses(settings.mqtt.url, charge_points.identities).remove_all,
        LocalFolder(settings.files.directory, settings.files.max_bytes).remove_all,
        last_seen.remove_all,
        live_feed.remove_all,
        partial(remove_queue, adapters.redis),
        user_store.remove_all,
        api_keys.remove_all,
        mqtt_access.remove_all,
        tokens.remove_all,
    ]
    return Services(
        clock=clock,
        keepers=keepers,
        tenants=tenant_service,
        tenant_lifecycle=TenantLifecycle(tenant_service, tenants, user_service, belongings, clock),
        tenant_export=TenantExportService(MongoTenantData(databases)),
        users=user_service,
        tokens=tokens,
        lockout=lockout,
        api_keys=api_keys,
        mqtt_access=mqtt_access,
        charge_points=charge_point_service,
        charge_point_imports=ChargePointImportService(charge_point_service, charge_points, keepers.security),
        authorization=authorization,
        id_tags=IdTagService(id_tags, clock),
        sessions=SessionService(session_store, authorization, clock),
        meter_values=MeterValueService(meter_values),
        reconciliation=ReconciliationService(session_store, meter_values, charge_points, clock),
        boots=BootService(keepers, command_service, clock),
        commands=command_service,
        administration=AdministrationService(keepers, link),
        messages=MessageService(adapters.messages),
        audit=AuditService(MongoAudit(databases), clock),
        signing=SigningService(
            certificate_store, charge_points, command_service, events, _authority(settings, clock), clock
        ),
        liveness=LivenessService(charge_points, charge_point_service, last_seen, link, clock),
        stats=StatsService(MongoStats(databases), clock),
        idempotency=IdempotencyService(MongoIdempotencyKeys(databases), clock),
        webhooks=webhooks,
        webhook_sending=WebhookSending(webhooks, deliveries, clock),
        live_feed=live_feed,
        stream_tickets=StreamTicketService(RedisTickets(adapters.redis)),
        batches=MongoBatches(databases, untold),
        dead_letters=DeadLetterService(MongoDeadLetters(databases), clock),
        deviations=MongoDeviations(databases),
        refused_identities=MongoRefusedIdentities(databases),
        old_sessions=MongoOldSessions(databases),
        rate_limiter=RedisRateLimiter(adapters.redis),
        outbox=outbox,
        gateway_link=link,
    )


def _file_services(
    settings: Settings, databases: Databases, tenants: MongoTenants, clock: SystemClock
) -> tuple[FirmwareService, DiagnosticsService]:
    """What moves files, over one store and one kind of links."""
    store = LocalFolder(settings.files.directory, settings.files.max_bytes)
    web = settings.web
    signed = SignedLinks(web.jwt_secret_key, settings.files.public_url, clock, web.jwt_secret_key_previous)
    links = LinkService(signed, tenants)
    images = FirmwareFileService(MongoFirmwareFiles(databases), store, clock)
    return (
        FirmwareService(MongoJobs(databases, FIRMWARE_JOBS), images, links, clock),
        DiagnosticsService(MongoJobs(databases, DIAGNOSTICS_JOBS), store, links, clock),
    )


def _broker_accounts(settings: Settings) -> BrokerAccounts | None:
    """Where the broker keeps accounts that we tell it; None: it asks us, or keeps none."""
    if settings.mqtt.access != "mosquitto":
        return None
    return Mosquitto(settings.mqtt.admin_url, settings.mqtt.url)


def _authority(settings: Settings, clock: SystemClock) -> CertificateAuthority | None:
    """Who signs charge points' certificates; None: nobody does."""
    if settings.ca.kind == "local":
        return LocalAuthority(settings.var_dir / "ca", clock)
    if settings.ca.kind == "command":
        return CommandAuthority(settings.ca.command, settings.ca.root_file)
    return None
