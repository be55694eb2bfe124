"""Whether charge points should be sent to this gateway."""

import json
from typing import Any, NoReturn

import pytest

from gateway.health import GatewayReports

FACTS = {"gateway_id": "gw-1", "connected": 3, "bypassed_tenants": 0}


def well() -> None:
    pass


def ill() -> NoReturn:
    raise ConnectionError("refused")


async def told(checks: Any, hindrance: str | None, path: str) -> tuple[int, dict[str, Any]]:
    reports = GatewayReports(checks, lambda: dict(FACTS), lambda: hindrance, lambda: "metrics")
    answer = await reports.answer(path, with_metrics=False)
    assert answer is not None
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


@pytest.mark.asyncio
async def test_metrics_are_told_where_they_may_be_and_other_paths_nowhere() -> None:
    reports = GatewayReports({}, dict, lambda: None, lambda: "metrics")
    told_there = await reports.answer("/metrics", with_metrics=True)
    assert told_there is not None
    assert told_there.body == b"metrics\n"
    assert await reports.answer("/metrics", with_metrics=False) is None
    assert await reports.answer("/ocpp/CP-1", with_metrics=True) is None
