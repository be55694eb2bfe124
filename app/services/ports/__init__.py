"""What the use cases need from the outside, as Protocols. `app.bootstrap` picks the adapters.

Here are those that several nouns share; a store of one noun alone is declared in that noun's file. Every
method of a tenant's store takes the tenant first (or a `ChargePointRef`, which carries it), so that a query
without a tenant cannot be written. Adapters raise `Retryable` when a server fails and nothing else.
"""

from app.services.ports.batches import BatchStore
from app.services.ports.charge_points import ChargePointRepository, LastSeen, OpenedConnection
from app.services.ports.charging import IdTagRepository, SessionRepository
from app.services.ports.clock import Clock
from app.services.ports.commands import Asked, CommandKind, CommandRepository, ProtocolCatalog
from app.services.ports.gateways import CommandDelivery, GatewayLink
from app.services.ports.live import LiveEvent, LiveFeed, TicketStore
from app.services.ports.outbox import Outbox, OutboxEntry
from app.services.ports.pages import Page, PageRequest
from app.services.ports.platform import TenantRepository, UserRepository

__all__ = [
    "Asked",
    "BatchStore",
    "ChargePointRepository",
    "Clock",
    "CommandDelivery",
    "CommandKind",
    "CommandRepository",
    "GatewayLink",
    "IdTagRepository",
    "LastSeen",
    "LiveEvent",
    "LiveFeed",
    "OpenedConnection",
    "Outbox",
    "OutboxEntry",
    "Page",
    "PageRequest",
    "ProtocolCatalog",
    "SessionRepository",
    "TenantRepository",
    "TicketStore",
    "UserRepository",
]
