"""What a newcomer does: start everything, charge, end it, start it again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from bench.processes import program_path
from bench.system import free_ports
from tests.e2e.conftest import own_environment

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
ROOT = Path(__file__).resolve().parents[2]
PORTS = (
    "EMBEDDED_MONGODB_PORT",
    "EMBEDDED_REDIS_PORT",
    "EMBEDDED_MQTT_PORT",
    "GATEWAY_PORT",
    "WEB_PORT",
    "FLOWER_PORT",
)


@pytest.fixture
def environment(tmp_path: Path, worker_id: str) -> dict[str, str]:
    """As `make run` sees it, with free ports and a directory of its own."""
    ports = {name: str(port) for name, port in zip(PORTS, free_ports(len(PORTS)), strict=True)}
    return {
        **os.environ,
        **own_environment(worker_id, 2),
        **ports,
        "PATH": program_path(sys.executable),
        "VAR_DIR": str(tmp_path / "var"),
    }


@contextmanager
def everything(environment: dict[str, str], log: Path) -> Iterator[dict[str, Any]]:
    """`honcho start` until the block is printed; then Ctrl-C, after which nothing may be left."""
    demo = Path(environment["VAR_DIR"]) / "demo.json"
    demo.unlink(missing_ok=True)
    with log.open("ab") as output:
        honcho = subprocess.Popen(
            ["honcho", "start"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    family: list[psutil.Process] = []
    try:
        _wait_for(demo, honcho, log)
        family = psutil.Process(honcho.pid).children(recursive=True)
        yield json.loads(demo.read_text())
    finally:
        honcho.send_signal(signal.SIGINT)
        honcho.wait(30)
        _, alive = psutil.wait_procs(family, timeout=5)
        for process in alive:
            process.kill()
    assert alive == []


def _wait_for(demo: Path, honcho: "subprocess.Popen[bytes]", log: Path) -> None:
    ends_at = time.monotonic() + 120
    while not (demo.exists() and "OCPP Server is ready" in log.read_text(errors="replace")):
        assert honcho.poll() is None, log.read_text(errors="replace")[-3000:]
        assert time.monotonic() < ends_at, log.read_text(errors="replace")[-3000:]
        time.sleep(0.2)


def test_run_demo_and_run_again(environment: dict[str, str], tmp_path: Path) -> None:
    log = tmp_path / "honcho.log"
    with everything(environment, log) as demo:
        assert {
            "ws_url",
            "rest_url",
            "docs_url",
            "flower_url",
            "mqtt_url",
            "tenant_id",
            "users",
        } <= demo.keys()
        assert set(demo["users"]) == {"platform_admin", "tenant_admin", "operator", "viewer"}
        assert httpx.get(demo["docs_url"], follow_redirects=True).status_code == 200
        admin = demo["users"]["platform_admin"]
        login = (admin["email"], admin["password"])
        assert httpx.get(demo["flower_url"]).status_code == 401
        assert httpx.get(demo["flower_url"], auth=login, follow_redirects=True).status_code == 200
        for user in demo["users"].values():
            assert user["password"] not in log.read_text() or user == demo["users"]["operator"]
        charged = subprocess.run(
            [sys.executable, "-m", "bench.demo", "--charge-points", "2"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert charged.returncode == 0, charged.stdout + charged.stderr
        before = _sessions(demo)
        assert len(before) == 2
    with everything(environment, log) as demo:
        assert _sessions(demo) == before


def _sessions(demo: dict[str, Any]) -> list[dict[str, Any]]:
    operator = demo["users"]["operator"]
    with httpx.Client(base_url=demo["rest_url"], timeout=30) as client:
        token = client.post("/api/v1/auth/login", json=operator).json()["access_token"]
        answer = client.get("/api/v1/sessions", headers={"Authorization": f"Bearer {token}"})
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "-m", "gateway"],
        [sys.executable, "-m", "workers.events"],
        [sys.executable, "-m", "workers.mqtt_commands"],
        ["celery", "-A", "workers.main", "worker", "-P", "threads", "-Q", "sweeps,calls"],
        ["celery", "-A", "beat.main", "beat"],
        [sys.executable, "-m", "app.cli", "check-settings"],
        ["gunicorn", "-c", "python:app.api.gunicorn", "app.api.wsgi:app"],
    ],
    ids=lambda command: " ".join(command[:4]).replace(sys.executable, "python"),
)
def test_wrong_settings_are_all_named_and_end_the_start(
    command: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    """Production refuses to start without addresses and secrets; exit code 2."""
    wrong = {name: value for name, value in environment.items() if name not in ("MONGODB_URI", "MQTT_URL")}
    wrong |= {"APP_ENV": "production", "GATEWAY_PORT": "none", "REDIS_URL": "http://nowhere"}
    ended = subprocess.run(
        command, cwd=ROOT, env=wrong, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 2, ended.stderr
    for name in ("GATEWAY_PORT", "REDIS_URL", "MONGODB_URI", "MQTT_URL", "JWT_SECRET_KEY"):
        assert name in ended.stderr
