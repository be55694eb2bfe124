"""Two processes share the commands of a real Mosquitto; one dies while they flow, and none is lost."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import paho.mqtt.client as paho
import pytest
from pymongo.collection import Collection

from app.bootstrap import build_adapters, build_services, wait_for_stores
from app.messaging import mqtt
from app.messaging.mosquitto import Mosquitto
from app.storage.mongo import Document
from tests.e2e.conftest import own_environment
from tests.e2e.system import RunningSystem
from tests.mosquitto import RealMosquitto, needs_mosquitto

pytestmark = [pytest.mark.e2e, needs_mosquitto, pytest.mark.timeout(480)]
TENANT = "shares"
STORED_WITHIN_S = 60.0
BOTH_HAVE_ONE_WITHIN_S = 330.0  # at once, unless one was up so much earlier that it took both


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealMosquitto]:
    running = RealMosquitto(tmp_path_factory.mktemp("mosquitto"))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def system(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str, broker: RealMosquitto
) -> Iterator[RunningSystem]:
    """The servers alone."""
    url = broker.url("server", "a-server-secret")
    Mosquitto(broker.own_url, url).prepare()
    with RunningSystem(
        tmp_path_factory.mktemp("shares"),
        ("servers",),
        MQTT_ACCESS="mosquitto",
        MQTT_URL=url,
        MQTT_ADMIN_URL=broker.own_url,
        MQTT_COMMAND_SHARES="2",
        **own_environment(worker_id, 2),
    ) as running:
        yield running


@pytest.fixture(scope="module")
def stored(system: RunningSystem) -> Collection[Document]:
    """The commands of a charge point that is not connected."""
    adapters = build_adapters(system.settings)
    wait_for_stores(system.settings, adapters)
    services = build_services(system.settings, adapters)
    services.tenants.prepare_stores()
    services.charge_points.register(services.tenants.create(TENANT, TENANT), "CP-1")
    return adapters.databases.collection(TENANT, "commands")


def test_none_is_lost_when_one_of_two_dies(system: RunningSystem, stored: Collection[Document]) -> None:
    for name in ("first", "second"):
        system.processes.start(name, system.commands["commands"])
    until(lambda: has_a_share(system, "first") and has_a_share(system, "second"), BOTH_HAVE_ONE_WITHIN_S)
    with publisher(system.settings.mqtt.url) as client:
        publish(client, range(100))
        until(lambda: commands_taken(system, "first") > 0)
        publish(client, range(100, 200))  # so that it dies with commands in hand
        os.kill(system.processes.pids["first"], signal.SIGKILL)
        publish(client, range(200, 300))
    until(lambda: stored.count_documents({}) == 300)
    assert commands_taken(system, "first") < 150 < commands_taken(system, "second")


def test_with_fewer_shares_what_waits_in_the_others_is_taken(
    system: RunningSystem, stored: Collection[Document]
) -> None:
    system.processes.stop(["first", "second"])
    with publisher(system.settings.mqtt.url) as client:
        publish(client, range(300, 400))  # dealt out to both shares
        system.processes.start("third", system.commands["commands"], MQTT_COMMAND_SHARES="1")
        until(lambda: stored.count_documents({}) == 400)
        publish(client, range(400, 500))
        until(lambda: stored.count_documents({}) == 500)


def has_a_share(system: RunningSystem, name: str) -> bool:
    return "commands_subscribed" in system.log(name)


def commands_taken(system: RunningSystem, name: str) -> int:
    return system.log(name).count("command_taken")


@contextmanager
def publisher(url: str) -> Iterator[paho.Client]:
    client = mqtt.build_client(url, "a-program")
    mqtt.connect(client, url)
    client.loop_start()
    yield client
    client.disconnect()
    client.loop_stop()


def publish(client: paho.Client, numbers: Iterable[int]) -> None:
    """Return when the broker has them."""
    for number in numbers:
        body = {"command_id": f"cmd-{number}", "command_type": "reset", "parameters": {"type": "Soft"}}
        client.publish(f"ocpp/commands/{TENANT}/CP-1", json.dumps(body), qos=1).wait_for_publish(10)


def until(is_so: Callable[[], bool], within_s: float = STORED_WITHIN_S) -> None:
    ends_at = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < ends_at
        time.sleep(0.1)
