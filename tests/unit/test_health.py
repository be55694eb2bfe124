"""How a process without a port of its own says how it is."""

import threading
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, NoReturn

import httpx
import pytest

from app.health import SILENT_S, Health, HealthMonitor, HealthServer, Pulse, Role


class Ticks:
    """Seconds that pass as the test says."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def well() -> None:
    pass


def ill() -> NoReturn:
    raise ConnectionError("10.0.0.7 refuses")


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def pulse(ticks: Ticks) -> Pulse:
    return Pulse(ticks)


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.STARTING, 503),
        (Role.ACTIVE, 200),
        (Role.STANDBY, 200),
        (Role.WAITING, 503),
        (Role.DRAINING, 503),
    ],
)
def test_who_works_or_would_at_once_is_ready(pulse: Pulse, role: Role, status: int) -> None:
    """A relay that stands by because another one holds the lease is told from one that works."""
    pulse.beat(role)
    health = Health(pulse, {})
    assert health.ready() == ({"status": "ok", "checks": {}, "role": role.value}, status)
    assert health.live() == ({"status": "ok", "checks": {}, "role": role.value}, 200)


def test_a_main_loop_that_hangs_shows(pulse: Pulse, ticks: Ticks) -> None:
    health = Health(pulse, {})
    pulse.beat(Role.ACTIVE)
    ticks.now = SILENT_S
    assert health.live()[1] == 200
    ticks.now += 1
    assert health.live() == ({"status": "stuck", "role": "active", "checks": {}}, 503)
    assert health.ready()[1] == 503
    pulse.beat(Role.ACTIVE)
    assert health.ready()[1] == 200


@pytest.mark.parametrize(
    ("checks", "status"),
    [
        ({"mongodb": well, "redis": ill}, 200),
        ({"mongodb": ill, "redis": well}, 503),
        ({"mongodb": well, "queue": ill}, 503),
    ],
)
def test_without_what_it_needs_it_is_not_ready_and_lives(pulse: Pulse, checks: Any, status: int) -> None:
    pulse.beat(Role.ACTIVE)
    health = Health(pulse, checks, frozenset({"mongodb", "queue"}))
    body, told = health.ready()
    assert (told, body["status"]) == (status, "degraded")
    assert body["checks"] == {name: "ok" if check is well else "failed" for name, check in checks.items()}
    assert health.live()[1] == 200


def test_who_drains_does_not_become_ready_again(pulse: Pulse) -> None:
    pulse.beat(Role.DRAINING)
    pulse.beat(Role.ACTIVE)
    assert pulse.role is Role.DRAINING


def test_a_hanging_check_fails_and_is_not_started_twice() -> None:
    started, release = [], threading.Event()

    def hang() -> None:
        started.append(1)
        release.wait(10)

    monitor = HealthMonitor({"redis": hang}, timeout_s=0.05)
    assert monitor.run() == {"redis": False}
    assert monitor.run() == {"redis": False}
    assert len(started) == 1
    release.set()


@pytest.fixture
def address(pulse: Pulse) -> Iterator[str]:
    server = HealthServer(Health(pulse, {"mongodb": well}), "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_it_is_said_over_http(pulse: Pulse, address: str) -> None:
    assert httpx.get(f"{address}/health/ready").status_code == HTTPStatus.SERVICE_UNAVAILABLE
    pulse.beat(Role.STANDBY)
    told = httpx.get(f"{address}/health/ready?probe=1")
    assert (told.status_code, told.headers["Content-Type"]) == (200, "application/json")
    assert told.json() == {"status": "ok", "checks": {"mongodb": "ok"}, "role": "standby"}
    assert httpx.get(f"{address}/health").json() == told.json()
    assert httpx.get(f"{address}/health/live").status_code == 200
    assert httpx.get(f"{address}/nothing").status_code == 404


def test_what_a_process_counts_is_beside_its_health(pulse: Pulse, address: str) -> None:
    pulse.beat(Role.STANDBY)
    told = httpx.get(f"{address}/metrics").text
    assert 'ocpp_process_role{role="standby"} 1.0' in told
    assert 'ocpp_process_role{role="active"} 0.0' in told
    assert "process_resident_memory_bytes" in told
