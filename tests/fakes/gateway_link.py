"""A link to gateways that only notes what it was asked to carry."""

from app.domain.context import ChargePointRef
from app.domain.errors import Retryable
from app.services.ports import CommandDelivery


class FakeGatewayLink:
    """`GatewayLink` in memory; set `reachable` to False to lose the broker."""

    def __init__(self) -> None:
        self.reachable = True
        self.delivered: list[tuple[str, CommandDelivery]] = []
        self.closed: list[tuple[str, ChargePointRef, int]] = []
        self.woken: list[str] = []
        self.woken_for_webhooks: list[str] = []
        self.gateways: set[str] = set()
        self.dead: set[str] = set()

    def deliver(self, gateway_id: str, delivery: CommandDelivery) -> None:
        """Note a command on its way."""
        self._check()
        self.delivered.append((gateway_id, delivery))

    def close_replaced(self, gateway_id: str, ref: ChargePointRef, epoch: int) -> None:
        """Note a request to close older connections; like the real one it never raises."""
        self.closed.append((gateway_id, ref, epoch))

    def live_gateways(self) -> frozenset[str]:
        """Whatever the test put into `gateways`."""
        self._check()
        return frozenset(self.gateways)

    def dead_gateways(self) -> frozenset[str]:
        """Whatever the test put into `dead`, until it is forgotten."""
        self._check()
        return frozenset(self.dead)

    def forget_gateway(self, gateway_id: str) -> None:
        """Not known any more."""
        self._check()
        self.dead.discard(gateway_id)

    def wake_relay(self, tenant_id: str) -> None:
        """Never raises."""
        self.woken.append(tenant_id)

    def wake_webhooks(self, tenant_id: str) -> None:
        """Never raises."""
        self.woken_for_webhooks.append(tenant_id)

    def _check(self) -> None:
        if not self.reachable:
            raise Retryable("The broker cannot be reached.")
