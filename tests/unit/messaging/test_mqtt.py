"""MQTT: addresses, credentials, and proof of arrival."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import paho.mqtt.client as paho
import pytest

from app.domain.errors import Retryable
from app.domain.events import Event, EventChannel
from app.embedded import free_port
from app.messaging.mqtt import MqttPublisher, address_of, build_client, ping
from tests.builders import REF, an_event
from tests.fakes.mqtt_broker import FakeBroker, Published


def eventually(holds: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < ends_at
        time.sleep(0.005)


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


@pytest.fixture
def broker() -> Iterator[FakeBroker]:
    with FakeBroker().running() as broker:
        yield broker


@pytest.fixture
def publisher(broker: FakeBroker) -> Iterator[MqttPublisher]:
    publisher = MqttPublisher(broker.url, "id", ack_timeout_s=0.2)
    yield publisher
    publisher.close()


def test_events_are_published_in_order_with_qos_1(broker: FakeBroker, publisher: MqttPublisher) -> None:
    status = Event(EventChannel.STATUS, REF, {"event_id": "s"})
    publisher.publish([an_event("a"), status, an_event("b")])
    assert broker.published == [
        Published("ocpp/events/acme/CP-1/session", an_event("a").body, 1, retain=False),
        Published("ocpp/status/acme/CP-1", {"event_id": "s"}, 1, retain=True),
        Published("ocpp/events/acme/CP-1/session", an_event("b").body, 1, retain=False),
    ]


def test_a_tenant_may_want_less(broker: FakeBroker, publisher: MqttPublisher) -> None:
    status = Event(EventChannel.STATUS, REF, {"event_id": "s"})
    publisher.publish([status], qos=0, retain_status=False)
    assert broker.published == [Published("ocpp/status/acme/CP-1", {"event_id": "s"}, 0, retain=False)]


@pytest.mark.parametrize("size", [1, 50, 127, 128, 16_383, 16_384, 2_097_152])
def test_a_message_may_be_of_any_size(broker: FakeBroker, size: int) -> None:
    """Its length is told in one to four bytes."""
    told = Event(EventChannel.METER_VALUE, REF, {"text": "x" * size})
    publisher = MqttPublisher(broker.url, "id")
    publisher.publish([told])
    publisher.close()
    assert [one.body for one in broker.published] == [told.body]


def test_more_than_may_be_on_their_way_at_once_are_all_published_in_order(
    broker: FakeBroker, publisher: MqttPublisher
) -> None:
    told = [an_event(str(number)) for number in range(1_234)]
    publisher.publish(told)
    assert [one.body for one in broker.published] == [event.body for event in told]


def test_the_connection_is_kept_while_it_works(broker: FakeBroker, publisher: MqttPublisher) -> None:
    publisher.publish([an_event()])
    publisher.publish([an_event()])
    assert (len(broker.connects), broker.disconnects) == (1, 0)
    publisher.close()
    publisher.close()
    eventually(lambda: broker.disconnects == 1)


def test_it_says_who_it_is(broker: FakeBroker, publisher: MqttPublisher) -> None:
    publisher.publish([])
    (said,) = broker.connects
    assert said.endswith(b"\0\x02id\0\x05us@er\0\x04p:ss")


def test_a_connection_that_is_refused_is_told_at_once(broker: FakeBroker, publisher: MqttPublisher) -> None:
    broker.connect_code = 5
    with pytest.raises(Retryable, match="refused"):
        publisher.publish([an_event()])


def test_a_broker_that_accepts_nobody_is_not_waited_for(broker: FakeBroker, publisher: MqttPublisher) -> None:
    broker.connect_code = None
    with pytest.raises(Retryable, match="in time"):
        publisher.publish([an_event()])
    broker.connect_code = 0
    publisher.publish([an_event()])


def test_without_the_brokers_word_nothing_counts_as_published(
    broker: FakeBroker, publisher: MqttPublisher
) -> None:
    """And the connection is made anew: nobody knows what this one has lost."""
    acknowledge = broker.answers
    broker.answers = lambda packet_id: b"" if packet_id == 2 else acknowledge(packet_id)
    with pytest.raises(Retryable, match="MQTT: TimeoutError"):
        publisher.publish([an_event("a"), an_event("b"), an_event("c")])
    broker.answers = acknowledge
    publisher.publish([an_event("d")])
    assert [one.body["event_id"] for one in broker.published] == ["a", "b", "c", "d"]
    assert len(broker.connects) == 2


def test_acknowledgements_may_come_in_pieces_and_in_any_order(
    broker: FakeBroker, publisher: MqttPublisher
) -> None:
    told: list[int] = []

    def tell_late(packet_id: int) -> bytes:
        """Half of a PUBACK more with each message, backwards at the end."""
        told.append(packet_id)
        if packet_id < 3:
            return b""
        return b"".join(b"\x40\x02\0" + bytes([known]) for known in reversed(told))[:-1]

    broker.answers = tell_late
    with ThreadPoolExecutor() as pool:
        published = pool.submit(publisher.publish, [an_event(), an_event(), an_event()])
        eventually(lambda: len(told) == 3)
        assert not published.done()
        broker.say(b"\x01")
        published.result(5)


@pytest.mark.parametrize("said", [b"\x50\x02\0\x01", b"\x30\x04\0\x01xy"])
def test_what_is_no_acknowledgement_ends_the_connection(
    broker: FakeBroker, publisher: MqttPublisher, said: bytes
) -> None:
    broker.answers = lambda _: said
    with pytest.raises(Retryable, match="PUBACK"):
        publisher.publish([an_event()])


def test_events_without_acknowledgement_are_sent_when_the_broker_answers_a_ping(
    broker: FakeBroker, publisher: MqttPublisher
) -> None:
    """So that of QoS 0, too, none is written to a connection that nobody reads any more."""
    broker.pong = b""
    with pytest.raises(Retryable, match="TimeoutError"):
        publisher.publish([an_event()], qos=0)


def test_a_lost_connection_is_noticed_and_made_anew(broker: FakeBroker, publisher: MqttPublisher) -> None:
    publisher.publish([an_event("a")])
    broker.drop()
    with pytest.raises(Retryable, match="MQTT"):
        publisher.publish([an_event("b")])
    publisher.publish([an_event("b")])
    assert [one.body["event_id"] for one in broker.published] == ["a", "b"]


def test_while_there_is_nothing_to_publish_the_broker_hears_a_ping_now_and_then(
    broker: FakeBroker, publisher: MqttPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.keep_alive()
    assert broker.connects == []
    publisher.publish([an_event()])
    publisher.keep_alive()
    assert broker.pings == 0
    monkeypatch.setattr(publisher, "_ping_at", 0.0)
    publisher.keep_alive()
    publisher.keep_alive()
    assert broker.pings == 1


def test_a_broker_that_says_nothing_any_more_is_left(
    broker: FakeBroker, publisher: MqttPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.publish([an_event()])
    monkeypatch.setattr(publisher, "_ping_at", 0.0)
    broker.pong = b""
    with pytest.raises(Retryable, match="TimeoutError"):
        publisher.keep_alive()
    publisher.keep_alive()
    publisher.publish([an_event()])
    assert len(broker.connects) == 2


def test_the_client_of_a_url_is_a_paho_client() -> None:
    assert isinstance(build_client("mqtt://broker", "id"), paho.Client)
