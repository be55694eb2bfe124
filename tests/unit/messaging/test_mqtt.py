"""MQTT by paho: addresses, credentials, and proof of arrival."""

import threading
from typing import Any

import orjson
import paho.mqtt.client as paho
import pytest

from app.domain.errors import Retryable
from app.domain.events import Event, EventChannel
from app.embedded import free_port
from app.messaging import mqtt
from app.messaging.mqtt import MqttPublisher, address_of, build_client, ping
from tests.builders import REF, an_event


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://broker", ("broker", 1883)),
        ("mqtts://broker", ("broker", 8883)),
        ("mqtt://127.0.0.1:11883", ("127.0.0.1", 11883)),
        ("mqtts://user:p%40ss@broker:9999", ("broker", 9999)),
        ("mqtt://[::1]:1884", ("::1", 1884)),
        ("mqtt://", ("127.0.0.1", 1883)),
    ],
)
def test_an_address_is_host_and_port(url: str, address: tuple[str, int]) -> None:
    assert address_of(url) == address


def test_user_and_password_are_decoded() -> None:
    client = build_client("mqtt://us%40er:p%3Ass@broker", "id")
    assert (client.username, client.password) == ("us@er", "p:ss")
    assert build_client("mqtt://broker", "id").username is None


def test_tls_is_used_by_scheme() -> None:
    assert build_client("mqtts://broker", "id")._ssl_context is not None
    assert build_client("mqtt://broker", "id")._ssl_context is None


@pytest.mark.parametrize("persistent", [True, False])
def test_a_session_is_persistent_only_where_wanted(persistent: bool) -> None:
    client = build_client("mqtt://broker", "id", persistent=persistent)
    assert client._clean_session is not persistent


def test_nobody_listening_is_told_as_retryable() -> None:
    with pytest.raises(Retryable, match="MQTT"):
        ping(f"mqtt://127.0.0.1:{free_port()}", timeout_s=1)
    with pytest.raises(Retryable, match="MQTT"):
        MqttPublisher(f"mqtt://127.0.0.1:{free_port()}", "id", ack_timeout_s=1).publish([an_event()])


class FakeInfo:
    """A message on its way; acknowledged when its broker says so."""

    def __init__(self) -> None:
        self.acknowledged = threading.Event()

    def is_published(self) -> bool:
        return self.acknowledged.is_set()

    def wait_for_publish(self, timeout: float) -> None:
        self.acknowledged.wait(min(timeout, 0.01))


class FakeBroker:
    """Stands in for a paho client."""

    def __init__(self, acknowledges: bool = True) -> None:
        self.acknowledges = acknowledges
        self.connected = False
        self.disconnected = 0
        self.published: list[tuple[str, Any, int, bool]] = []

    def is_connected(self) -> bool:
        return self.connected

    def connect(self, *_: Any, **__: Any) -> None:
        self.connected = True

    def loop_start(self) -> None: ...

    def loop_stop(self) -> None: ...

    def disconnect(self) -> None:
        self.connected = False
        self.disconnected += 1

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool) -> FakeInfo:
        self.published.append((topic, orjson.loads(payload), qos, retain))
        info = FakeInfo()
        if self.acknowledges:
            info.acknowledged.set()
        return info


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> FakeBroker:
    broker = FakeBroker()
    monkeypatch.setattr(mqtt, "build_client", lambda *_, **__: broker)
    return broker


def test_events_are_published_in_order_with_qos_1(broker: FakeBroker) -> None:
    status = Event(EventChannel.STATUS, REF, {"event_id": "s"})
    MqttPublisher("mqtt://broker", "id").publish([an_event("a"), status, an_event("b")])
    assert broker.published == [
        ("ocpp/events/acme/CP-1/session", {"event_id": "a", "event_type": "session_started"}, 1, False),
        ("ocpp/status/acme/CP-1", {"event_id": "s"}, 1, True),
        ("ocpp/events/acme/CP-1/session", {"event_id": "b", "event_type": "session_started"}, 1, False),
    ]


def test_a_tenant_may_want_less(broker: FakeBroker) -> None:
    status = Event(EventChannel.STATUS, REF, {"event_id": "s"})
    MqttPublisher("mqtt://broker", "id").publish([status], qos=0, retain_status=False)
    assert broker.published == [("ocpp/status/acme/CP-1", {"event_id": "s"}, 0, False)]


def test_the_connection_is_kept_while_it_works(broker: FakeBroker) -> None:
    publisher = MqttPublisher("mqtt://broker", "id")
    publisher.publish([an_event()])
    publisher.publish([an_event()])
    assert broker.disconnected == 0
    publisher.close()
    publisher.close()
    assert broker.disconnected == 1


def test_without_the_brokers_word_nothing_counts_as_published(broker: FakeBroker) -> None:
    """And the connection is made anew: nobody knows what this one has lost."""
    broker.acknowledges = False
    publisher = MqttPublisher("mqtt://broker", "id", ack_timeout_s=0.05)
    with pytest.raises(Retryable, match="acknowledge"):
        publisher.publish([an_event()])
    assert broker.disconnected == 1
    broker.acknowledges = True
    publisher.publish([an_event()])
    assert len(broker.published) == 2


def test_the_client_of_a_url_is_a_paho_client() -> None:
    assert isinstance(build_client("mqtt://broker", "id"), paho.Client)
