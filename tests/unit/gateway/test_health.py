"""Whether charge points should be sent to this gateway."""

import json
from typing import Any, NoReturn

import pytest

from gateway.health import GatewayHealth

FACTS = {"gateway_id": "gw-1", "connected": 3, "bypassed_tenants": 0}


def well() -> None:
    pass


def ill() -> NoReturn:
    raise ConnectionError("refused")


async def told(checks: Any, hindrance: str | None, path: str) -> tuple[int, dict[str, Any]]:
    answer = await GatewayHealth(checks, lambda: dict(FACTS), lambda: hindrance).answer(path)
    assert answer.headers.get_all("Content-Type") == ["application/json"]
    return answer.status_code, json.loads(answer.body or b"")


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
@pytest.mark.parametrize(
    ("checks", "hindrance", "status", "word"),
    [
        ({"mongodb": well, "redis": well}, None, 200, "ok"),
        ({"mongodb": ill, "redis": well}, None, 200, "degraded"),
        ({"mongodb": well, "redis": ill}, None, 200, "degraded"),
        ({"mongodb": ill}, "draining", 503, "draining"),
        ({"mongodb": well}, "full", 503, "full"),
    ],
)
@pytest.mark.asyncio
async def test_only_its_own_state_keeps_charge_points_away(
    path: str, checks: Any, hindrance: str | None, status: int, word: str
) -> None:
    answers = {name: "ok" if check is well else "failed" for name, check in checks.items()}
    expected = {"status": word, "checks": answers} | FACTS
    assert await told(checks, hindrance, path) == (status, expected)


@pytest.mark.asyncio
async def test_a_gateway_that_drains_lives() -> None:
    assert await told({"mongodb": ill}, "draining", "/health/live") == (200, {"status": "ok"} | FACTS)
