"""All stores behind one face, in memory or on real servers, for the suites of this folder."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import uuid4

import redis

from app.domain.tenant import Tenant
from app.messaging import redis_client
from app.messaging.gateway_link import Downlink, RedisGatewayLink, alive_key, decode, stream_key
from app.messaging.last_seen import RedisLastSeen
from app.messaging.live_sessions import RedisLiveSessions
from app.messaging.redis_client import RedisGuard
from app.services import ports
from app.services.api_keys import ApiKeyRepository
from app.services.audit import AuditRepository
from app.services.certificates import CertificateRepository
from app.services.charging_profiles import ChargingProfileRepository
from app.services.configuration import ConfigurationRepository
from app.services.dead_letters import DeadLetterRepository
from app.services.deviations import DeviationRepository
from app.services.firmware_files import FirmwareFileRepository
from app.services.idempotency import IdempotencyRepository
from app.services.jobs import JobRepository
from app.services.local_lists import LocalListRepository
from app.services.lockout import FailureRepository
from app.services.messages import MessageRepository
from app.services.meter_values import MeterValueRepository
from app.services.mqtt_access import MqttCredentialRepository
from app.services.profile_templates import ProfileTemplateRepository
from app.services.refusals import RefusedIdentityRepository
from app.services.reservations import ReservationRepository
from app.services.retention import OldSessions
from app.services.security_events import SecurityEventRepository
from app.services.stats import StatsRepository
from app.services.tokens import LiveSessions, LoginSessionRepository
from app.services.webhooks import DeliveryRepository, WebhookRepository
from app.storage import mongo
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
from app.storage.leases import MongoLeases
from app.storage.local_lists import MongoLocalLists
from app.storage.login_failures import MongoLoginFailures
from app.storage.login_sessions import MongoLoginSessions
from app.storage.messages import MongoMessages
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
from app.storage.tenants import MongoTenants
from app.storage.untold import Untold
from app.storage.users import MongoUsers
from app.storage.webhooks import MongoDeliveries, MongoWebhooks
from tests.builders import a_tenant
from tests.fakes.gateway_link import FakeGatewayLink
from tests.fakes.leases import FakeLeases
from tests.fakes.login_failures import FakeFailureRepository
from tests.fakes.world import fake_world

ACCESS_TOKEN_S = 900


class Leases(Protocol):
    """What both kinds of leases can do."""

    def hold(self, name: str, holder: str, now: datetime, seconds: float) -> bool: ...

    def release(self, name: str, holder: str) -> None: ...

    def installation_id(self) -> str: ...


class Gateways(Protocol):
    """Gateways as a test moves them: they appear, die, and read what was sent to them."""

    def appear(self, gateway_id: str) -> None: ...

    def die(self, gateway_id: str) -> None: ...

    def read(self, gateway_id: str) -> list[Downlink]: ...


@dataclass
class Stores:
    """One tenant, known to all of them, whose data is gone after the test."""

    tenant: Tenant
    tenants: ports.TenantRepository
    users: ports.UserRepository
    api_keys: ApiKeyRepository
    login_sessions: LoginSessionRepository
    live_sessions: LiveSessions
    login_failures: FailureRepository
    mqtt_credentials: MqttCredentialRepository
    charge_points: ports.ChargePointRepository
    sessions: ports.SessionRepository
    meter_values: MeterValueRepository
    commands: ports.CommandRepository
    id_tags: ports.IdTagRepository
    outbox: ports.Outbox
    batches: ports.BatchStore
    messages: MessageRepository
    audit: AuditRepository
    configurations: ConfigurationRepository
    idempotency: IdempotencyRepository
    local_lists: LocalListRepository
    firmware_files: FirmwareFileRepository
    firmware_jobs: JobRepository
    diagnostics_jobs: JobRepository
    reservations: ReservationRepository
    charging_profiles: ChargingProfileRepository
    profile_templates: ProfileTemplateRepository
    dead_letters: DeadLetterRepository
    deviations: DeviationRepository
    refused_identities: RefusedIdentityRepository
    certificates: CertificateRepository
    security_events: SecurityEventRepository
    webhooks: WebhookRepository
    deliveries: DeliveryRepository
    stats: StatsRepository
    old_sessions: OldSessions
    last_seen: ports.LastSeen
    link: ports.GatewayLink
    gateways: Gateways
    leases: Leases
    unique: str = field(default_factory=lambda: uuid4().hex[:12])

    @property
    def id(self) -> str:
        """The tenant's."""
        return self.tenant.id


class FakeGateways:
    """Moves the fake link's gateways."""

    def __init__(self, link: FakeGatewayLink) -> None:
        self._link = link

    def appear(self, gateway_id: str) -> None:
        self._link.gateways.add(gateway_id)
        self._link.dead.discard(gateway_id)

    def die(self, gateway_id: str) -> None:
        self._link.gateways.discard(gateway_id)
        self._link.dead.add(gateway_id)

    def read(self, gateway_id: str) -> list[Downlink]:
        return [delivery for receiver, delivery in self._link.delivered if receiver == gateway_id]


class RedisGateways:
    """Gives signs of life as a gateway would."""

    def __init__(self, client: "redis.Redis", link: RedisGatewayLink) -> None:
        self._client = client
        self._link = link
        self._known: set[str] = set()

    def appear(self, gateway_id: str) -> None:
        self._known.add(gateway_id)
        self._link.announce(gateway_id)

    def die(self, gateway_id: str) -> None:
        self._client.delete(alive_key(gateway_id))

    def read(self, gateway_id: str) -> list[Downlink]:
        found: Any = self._client.xrange(stream_key(gateway_id))
        return [decode(fields["d"]) for _, fields in found][1:]  # the first entry made the stream

    def forget_all(self) -> None:
        for gateway_id in self._known:
            self._link.withdraw(gateway_id)
            self._link.forget_gateway(gateway_id)


