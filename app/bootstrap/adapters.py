"""The servers behind the services: one client for each, connected when it is first used."""

from dataclasses import dataclass

from app.messaging import redis_client
from app.messaging.gateway_link import RedisGatewayLink
from app.messaging.redis_client import RedisGuard
from app.settings import Settings
from app.storage import commands, mongo, sessions
from app.storage.leases import MongoLeases
from app.storage.messages import MongoMessages
from app.storage.mongo import Databases
from app.storage.outbox import MongoOutbox
from app.storage.untold import Untold


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
