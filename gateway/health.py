"""What the gateway says of itself: whether charge points should be sent here, and what they would find."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import orjson
from websockets.http11 import Response

from app.health import HealthChecks, HealthMonitor, report
from gateway.handshake import respond

_HEALTH = frozenset({"/health", "/health/live", "/health/ready"})
Facts = Callable[[], dict[str, Any]]


class GatewayReports:
    """Health and metrics over HTTP. `why_not` says why nobody new should come, if so.

    A server that is away makes it degraded and not unready: who is connected is served as far as that goes,
    and sending charge points elsewhere would help nobody. What it says is about this process alone.
    """

    def __init__(
        self,
        checks: HealthChecks,
        facts: Facts,
        why_not: Callable[[], str | None],
        metrics: Callable[[], str],
    ) -> None:
        self._monitor = HealthMonitor(checks)
        self._facts = facts
        self._why_not = why_not
        self._metrics = metrics

    async def answer(self, path: str, *, with_metrics: bool) -> Response | None:
        """None if there is no report at this path. Metrics name tenants, so not everybody gets them."""
        if path in _HEALTH:
            return await self._answer_health(path)
        return respond(HTTPStatus.OK, self._metrics()) if path == "/metrics" and with_metrics else None

    async def _answer_health(self, path: str) -> Response:
        if path == "/health/live":
            return _response({"status": "ok"} | self._facts(), HTTPStatus.OK)
        well = await asyncio.get_running_loop().run_in_executor(None, self._monitor.run)
        body, _ = report(well)
        hindrance = self._why_not()
        if hindrance is None:
            return _response(body | self._facts(), HTTPStatus.OK)
        return _response(body | {"status": hindrance} | self._facts(), HTTPStatus.SERVICE_UNAVAILABLE)


def _response(body: dict[str, Any], status: HTTPStatus) -> Response:
    response = respond(status, orjson.dumps(body).decode())
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = "application/json"
    return response
