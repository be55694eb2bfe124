"""The central system as its operator uses it: over REST, as a user of the tenant."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from tests.conformance.charge_point import ScriptedChargePoint

WAIT_S = 10


class Operator:
    """REST of one tenant."""

    def __init__(self, rest_url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._client = httpx.AsyncClient(base_url=rest_url, headers=headers, timeout=30, verify=False)

    async def close(self) -> None:
        """Release the connections."""
        await self._client.aclose()

    async def request(self, method: str, path: str, body: Any = None, **query: Any) -> httpx.Response:
        """Whatever the answer is."""
        return await self._client.request(method, f"/api/v1{path}", json=body, params=query)

    async def get(self, path: str, **query: Any) -> Any:
        """The body of a 200."""
        answer = await self.request("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def send(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The body of an answer that is none of failure."""
        answer = await self.request(method, path, body, **query)
        assert answer.is_success, f"{answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def command(
        self,
        charge_point: ScriptedChargePoint,
        command_type: str,
        parameters: dict[str, Any] | None = None,
        *,
        force: bool = False,
    ) -> Any:
        """Send a command and wait until it has ended."""
        body = {"command_type": command_type, "parameters": parameters or {}, "force": force}
        path = f"/chargepoints/{charge_point.identity}/commands"
        ended = await self.send("POST", path, body, wait=WAIT_S)
        assert ended["status"] not in ("queued", "sent"), ended
        return ended

    async def refused(
        self, charge_point: ScriptedChargePoint, command_type: str, parameters: dict[str, Any] | None = None
    ) -> tuple[int, str]:
        """Send a command that is not taken: HTTP status and the problem's code."""
        body = {"command_type": command_type, "parameters": parameters or {}}
        answer = await self.request("POST", f"/chargepoints/{charge_point.identity}/commands", body)
        assert answer.is_client_error, answer.text
        return answer.status_code, answer.json()["code"]

    async def taken(
        self,
        charge_point: ScriptedChargePoint,
        command_type: str,
        parameters: dict[str, Any] | None = None,
    ) -> Any:
        """Send a command and do not wait for its end."""
        body = {"command_type": command_type, "parameters": parameters or {}}
        return await self.send("POST", f"/chargepoints/{charge_point.identity}/commands", body)

    async def ended(self, command_id: str) -> Any:
        """A command, once it has ended."""
        return await self.until(
            lambda: self.get(f"/commands/{command_id}"),
            lambda command: command["status"] not in ("queued", "sent"),
        )

    async def until(self, look: Callable[[], Awaitable[Any]], is_so: Callable[[Any], bool]) -> Any:
        """What `look` shows as soon as `is_so` of it."""
        async with asyncio.timeout(WAIT_S):
            while not is_so(found := await look()):  # noqa: ASYNC110 - over HTTP there is nothing to wait on
                await asyncio.sleep(0.02)
        return found

    async def charge_point(self, charge_point: ScriptedChargePoint) -> Any:
        """A charge point as it is shown."""
        return await self.get(f"/chargepoints/{charge_point.identity}")

    async def connector(self, charge_point: ScriptedChargePoint, connector_id: int) -> Any:
        """A connector as it is shown."""
        shown = await self.charge_point(charge_point)
        return next(c for c in shown["connectors"] if c["id"] == connector_id)

    async def sessions(self, charge_point: ScriptedChargePoint) -> list[Any]:
        """A charge point's sessions, newest first, with their meter values."""
        page = await self.get("/sessions", charge_point_id=charge_point.identity)
        return [await self.get(f"/sessions/{session['id']}") for session in page["items"]]

    async def session(self, charge_point: ScriptedChargePoint, transaction_id: int) -> Any:
        """The session of a transaction."""
        found = await self.sessions(charge_point)
        return next(session for session in found if session["transaction_id"] == transaction_id)

    async def deviations(self, charge_point: ScriptedChargePoint) -> dict[str, int]:
        """How often the charge point broke the standard, by the name of the quirk."""
        shown = await self.get(f"/chargepoints/{charge_point.identity}/deviations")
        counts: dict[str, int] = shown["counts"]
        return counts

    async def configuration(self, charge_point: ScriptedChargePoint) -> dict[str, Any]:
        """What is known of a charge point's configuration: each key as it spells it."""
        shown = await self.get(f"/chargepoints/{charge_point.identity}/configuration")
        return {item["key"]: item for item in shown["keys"]}

    async def security_events(self, charge_point: ScriptedChargePoint) -> list[str]:
        """Types of a charge point's security events, newest first."""
        page = await self.get("/security-events", charge_point_id=charge_point.identity)
        return [event["type"] for event in page["items"]]
