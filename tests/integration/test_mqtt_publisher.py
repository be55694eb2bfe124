"""The publisher of events at real brokers: the embedded one, and an encrypted Mosquitto."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.domain.errors import Retryable
from app.embedded import EmbeddedServers, free_port
from app.messaging import mqtt
from app.messaging.mqtt import MqttPublisher
from bench.system import free_ports
from tests.builders import an_event
from tests.certificates import Authority, ec_key
from tests.e2e.mqtt_listener import MqttListener

pytestmark = pytest.mark.integration
MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
MANY = 2_500


@dataclass(frozen=True)
class Broker:
    """Where events go in, and where they come out."""

    url: str
    listened_at: str


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Broker]:
    with EmbeddedServers.in_directory(tmp_path, mqtt_port=free_port()) as servers:
        yield Broker(servers.mqtt_url, servers.mqtt_url)


@pytest.fixture
def encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    if MOSQUITTO is None:
        pytest.skip("needs Mosquitto (Debian: mosquitto)")
    authority, shown, plain, tls = Authority("Root"), tmp_path / "shown.pem", *free_ports(2)
    authority.server(ec_key()).write(shown)
    (tmp_path / "root.pem").write_bytes(authority.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "root.pem"))
    conf = tmp_path / "mosquitto.conf"
    conf.write_text(
        f"user root\nallow_anonymous true\nmax_queued_messages 0\nlistener {plain} 127.0.0.1\n"
        f"listener {tls} 127.0.0.1\ncertfile {shown}\nkeyfile {shown}\n"
    )
    process = subprocess.Popen([MOSQUITTO, "-c", str(conf)], stderr=subprocess.DEVNULL)
    try:
        broker = Broker(f"mqtts://127.0.0.1:{tls}", f"mqtt://127.0.0.1:{plain}")
        wait_until_up(broker.listened_at)
        yield broker
    finally:
        process.terminate()
        process.wait(10)


def wait_until_up(url: str) -> None:
    ends_at = time.monotonic() + 10
    while True:
        try:
            return mqtt.ping(url)
        except Retryable:
            assert time.monotonic() < ends_at
            time.sleep(0.05)


@pytest.fixture(params=["embedded", "encrypted"])
def broker(request: pytest.FixtureRequest) -> Broker:
    found: Broker = request.getfixturevalue(request.param)
    return found


async def test_thousands_arrive_in_order_and_a_quiet_connection_stays(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = [an_event(f"{number:06d}") for number in range(MANY)]
    publisher = MqttPublisher(broker.url, "publisher")
    async with MqttListener(broker.listened_at, "listener", "ocpp/#") as listener:
        publisher.publish(told[:-2])
        monkeypatch.setattr(publisher, "_ping_at", 0.0)
        publisher.keep_alive()
        await listener.wait_for_count(lambda message: not message.retained, MANY - 2, timeout_s=30)
        publisher.publish(told[-2:-1], qos=0)  # which overtakes what a broker still has to deliver with proof
        publisher.publish(told[-1:])
        heard = await listener.wait_for_count(lambda message: not message.retained, MANY, timeout_s=30)
    publisher.close()
    assert [message.body for message in heard] == [event.body for event in told]


def test_a_certificate_that_nobody_vouches_for_is_refused(
    encrypted: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(Retryable, match="CERTIFICATE_VERIFY_FAILED"):
        MqttPublisher(encrypted.url, "publisher").publish([an_event()])
