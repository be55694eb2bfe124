"""The embedded servers: they keep their data, end with their parent, and say what is wrong."""

import os
import queue
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest
from pymongo import MongoClient
from redis import Redis

from app.domain.events import Event, EventChannel
from app.embedded import EmbeddedServerError, EmbeddedServers, free_port
from app.messaging import mqtt
from app.messaging.mqtt import MqttPublisher
from tests.builders import REF

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[EmbeddedServers]:
    with EmbeddedServers.in_directory(tmp_path, mongodb_port=free_port(), redis_port=free_port()) as started:
        yield started


@pytest.fixture
def mongo(servers: EmbeddedServers) -> Iterator[MongoClient[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](servers.mongodb_uri, serverSelectionTimeoutMS=5_000) as client:
        yield client


def environment(tmp_path: Path, **ports: int) -> dict[str, str]:
    """Of a `python -m app.embedded` that starts only the servers whose port is given."""
    addresses = {"MONGODB": "MONGODB_URI", "REDIS": "REDIS_URL", "MQTT": "MQTT_URL"}
    schemes = {"MONGODB": "mongodb", "REDIS": "redis", "MQTT": "mqtt"}
    kept = {name: value for name, value in os.environ.items() if name not in addresses.values()}
    kept["VAR_DIR"] = str(tmp_path)
    for name, variable in addresses.items():
        if name.lower() in ports:
            kept[f"EMBEDDED_{name}_PORT"] = str(ports[name.lower()])
        else:
            kept[variable] = f"{schemes[name]}://127.0.0.1:1"
    return kept


def run_program(env: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "app.embedded"],
        env=env,
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until_closed(port: int) -> None:
    deadline_at = time.monotonic() + 5
    while listens(port):
        assert time.monotonic() < deadline_at, "the server outlives its parent"
        time.sleep(0.05)


def test_mongodb_keeps_acknowledged_writes_through_kill_and_restart(
    servers: EmbeddedServers, mongo: MongoClient[dict[str, Any]]
) -> None:
    for number in range(50):
        mongo.shop.items.insert_one({"_id": number})
    servers.mongodb.kill()  # at once: nothing had time to reach the disk by itself
    servers.mongodb.restart()
    assert mongo.shop.items.count_documents({}) == 50
    servers.mongodb.restart()
    assert mongo.shop.items.count_documents({}) == 50


def test_mongodb_keeps_acknowledged_transactions_through_kill(
    servers: EmbeddedServers, mongo: MongoClient[dict[str, Any]]
) -> None:
    for number in range(20):
        with mongo.start_session() as session, session.start_transaction():
            mongo.shop.items.insert_one({"_id": number}, session=session)
            mongo.shop.outbox.insert_one({"_id": number}, session=session)
    servers.mongodb.kill()
    servers.mongodb.restart()
    assert mongo.shop.items.count_documents({}) == mongo.shop.outbox.count_documents({}) == 20


def test_redis_keeps_its_data_through_kill_and_restart(servers: EmbeddedServers) -> None:
    with Redis.from_url(servers.redis_url) as client:
        client.rpush("queue", *range(100))
        servers.redis.kill()
        servers.redis.restart()
        assert client.llen("queue") == 100
        servers.redis.restart()
        assert client.llen("queue") == 100
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_a_stopped_server_is_gone_and_can_be_stopped_again(tmp_path: Path) -> None:
    port = free_port()
    with EmbeddedServers.in_directory(tmp_path, mqtt_port=port) as servers:
        assert listens(port)
        servers.stop()
        assert not listens(port)
    assert not servers.running


def test_a_taken_port_is_named_with_the_variable_that_changes_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        port = taken.getsockname()[1]
        process = run_program(environment(tmp_path, redis=port))
        output, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert f"port {port}" in output
    assert "EMBEDDED_REDIS_PORT" in output


def test_sigterm_ends_the_servers_cleanly(tmp_path: Path) -> None:
    ports = {"mongodb": free_port(), "redis": free_port(), "mqtt": free_port()}
    process = run_program(environment(tmp_path, **ports))
    assert "ready" in first_line(process)
    process.terminate()
    output, _ = process.communicate(timeout=10)
    assert (process.returncode, output) == (0, "")
    assert not any(listens(port) for port in ports.values())


def test_the_servers_end_with_a_killed_parent(tmp_path: Path) -> None:
    port = free_port()
    process = run_program(environment(tmp_path, redis=port))
    assert "ready" in first_line(process)
    process.kill()
    process.communicate(timeout=10)
    wait_until_closed(port)


def test_the_program_ends_when_a_server_dies(tmp_path: Path) -> None:
    port = free_port()
    process = run_program(environment(tmp_path, redis=port))
    assert "ready" in first_line(process)
    with Redis(port=port) as client:
        os.kill(client.info()["process_id"], signal.SIGKILL)
    output, _ = process.communicate(timeout=10)
    assert process.returncode == 1
    assert "Redis ended with code -9" in output


def test_nothing_is_started_where_the_environment_names_everything(tmp_path: Path) -> None:
    process = run_program(environment(tmp_path))
    assert "no embedded servers" in first_line(process)
    process.terminate()
    process.communicate(timeout=10)
    assert process.returncode == 0


def test_a_server_that_cannot_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    manifest = tmp_path / "redis/appendonlydir/appendonly.aof.manifest"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("garbage\n")
    servers = EmbeddedServers.in_directory(tmp_path, redis_port=free_port())
    with pytest.raises(EmbeddedServerError, match="Invalid AOF manifest"):
        servers.start()
    assert not servers.running


def test_mqtt_does_not_remember_everything_that_it_has_passed_on(tmp_path: Path) -> None:
    """A gigabyte for each subscription, its default, looks like a leak. Who reads misses nothing."""
    told = [Event(EventChannel.METER_VALUE, REF, {"number": n, "text": "x" * 100_000}) for n in range(50)]
    heard: queue.Queue[int] = queue.Queue()
    with EmbeddedServers.in_directory(tmp_path, mqtt_port=free_port()) as servers:
        subscriber = mqtt.build_client(servers.mqtt_url, "reader")
        subscriber.on_subscribe = lambda *_: heard.put(-1)
        subscriber.on_message = lambda _c, _u, message: heard.put(orjson.loads(message.payload)["number"])
        mqtt.connect(subscriber, servers.mqtt_url)
        subscriber.subscribe("ocpp/events/#", qos=1)
        subscriber.loop_start()
        assert heard.get(timeout=5) == -1
        publisher = MqttPublisher(servers.mqtt_url, "publisher")
        for _ in range(60):  # 300 MB
            publisher.publish(told)
            assert [heard.get(timeout=5) for _ in told] == list(range(len(told)))
        kept_mb = psutil.Process(servers.mqtt.pid).memory_info().rss / 1e6
        publisher.close()
        subscriber.disconnect()
        subscriber.loop_stop()
    assert kept_mb < 200
