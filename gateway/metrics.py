"""What the gateway tells Prometheus. No label per charge point."""

import time
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.metrics import render
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
        return [
            connected,
            bypassed,
            limited,
            under_way,
            put_off,
            *self._counts(),
            *self._credits(),
            *self._times(),
        ]

    def _counts(self) -> list[Metric]:
        counted = self._dispatcher.measures
        messages = CounterMetricFamily(
            "ocpp_gateway_messages_total", "Calls of charge points.", labels=["action", "tier"]
        )
        for (action, tier), count in list(counted.messages.items()):
            messages.add_metric([action, tier], count)
        strays = CounterMetricFamily(
            "ocpp_gateway_stray_frames_total", "Frames that are no call and no answer."
        )
        strays.add_metric([], counted.strays)
        return [
            messages,
            strays,
            _by("ocpp_gateway_call_errors_total", "CALLERRORs that answered calls.", "code", counted.errors),
            _by(
                "ocpp_gateway_commands_total",
                "Commands sent, and how they ended.",
                "outcome",
                counted.commands,
            ),
            _by("ocpp_gateway_connections_opened_total", "Connections.", "kind", self._presence.opened),
        ]

    def _credits(self) -> list[Metric]:
        oldest = self._dispatcher.oldest_ms
        age_s = max(0.0, time.time() - oldest / 1000) if oldest is not None else 0.0
        return [
            GaugeMetricFamily(name, told, value=value)
            for name, told, value in (
                ("ocpp_gateway_batches_under_way", "Batches without an answer.", self._dispatcher.under_way),
                ("ocpp_gateway_calls_waiting", "Calls that wait for a batch.", self._dispatcher.waiting),
                ("ocpp_gateway_oldest_call_seconds", "Age of the oldest unanswered call.", age_s),
            )
        ]

    def _times(self) -> list[Metric]:
        counted = self._dispatcher.measures
        return [
            counted.call_seconds.family("ocpp_gateway_call_seconds", "From frame in to frame out."),
            counted.lane_seconds.family("ocpp_gateway_lane_seconds", "Wait of a batch's oldest call."),
            counted.carried_seconds.family("ocpp_gateway_batch_seconds", "From leaving to its answers."),
            counted.batch_calls.family("ocpp_gateway_batch_calls", "Calls and reports of a batch."),
        ]

    def render(self) -> str:
        """Text exposition."""
        return (generate_latest(self._registry) + render()).decode()


def _by(name: str, documentation: str, label: str, counts: Mapping[str, int]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, documentation, labels=[label])
    for value, count in list(counts.items()):
        family.add_metric([value], count)
    return family
