"""Composition root: the only place that picks adapters. Nothing connects before it is used."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import structlog

from app.clock import SystemClock
from app.domain.errors import Retryable
from app.messaging import mqtt, redis_client
from app.messaging.celery_app import queue_length
from app.messaging.gateway_link import RedisGatewayLink
from app.messaging.last_seen import RedisLastSeen, count_online
from app.messaging.redis_client import RedisGuard
from app.ocpp.catalog import load_catalog
from app.services import Services
from app.services.authorization import AuthorizationService
from app.services.charge_points import ChargePointService
from app.services.commands import CommandService
from app.services.configuration import ConfigurationService
from app.services.keepers import Keepers
from app.services.liveness import LivenessService
from app.services.meter_values import MeterValueService
from app.services.sessions import SessionService
from app.services.tenants import TenantService
from app.services.users import UserService
from app.settings import Settings
from app.storage import commands, mongo, sessions
from app.storage.batches import MongoBatches
from app.storage.charge_points import MongoChargePoints
from app.storage.commands import MongoCommands
from app.storage.deviations import MongoDeviations
from app.storage.configuration import MongoConfigurations
from app.storage.id_tags import MongoIdTags
from app.storage.leases import MongoLeases
from app.storage.messages import MongoMessages
from app.storage.mongo import Databases
from app.storage.outbox import MongoOutbox
from app.storage.sessions import MongoSessions
from app.storage.tenants import MongoTenants
from app.storage.untold import Untold
from app.storage.users import MongoUsers

log = structlog.stdlib.get_logger(__name__)
HealthChecks = Mapping[str, Callable[[], None]]


@dataclass(frozen=True, slots=True)
class Adapters:
    """The servers behind the services, for the programs that speak to them directly."""

    databases: Databases
    redis: RedisGuard
    link: RedisGatewayLink
    leases: MongoLeases
    messages: MongoMessages
    untold: Untold


def build_adapters(settings: Settings) -> Adapters:
    """One client per server; thread-safe, not to be carried over a fork."""
    guard = RedisGuard(redis_client.connect(settings.redis.url))
    databases = Databases(mongo.connect(settings.mongodb.uri))
    return Adapters(
        databases=databases,
        redis=guard,
        link=RedisGatewayLink(guard),
        leases=MongoLeases(databases),
        messages=MongoMessages(databases),
        untold=Untold(databases, MongoOutbox(databases), (sessions.NAME, commands.NAME)),
    )


def build_services(settings: Settings, adapters: Adapters | None = None) -> Services:
    """Everything a process may do."""
    adapters = adapters or build_adapters(settings)
    databases, link, clock = adapters.databases, adapters.link, SystemClock()
    untold, outbox = adapters.untold, MongoOutbox(databases)
    charge_points = MongoChargePoints(databases)
    session_store = MongoSessions(databases, untold)
    last_seen = RedisLastSeen(adapters.redis, charge_points.copy_last_seen)
    authorization = AuthorizationService(MongoIdTags(databases), session_store, clock)
    charge_point_service = ChargePointService(charge_points, last_seen, outbox, link, clock)
    command_store = MongoCommands(databases, untold)
    keepers = Keepers(
        charge_points=charge_points,
        configuration=ConfigurationService(MongoConfigurations(databases), clock),
    )
    return Services(
        clock=clock,
        keepers=keepers,
        tenants=TenantService(MongoTenants(databases), clock),
        users=UserService(MongoUsers(databases), clock),
        charge_points=charge_point_service,
        authorization=authorization,
        sessions=SessionService(session_store, authorization, clock),
        meter_values=MeterValueService(),
        commands=CommandService(command_store, charge_points, outbox, link, load_catalog(), keepers, clock),
        liveness=LivenessService(charge_points, charge_point_service, last_seen, link, clock),
        batches=MongoBatches(databases, outbox),
        deviations=MongoDeviations(databases),
        outbox=outbox,
        gateway_link=link,
    )


def build_health_checks(settings: Settings, adapters: Adapters) -> HealthChecks:
    """One call per server; it raises Retryable if the server does not answer."""
    return {
        "mongodb": adapters.databases.ping,
        "redis": adapters.redis.ping,
        "mqtt": partial(mqtt.ping, settings.mqtt.url),
    }


def build_counts(adapters: Adapters) -> tuple[Callable[[str], int], Callable[[str], int]]:
    """Charge points online and tasks waiting, each by tenant. Both raise Retryable."""
    return partial(count_online, adapters.redis), partial(queue_length, adapters.redis)


def wait_for_stores(settings: Settings, adapters: Adapters, timeout_s: float = 60.0) -> None:
    """Return when MongoDB and Redis answer. Raises Retryable when they still do not after `timeout_s`.

    Processes of one machine start together, in any order; MQTT is waited for where it is used.
    """
    checks = build_health_checks(settings, adapters)
    for name in ("mongodb", "redis"):
        _wait_for(name, checks[name], time.monotonic() + timeout_s)


def _wait_for(name: str, check: Callable[[], None], deadline: float) -> None:
    told = False
    while True:
        try:
            check()
            return
        except Retryable as failure:
            if time.monotonic() > deadline:
                raise
            if not told:
                log.info("waiting_for_server", server=name, reason=failure.message[:200])
                told = True
            time.sleep(0.2)
