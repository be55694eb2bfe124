"""Flower as it is started: over HTTPS where it has a certificate, and never without a login."""

import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bench.processes import ProcessGroup, program_path, read_procfile
from bench.system import free_ports
from tests.certificates import Authority, rsa_key

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[2]
LOGIN = ("ops", "correct horse battery")
FOR_LOGGED_IN = ["/", "/workers", "/tasks", "/broker", "/api/workers"]


@pytest.fixture(scope="module")
def flower(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Alone: it shows its pages without a broker, too."""
    folder = tmp_path_factory.mktemp("flower")
    authority = Authority("Flower Root")
    authority.server(rsa_key()).write(folder / "flower.pem")
    (folder / "login").write_text(":".join(LOGIN))
    port, nobody = free_ports(2)
    environment = {
        **os.environ,
        "PATH": program_path(sys.executable),
        "APP_ENV": "test",
        "VAR_DIR": str(folder),
        "REDIS_URL": f"redis://127.0.0.1:{nobody}/0",
        "FLOWER_PORT": str(port),
        "FLOWER_BASIC_AUTH_FILE": str(folder / "login"),
        "FLOWER_TLS_CERTIFICATE": str(folder / "flower.pem"),
        "FLOWER_TLS_KEY": str(folder / "flower.pem"),
    }
    environment.pop("FLOWER_BASIC_AUTH", None)
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.load_verify_locations(cadata=authority.pem.decode())
    processes = ProcessGroup(ROOT, environment, folder / "logs")
    processes.start("flower", read_procfile(ROOT / "Procfile")["flower"])
    try:
        with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=trusting, timeout=30) as client:
            _wait_for(client)
            yield client
    finally:
        processes.stop()


def _wait_for(client: httpx.Client) -> None:
    ends_at = time.monotonic() + 60
    while True:
        try:
            client.get("/healthcheck")
        except httpx.ConnectError:
            assert time.monotonic() < ends_at
            time.sleep(0.2)
        else:
            return


@pytest.mark.parametrize("path", FOR_LOGGED_IN)
def test_nothing_is_shown_without_a_login(flower: httpx.Client, path: str) -> None:
    assert flower.get(path).status_code == 401
    assert flower.get(path, auth=("ops", "wrong")).status_code == 401


@pytest.mark.parametrize("path", ["/", "/workers", "/tasks"])
def test_who_logs_in_sees_the_workers(flower: httpx.Client, path: str) -> None:
    assert flower.get(path, auth=LOGIN, follow_redirects=True).status_code == 200


def test_it_does_not_start_in_production_without_a_login(tmp_path: Path) -> None:
    production = {
        "PATH": program_path(sys.executable),
        "APP_ENV": "production",
        "VAR_DIR": str(tmp_path),
        "JWT_SECRET_KEY": "x" * 32,
        "MONGODB_URI": "mongodb://127.0.0.1:1",
        "REDIS_URL": "redis://127.0.0.1:1",
        "MQTT_URL": "mqtt://127.0.0.1:1",
    }
    command = [sys.executable, "-m", "workers.flower"]
    ended = subprocess.run(command, cwd=ROOT, env=production, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert "FLOWER_BASIC_AUTH" in ended.stderr