def fake_stores() -> Stores:
    """In memory."""
    world = fake_world()
    tenant = a_tenant(f"t{uuid4().hex[:12]}")
    world.tenants.insert(tenant)
    return Stores(
        tenant=tenant,
        tenants=world.tenants,
        users=world.users,
        api_keys=world.api_keys,
        login_sessions=world.login_sessions,
        live_sessions=world.live_sessions,
        login_failures=FakeFailureRepository(),
        mqtt_credentials=world.mqtt_credentials,
        charge_points=world.charge_points,
        sessions=world.sessions,
        meter_values=world.meter_values,
        commands=world.commands,
        id_tags=world.id_tags,
        outbox=world.outbox,
        batches=world.batches,
        messages=world.messages,
        audit=world.audit,
        configurations=world.configurations,
        idempotency=world.idempotency,
        local_lists=world.local_lists,
        firmware_files=world.firmware_files,
        firmware_jobs=world.firmware_jobs,
        diagnostics_jobs=world.diagnostics_jobs,
        reservations=world.reservations,
        charging_profiles=world.charging_profiles,
        profile_templates=world.profile_templates,
        dead_letters=world.dead_letters,
        deviations=world.deviations,
        refused_identities=world.refused_identities,
        certificates=world.certificates,
        security_events=world.security_events,
        webhooks=world.webhooks,
        deliveries=world.deliveries,
        stats=world.stats,
        old_sessions=world.services.old_sessions,
        last_seen=world.last_seen,
        link=world.link,
        gateways=FakeGateways(world.link),
        leases=FakeLeases(),
    )


def real_stores(mongodb_uri: str, redis_url: str) -> tuple[Stores, Callable[[], None]]:
    """On real servers, and what removes all traces of it."""
    databases = Databases(mongo.connect(mongodb_uri))
    client = redis_client.connect(redis_url)
    guard = RedisGuard(client)
    outbox, link = MongoOutbox(databases), RedisGatewayLink(guard)
    untold = Untold(databases, outbox, ("sessions", "commands"))
    charge_points, gateways = MongoChargePoints(databases), RedisGateways(client, link)
    tenants = MongoTenants(databases)
    tenants.prepare()
    tenant = a_tenant(f"t{uuid4().hex[:12]}")
    tenants.insert(tenant)
    stores = Stores(
        tenant=tenant,
        tenants=tenants,
        users=MongoUsers(databases),
        api_keys=MongoApiKeys(databases),
        login_sessions=MongoLoginSessions(databases),
        live_sessions=RedisLiveSessions(guard, ACCESS_TOKEN_S),
        login_failures=MongoLoginFailures(databases),
        mqtt_credentials=MongoMqttCredentials(databases),
        charge_points=charge_points,
        sessions=MongoSessions(databases, untold),
        meter_values=MongoMeterValues(databases),
        commands=MongoCommands(databases, untold),
        id_tags=MongoIdTags(databases),
        outbox=outbox,
        batches=MongoBatches(databases, untold),
        messages=MongoMessages(databases),
        audit=MongoAudit(databases),
        configurations=MongoConfigurations(databases),
        idempotency=MongoIdempotencyKeys(databases),
        local_lists=MongoLocalLists(databases),
        firmware_files=MongoFirmwareFiles(databases),
        firmware_jobs=MongoJobs(databases, FIRMWARE_JOBS),
        diagnostics_jobs=MongoJobs(databases, DIAGNOSTICS_JOBS),
        reservations=MongoReservations(databases),
        charging_profiles=MongoChargingProfiles(databases),
        profile_templates=MongoProfileTemplates(databases),
        dead_letters=MongoDeadLetters(databases),
        deviations=MongoDeviations(databases),
        refused_identities=MongoRefusedIdentities(databases),
        certificates=MongoCertificates(databases),
        security_events=MongoSecurityEvents(databases),
        webhooks=MongoWebhooks(databases),
        deliveries=MongoDeliveries(databases),
        stats=MongoStats(databases),
        old_sessions=MongoOldSessions(databases),
        last_seen=RedisLastSeen(guard, charge_points.copy_last_seen),
        link=link,
        gateways=gateways,
        leases=MongoLeases(databases),
    )

    def clean() -> None:
        ours = {"$regex": stores.unique}
        for found in databases.platform["tenants"].find({"$or": [{"_id": tenant.id}, {"_id": ours}]}):
            databases.client.drop_database(found["database_name"])
        databases.platform["tenants"].delete_many({"$or": [{"_id": tenant.id}, {"_id": ours}]})
        databases.platform["users"].delete_many({"_id": ours})
        for own in ("api_keys", "login_sessions", "login_failures", "mqtt_credentials"):
            databases.platform[own].delete_many({"_id": ours})
        databases.platform["audit_log"].delete_many({"actor_id": ours})
        databases.platform["leases"].delete_many({"_id": ours})
        gateways.forget_all()
        for key in client.scan_iter(f"*{tenant.id}*"):
            client.delete(key)
        client.zrem("ocpp:outbox:wake", tenant.id)
        databases.client.close()
        client.close()

    return stores, clean
