"""What the gateway tells Prometheus. No label per charge point."""

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.admission import Admission
from gateway.dispatcher import Dispatcher
from gateway.pace import Paces
from gateway.presence import Presence


class GatewayMetrics(Collector):
    """Read from the gateway's own state when asked."""

    def __init__(
        self, presence: Presence, dispatcher: Dispatcher, paces: Paces, admission: Admission
    ) -> None:
        self._presence = presence
        self._dispatcher = dispatcher
        self._paces = paces
        self._admission = admission
        self._registry = CollectorRegistry(auto_describe=True)
        self._registry.register(self)

    def collect(self) -> list[Metric]:
        """The present values."""
        connected = GaugeMetricFamily("ocpp_gateway_connections", "Charge points connected to this gateway.")
        connected.add_metric([], self._presence.count)
        bypassed = GaugeMetricFamily("ocpp_gateway_bypassed_tenants", "Tenants whose queue does not answer.")
        bypassed.add_metric([], len(self._dispatcher.bypassed))
        limited = CounterMetricFamily(
            "ocpp_rate_limited_total",
            "Messages handled later, and connections closed, because of a rate limit.",
            labels=["tenant", "limit", "outcome"],
        )
        for labels, count in list(self._paces.counts.items()):
            limited.add_metric(labels, count)
        under_way = GaugeMetricFamily(
            "ocpp_gateway_handshakes_in_progress", "Handshakes that hold a place until they are open."
        )
        under_way.add_metric([], self._admission.in_progress)
        put_off = CounterMetricFamily(
            "ocpp_gateway_handshakes_put_off_total", "Handshakes told to come back later.", labels=["reason"]
        )
        for reason, count in list(self._admission.refused.items()):
            put_off.add_metric([reason], count)
        return [connected, bypassed, limited, under_way, put_off]

    def render(self) -> str:
        """Text exposition."""
        return generate_latest(self._registry).decode()
