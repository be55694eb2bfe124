"""What the gateway tells Prometheus. No label per charge point."""

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.dispatcher import Dispatcher
from gateway.presence import Presence


class GatewayMetrics(Collector):
    """Read from the gateway's own state when asked."""

    def __init__(self, presence: Presence, dispatcher: Dispatcher) -> None:
        self._presence = presence
        self._dispatcher = dispatcher
        self._registry = CollectorRegistry(auto_describe=True)
        self._registry.register(self)

    def collect(self) -> list[Metric]:
        """The present values."""
        connected = GaugeMetricFamily("ocpp_gateway_connections", "Charge points connected to this gateway.")
        connected.add_metric([], self._presence.count)
        bypassed = GaugeMetricFamily("ocpp_gateway_bypassed_tenants", "Tenants whose queue does not answer.")
        bypassed.add_metric([], len(self._dispatcher.bypassed))
        return [connected, bypassed]

    def render(self) -> str:
        """Text exposition."""
        return generate_latest(self._registry).decode()
