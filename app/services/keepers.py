"""What keeps a charge point's state that commands change. Commands tell it; nothing in here sends any."""

from dataclasses import dataclass

from app.services.authorization import AuthorizationService
from app.services.certificates import CertificateService
from app.services.charging_profiles import ChargingProfileService
from app.services.configuration import ConfigurationService
from app.services.diagnostics import DiagnosticsService
from app.services.firmware import FirmwareService
from app.services.local_lists import LocalListService
from app.services.ports import ChargePointRepository, SessionRepository, TenantRepository
from app.services.profile_templates import ProfileTemplateService
from app.services.reservations import ReservationService
from app.services.roots import RootService
from app.services.security import SecurityService
from app.services.security_events import SecurityEventService


@dataclass(frozen=True, slots=True)
class Keepers:
    """Given to the files of `app.ocpp.v16.outbound`, which know what an answer means for which of them."""

    tenants: TenantRepository
    charge_points: ChargePointRepository
    sessions: SessionRepository
    authorization: AuthorizationService
    configuration: ConfigurationService
    local_lists: LocalListService
    firmware: FirmwareService
    diagnostics: DiagnosticsService
    reservations: ReservationService
    charging_profiles: ChargingProfileService
    profile_templates: ProfileTemplateService
    security_events: SecurityEventService
    certificates: CertificateService
    roots: RootService
    security: SecurityService
