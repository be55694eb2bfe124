"""Retained statuses: forgotten with their tenant."""

from typing import Any

import pytest

from app.domain.errors import Retryable
from app.embedded import free_port
from app.messaging import mqtt
from app.messaging.retained import RetainedStatuses


class FakeInfo:
    """A message on its way."""

    def __init__(self, arrives: bool) -> None:
        self._arrives = arrives

    def wait_for_publish(self, timeout: float) -> None: ...

    def is_published(self) -> bool:
        return self._arrives


class FakeBroker:
    """Stands in for a paho client."""

    def __init__(self) -> None:
        self.acknowledges = True
        self.published: list[tuple[Any, ...]] = []

    def connect(self, *_: Any, **__: Any) -> None: ...

    def loop_start(self) -> None: ...

    def loop_stop(self) -> None: ...

    def disconnect(self) -> None: ...

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool) -> FakeInfo:
        self.published.append((topic, payload, qos, retain))
        return FakeInfo(self.acknowledges)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> FakeBroker:
    broker = FakeBroker()
    monkeypatch.setattr(mqtt, "build_client", lambda *_, **__: broker)
    return broker


def test_an_empty_message_takes_the_place_of_each(broker: FakeBroker) -> None:
    RetainedStatuses("mqtt://broker", lambda tenant_id: ["CP-1", "A/B"]).remove_all("acme")
    assert broker.published == [
        ("ocpp/status/acme/CP-1", b"", 1, True),
        ("ocpp/status/acme/A%2FB", b"", 1, True),
    ]


def test_without_the_brokers_word_they_count_as_kept(broker: FakeBroker) -> None:
    broker.acknowledges = False
    with pytest.raises(Retryable, match="acknowledge"):
        RetainedStatuses("mqtt://broker", lambda tenant_id: ["CP-1"]).remove_all("acme")


def test_a_tenant_without_charge_points_needs_no_broker() -> None:
    nobody = f"mqtt://127.0.0.1:{free_port()}"
    RetainedStatuses(nobody, lambda tenant_id: []).remove_all("acme")
    with pytest.raises(Retryable, match="MQTT"):
        RetainedStatuses(nobody, lambda tenant_id: ["CP-1"]).remove_all("acme")
