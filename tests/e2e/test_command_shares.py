"""Two processes share the commands of a real Mosquitto; one dies while they flow, and none is lost."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import paho.mqtt.client as paho
import pytest

from app.bootstrap import build_adapters, build_services, wait_for_stores
from app.messaging import mqtt
from app.messaging.mosquitto import Mosquitto
from tests.e2e.conftest import own_environment
from tests.e2e.system import RunningSystem
from tests.mosquitto import RealMosquitto, needs_mosquitto

pytestmark = [pytest.mark.e2e, needs_mosquitto, pytest.mark.timeout(480)]
TENANT = "shares"
COMMANDS = 300
NAMES = ("first", "second")
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


def test_none_is_lost_when_one_of_two_dies(system: RunningSystem) -> None:
    adapters = build_adapters(system.settings)
    wait_for_stores(system.settings, adapters)
    services = build_services(system.settings, adapters)
    services.tenants.prepare_stores()
    tenant = services.tenants.create(TENANT, TENANT)
    services.charge_points.register(tenant, "CP-1")
    for name in NAMES:
        system.processes.start(name, system.commands["commands"])
    until(lambda: all("commands_subscribed" in system.log(name) for name in NAMES), BOTH_HAVE_ONE_WITHIN_S)

    sent = [f"cmd-{number}" for number in range(COMMANDS)]
    with publisher(system.settings.mqtt.url) as client:
        publish(client, sent[:100])
        until(lambda: "command_taken" in system.log("first"), STORED_WITHIN_S)
        publish(client, sent[100:200])  # so that it dies with commands in hand
        os.kill(system.processes.pids["first"], signal.SIGKILL)
        publish(client, sent[200:])

    stored = adapters.databases.collection(TENANT, "commands")
    until(lambda: stored.count_documents({"_id": {"$in": sent}}) == COMMANDS, STORED_WITHIN_S)
    taken = [system.log(name).count("command_taken") for name in NAMES]
    assert taken[0] < COMMANDS / 2 < taken[1], taken
    assert taken[0] > 0
    assert stored.count_documents({}) == COMMANDS


@contextmanager
def publisher(url: str) -> Iterator[paho.Client]:
    client = mqtt.build_client(url, "a-program")
    mqtt.connect(client, url)
    client.loop_start()
    yield client
    client.disconnect()
    client.loop_stop()


def publish(client: paho.Client, command_ids: Sequence[str]) -> None:
    """Return when the broker has them."""
    for command_id in command_ids:
        body = {"command_id": command_id, "command_type": "reset", "parameters": {"type": "Soft"}}
        client.publish(f"ocpp/commands/{TENANT}/CP-1", json.dumps(body), qos=1).wait_for_publish(10)


def until(is_so: Callable[[], bool], within_s: float) -> None:
    ends_at = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < ends_at
        time.sleep(0.1)
