"""The stores of docker-compose.yml: their accounts may do what the server needs, and nothing else."""

import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import paho.mqtt.client as paho
import pytest
import redis
from paho.mqtt.enums import CallbackAPIVersion

from app.bootstrap import build_services
from bench.charge_point import SimulatedChargePoint
from bench.system import free_ports
from tests.certificates import Authority, rsa_key
from tests.compose_stores import COMPOSE, PASSWORD, ComposeRedis
from tests.e2e.conftest import RestClient, make_tenant
from tests.e2e.system import ALL, RunningSystem
from tests.mosquitto import SECRET, RealMosquitto, needs_mosquitto

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def compose_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeRedis]:
    server = ComposeRedis(tmp_path_factory.mktemp("redis"))
    server.start()
    try:
        yield server
    finally:
        server.stop()


# --- Redis --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("login", ["", "ocpp:wrong@", ":wrong@", f":{PASSWORD}@"])
def test_redis_answers_nobody_without_the_account(compose_redis: ComposeRedis, login: str) -> None:
    url = f"redis://{login}127.0.0.1:{compose_redis.port}/0"
    with pytest.raises((redis.AuthenticationError, redis.ResponseError)):
        compose_redis.client(url).ping()


@pytest.mark.parametrize(
    "command",
    [
        ("CONFIG", "GET", "*"),
        ("FLUSHALL",),
        ("FLUSHDB",),
        ("KEYS", "*"),
        ("ACL", "LIST"),
        ("SHUTDOWN",),
        ("REPLICAOF", "NO", "ONE"),
        ("SAVE",),
        ("SET", "somebody-elses", "1"),
        ("PUBLISH", "somebody-elses", "1"),
    ],
    ids=" ".join,
)
def test_the_account_does_not_govern_redis(compose_redis: ComposeRedis, command: tuple[str, ...]) -> None:
    with pytest.raises(redis.exceptions.NoPermissionError):
        compose_redis.client().execute_command(*command)  # type: ignore[no-untyped-call]


async def test_the_account_suffices_for_the_whole_system(tmp_path: Path) -> None:
    """Queue, commands, sweeps, limits, Flower: nothing that is asked of Redis is denied."""
    (flower_port,) = free_ports(1)
    server = ComposeRedis(tmp_path)
    server.start()
    more = {"REDIS_URL": server.url, "FLOWER_PORT": str(flower_port), "FLOWER_BASIC_AUTH": "ops:pw"}
    try:
        with RunningSystem(tmp_path, (*ALL, "pools", "flower"), **more) as system:
            services = build_services(system.settings)
            services.tenants.prepare_stores()
            tenant = make_tenant(system, services, "queue")
            identity = tenant.identity()
            async with SimulatedChargePoint(system.ws_url, identity) as charge_point:
                await charge_point.boot()
                await charge_point.heartbeat()
                rest = RestClient(system, f"operator@{tenant.id}.example")
                await rest.login()
                body = {"command_type": "reset", "parameters": {"type": "Soft"}}
                path = f"/chargepoints/{identity}/commands?wait=20"
                command = await rest.send("POST", path, body, 200, 202)
                assert command["status"] == "accepted"
                await rest.close()
                async with httpx.AsyncClient(timeout=20, auth=("ops", "pw")) as client:
                    health = await client.get(f"{system.gateway_url}/health")
                    assert health.json()["bypassed_tenants"] == 0
                    flower = f"http://127.0.0.1:{flower_port}/api/workers?refresh=1"
                    ends_at = time.monotonic() + 30
                    while "worker@" not in (await client.get(flower)).text:
                        assert time.monotonic() < ends_at, system.log("flower")
            denied = server.client().info("stats")
        assert {name: denied[f"acl_access_denied_{name}"] for name in ("auth", "cmd", "key", "channel")} == {
            "auth": 0,
            "cmd": 0,
            "key": 0,
            "channel": 0,
        }
    finally:
        server.stop()


# --- Mosquitto ----------------------------------------------------------------------------------------


class ComposeMosquitto(RealMosquitto):
    """With the file's own configuration."""

    def configuration(self, plugin: Path) -> str:
        """Its text, with places of this machine."""
        text: str = COMPOSE["configs"]["mosquitto"]["content"]
        places = {
            "listener 1883": f"listener {self.port} 127.0.0.1",
            "listener 8883": f"listener {self.tenants_port} 127.0.0.1",
            "/usr/lib/mosquitto_dynamic_security.so": str(plugin),
            "/mosquitto/data/": f"{self.folder}/",
            "/tls/": f"{self.folder}/",
        }
        for there, here in places.items():
            assert there in text
            text = text.replace(there, here)
        return f"{text}user root\n"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("Compose Root")


@pytest.fixture(scope="module")
def mosquitto(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeMosquitto]:
    folder = tmp_path_factory.mktemp("mosquitto")
    server = authority.server(rsa_key())
    (folder / "server.pem").write_bytes(server.pem)
    (folder / "server.key").write_bytes(server.key_pem)
    broker = ComposeMosquitto(folder)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


def answer_of(port: int, password: str, trusting: ssl.SSLContext | None = None) -> str:
    """What a connection as `ocpp` comes to; without a password, of somebody without a name."""
    heard: list[str] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="")
    if password:
        client.username_pw_set("ocpp", password)
    if trusting is not None:
        client.tls_set_context(trusting)
    client.on_connect = lambda *told: heard.append(str(told[3]))
    try:
        client.connect("127.0.0.1", port)
        while not heard and client.loop(timeout=1.0) == paho.MQTT_ERR_SUCCESS:
            pass
    except OSError as failure:
        return type(failure).__name__
    finally:
        client.disconnect()
    return heard[0] if heard else "closed"


@needs_mosquitto
def test_mosquitto_knows_its_accounts_and_nobody_else(mosquitto: ComposeMosquitto) -> None:
    assert answer_of(mosquitto.port, SECRET) == "Success"
    assert answer_of(mosquitto.port, "wrong") == "Not authorized"
    assert answer_of(mosquitto.port, "") == "Not authorized"


@needs_mosquitto
def test_tenants_programs_come_with_tls_or_not_at_all(
    mosquitto: ComposeMosquitto, authority: Authority
) -> None:
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.load_verify_locations(cadata=authority.pem.decode())
    assert answer_of(mosquitto.tenants_port, SECRET, trusting) == "Success"
    assert answer_of(mosquitto.tenants_port, "", trusting) == "Not authorized"
    assert answer_of(mosquitto.tenants_port, SECRET) == "closed"
