"""What the gateway tells Prometheus."""

from collections import Counter
from types import SimpleNamespace
from typing import Any

from gateway.measures import Measures
from gateway.metrics import GatewayMetrics


def test_connections_and_bypassed_tenants_are_counted() -> None:
    presence: Any = SimpleNamespace(count=3, opened=Counter(again=2))
    paces: Any = SimpleNamespace(counts={("acme", "charge_point", "delayed"): 7})
    dispatcher: Any = SimpleNamespace(
        bypassed=["acme", "beta"], measures=Measures(), under_way=2, waiting=6, oldest_ms=None
    )
    admission: Any = SimpleNamespace(in_progress=5, refused={"overload": 9})
    text = GatewayMetrics(presence, dispatcher, paces, admission).render()
    assert "ocpp_gateway_connections 3.0" in text
    assert "ocpp_gateway_bypassed_tenants 2.0" in text
    assert 'ocpp_rate_limited_total{limit="charge_point",outcome="delayed",tenant="acme"} 7.0' in text
    assert "ocpp_gateway_handshakes_in_progress 5.0" in text
    assert 'ocpp_gateway_handshakes_put_off_total{reason="overload"} 9.0' in text
    assert 'ocpp_gateway_connections_opened_total{kind="again"} 2.0' in text
    assert "ocpp_gateway_batches_under_way 2.0" in text
    assert "ocpp_gateway_calls_waiting 6.0" in text
    assert "ocpp_gateway_oldest_call_seconds 0.0" in text
    presence.count = 4
    assert "ocpp_gateway_connections 4.0" in GatewayMetrics(presence, dispatcher, paces, admission).render()
