"""Health over HTTP: which failures matter."""

from typing import NoReturn

import pytest

from app.api import create_app
from app.health import HealthChecks
from app.settings import Settings
from tests.fakes.world import World


def well() -> None:
    pass


def ill() -> NoReturn:
    raise ConnectionError("10.0.0.7 refuses")


@pytest.mark.parametrize(
    ("checks", "status", "word"),
    [
        ({"mongodb": well, "redis": well, "mqtt": well}, 200, "ok"),
        ({"mongodb": well, "redis": ill, "mqtt": ill}, 200, "degraded"),
        ({"mongodb": ill, "redis": well, "mqtt": well}, 503, "degraded"),
        ({}, 200, "ok"),
    ],
)
def test_only_mongodb_is_essential(
    world: World, settings: Settings, checks: HealthChecks, status: int, word: str
) -> None:
    client = create_app(world.services, settings, health_checks=checks).test_client()
    for path in ("/health", "/health/ready"):
        answer = client.get(path)
        assert answer.status_code == status
        told = {name: "ok" if check is well else "failed" for name, check in checks.items()}
        assert answer.get_json() == {"status": word, "checks": told}
    assert client.get("/health/live").get_json() == {"status": "ok", "checks": {}}
