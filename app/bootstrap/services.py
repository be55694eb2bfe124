"""Every use case, over the adapters."""

from app.bootstrap.adapters import Adapters, build_adapters
from app.clock import SystemClock
from app.files.links import SignedLinks
from app.files.local_folder import LocalFolder
from app.messaging.last_seen import RedisLastSeen
from app.ocpp.catalog import load_catalog
from app.pki.command import CommandAuthority
from app.pki.local import LocalAuthority
from app.services import Services
from app.services.administration import AdministrationService
from app.services.authorization import AuthorizationService
from app.services.boots import BootService
from app.services.certificates import CertificateService
from app.services.charge_points import ChargePointService
from app.services.charging_profiles import ChargingProfileService
from app.services.commands import CommandService
from app.services.configuration import ConfigurationService
from app.services.diagnostics import DiagnosticsService
from app.services.files import LinkService
from app.services.firmware import FirmwareService
from app.services.firmware_files import FirmwareFileService
from app.services.id_tags import IdTagService
from app.services.keepers import Keepers
from app.services.keys import KeyHasher
from app.services.liveness import LivenessService
from app.services.local_lists import LocalListService
from app.services.messages import MessageService
from app.services.meter_values import MeterValueService
from app.services.profile_templates import ProfileTemplateService
from app.services.reconciliation import ReconciliationService
from app.services.reservations import ReservationService
from app.services.roots import RootService
from app.services.security import SecurityService
from app.services.security_events import SecurityEventService
from app.services.sessions import SessionService
from app.services.signing import CertificateAuthority, SigningService
from app.services.tenants import TenantService
from app.services.users import UserService
from app.settings import Settings
from app.storage.batches import MongoBatches
from app.storage.certificates import MongoCertificates
from app.storage.charge_points import MongoChargePoints
from app.storage.charging_profiles import MongoChargingProfiles, MongoProfileTemplates
from app.storage.commands import MongoCommands
from app.storage.configuration import MongoConfigurations
from app.storage.deviations import MongoDeviations
from app.storage.firmware_files import MongoFirmwareFiles
from app.storage.id_tags import MongoIdTags
from app.storage.jobs import DIAGNOSTICS_JOBS, FIRMWARE_JOBS, MongoJobs
from app.storage.local_lists import MongoLocalLists
from app.storage.meter_values import MongoMeterValues
from app.storage.mongo import Databases
from app.storage.outbox import MongoOutbox
from app.storage.refusals import MongoRefusedIdentities
from app.storage.reservations import MongoReservations
from app.storage.security_events import MongoSecurityEvents
from app.storage.sessions import MongoSessions
from app.storage.tenants import MongoTenants
from app.storage.users import MongoUsers


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
    return Services(
        clock=clock,
        keepers=keepers,
        tenants=TenantService(tenants, clock),
        users=UserService(MongoUsers(databases), clock),
        charge_points=charge_point_service,
        authorization=authorization,
        id_tags=IdTagService(id_tags, clock),
        sessions=SessionService(session_store, authorization, clock),
        meter_values=MeterValueService(meter_values),
        reconciliation=ReconciliationService(session_store, meter_values, charge_points, clock),
        boots=BootService(keepers, command_service, clock),
        commands=command_service,
        administration=AdministrationService(keepers, link),
        messages=MessageService(adapters.messages),
        signing=SigningService(
            certificate_store, charge_points, command_service, events, _authority(settings, clock), clock
        ),
        liveness=LivenessService(charge_points, charge_point_service, last_seen, link, clock),
        batches=MongoBatches(databases, outbox),
        deviations=MongoDeviations(databases),
        refused_identities=MongoRefusedIdentities(databases),
        outbox=outbox,
        gateway_link=link,
    )


def _file_services(
    settings: Settings, databases: Databases, tenants: MongoTenants, clock: SystemClock
) -> tuple[FirmwareService, DiagnosticsService]:
    """What moves files, over one store and one kind of links."""
    store = LocalFolder(settings.files.directory, settings.files.max_bytes)
    signed = SignedLinks(settings.web.jwt_secret_key, settings.files.public_url, clock)
    links = LinkService(signed, tenants)
    images = FirmwareFileService(MongoFirmwareFiles(databases), store, clock)
    return (
        FirmwareService(MongoJobs(databases, FIRMWARE_JOBS), images, links, clock),
        DiagnosticsService(MongoJobs(databases, DIAGNOSTICS_JOBS), store, links, clock),
    )


def _authority(settings: Settings, clock: SystemClock) -> CertificateAuthority | None:
    """Who signs charge points' certificates; None: nobody does."""
    if settings.ca.kind == "local":
        return LocalAuthority(settings.var_dir / "ca", clock)
    if settings.ca.kind == "command":
        return CommandAuthority(settings.ca.command, settings.ca.root_file)
    return None
