"""Which subprotocol a connection speaks, and what its charge point cannot stand (A6, A7, G1, G5, G30)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from websockets.asyncio.server import ServerConnection
from websockets.extensions.permessage_deflate import enable_server_permessage_deflate
from websockets.typing import Subprotocol

from app.domain.charge_point import ChargePoint, ChargePointSettings
from app.domain.tenant import Tenant
from app.ocpp.quirks import Quirk

SUBPROTOCOL = "ocpp1.6"
_MEANT = re.compile(r"ocpp[ _-]?1\.?6j?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Choice:
    """What is echoed: one of the offers to the letter, or nothing where nothing was offered."""

    echoed: str | None
    deviations: tuple[Quirk, ...] = ()


def choose(headers: Sequence[str], tenant: Tenant, known: ChargePoint | None) -> Choice | None:
    """The choice among the offers; None if OCPP 1.6 is not among them (A6).

    No offer at all, and offers that only look like ours, are forgiven where the tenant's or the charge
    point's `accept_missing_subprotocol` says so and the charge point is not strict (G1).
    """
    offered = [name.strip() for value in headers for name in value.split(",") if name.strip()]
    if SUBPROTOCOL in offered:
        return Choice(SUBPROTOCOL)
    settings = known.settings if known is not None else ChargePointSettings()
    forgives = settings.accept_missing_subprotocol or tenant.configuration.accept_missing_subprotocol
    if settings.strict or not forgives:
        return None
    meant = next((name for name in offered if _MEANT.fullmatch(name)), None)
    if offered and meant is None:
        return None
    return Choice(meant, (Quirk.MISSING_SUBPROTOCOL,))


def echo_nothing(connection: ServerConnection) -> None:
    """Let the upgrade happen without a subprotocol."""
    connection.protocol.available_subprotocols = None


def apply(connection: ServerConnection, choice: Choice, settings: ChargePointSettings) -> None:
    """Set up a connection before its upgrade as its charge point's settings say."""
    connection.protocol.available_subprotocols = [Subprotocol(choice.echoed)] if choice.echoed else None
    if settings.compression:  # else deflated frames are an error (1002), as nothing was negotiated (G30)
        connection.protocol.available_extensions = enable_server_permessage_deflate(None)
