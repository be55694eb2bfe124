"""The way to the gateways."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from app.domain.context import ChargePointRef


@dataclass(frozen=True, slots=True)
class CommandDelivery:
    """A command on its way to the gateway that holds the connection of `epoch`."""

    charge_point: ChargePointRef
    epoch: int
    command_id: str
    action: str
    payload: dict[str, Any]
    expires_at: datetime
    timeout_s: float


class GatewayLink(Protocol):
    """To the gateways. Raises Retryable when it cannot be reached."""

    def deliver(self, gateway_id: str, delivery: CommandDelivery) -> None: ...

    def close_replaced(self, gateway_id: str, ref: ChargePointRef, epoch: int) -> None:
        """Ask for the end of this charge point's connections older than `epoch`."""
        ...

    def live_gateways(self) -> frozenset[str]:
        """Gateway processes that gave a sign of life lately."""
        ...

    def dead_gateways(self) -> frozenset[str]:
        """Those that stopped giving signs of life and are not forgotten yet."""
        ...

    def forget_gateway(self, gateway_id: str) -> None:
        """Its connections are all closed in the store."""
        ...

    def wake_relay(self, tenant_id: str) -> None:
        """Tell the event relay that the outbox has something; never raises, the relay also polls."""
        ...

    def wake_webhooks(self, tenant_id: str) -> None:
        """Tell the sender of webhooks that there is something to send; never raises, it also polls."""
        ...
