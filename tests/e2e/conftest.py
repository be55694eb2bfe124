"""What end-to-end tests need beside the running system: tenants, REST and MQTT."""

import os
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from app.domain.user import Role
from app.services import Services
from bench.charge_point import SimulatedChargePoint
from tests.e2e.mqtt_listener import MqttListener
from tests.e2e.system import RunningSystem

PASSWORD = "a long enough password"


@dataclass(frozen=True)
class TestTenant:
    """A tenant of the tests. Its charge points' identities start with `prefix`; `id_tag` is a good one."""

    __test__ = False

    id: str
    prefix: str
    id_tag: str
    mode: str

    def identity(self) -> str:
        """An identity that no other test has."""
        return f"{self.prefix}{uuid.uuid4().hex[:8]}"


SYSTEMS_PER_WORKER = 3


def own_environment(worker_id: str, system: int) -> dict[str, str]:
    """Systems that share a real Redis get a database each; `system` is 0, 1 or 2 within a test process.

    The first one is left to the contract tests: a running system's relay would take what they wait for.
    """
    url = os.environ.get("REDIS_URL")
    worker = int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 0
    database = 1 + worker * SYSTEMS_PER_WORKER + system
    return {"REDIS_URL": f"{url.rsplit('/', 1)[0]}/{database}"} if url else {}


def make_tenant(system: RunningSystem, services: Services, mode: str, **configuration: Any) -> TestTenant:
    """A tenant of its own, with one good id tag and a user per role, known to the gateway."""
    name = f"{mode}-{uuid.uuid4().hex[:8]}"
    tenant = TestTenant(name, f"{name}-CP-", "GOOD-TAG", mode)
    settings = {
        "queue_enabled": mode == "queue",
        "unknown_charge_points": "accept",
        "allow_concurrent_transactions": True,
        "ping_interval_s": 2,  # so that a test can tell who is pinged
        "ocpp_rate_limit": 1_000_000,  # tests write faster than charge points; those of limits set their own
    }
    wanted = settings | configuration
    refuses = wanted["unknown_charge_points"] == "refuse"
    at_first = {"unknown_charge_points": "accept"} if refuses else {}
    services.tenants.create(name, name, [tenant.prefix], wanted | at_first)
    services.id_tags.put(name, tenant.id_tag)
    for role in (Role.TENANT_ADMIN, Role.OPERATOR, Role.VIEWER):
        services.users.create(f"{role}@{name}.example", PASSWORD, role, name)
    system.wait_for_tenant(tenant.prefix)
    if refuses:  # only now: then the gateway answers as if there were no such tenant
        services.tenants.configure(name, {"unknown_charge_points": "refuse"})
        system.wait_for_tenant(tenant.prefix, answered=False)
    return tenant


@pytest_asyncio.fixture
async def mqtt(system: RunningSystem, tenant: TestTenant) -> AsyncIterator[MqttListener]:
    """Hears all that the tenant's integrators may hear."""
    filters = [f"ocpp/{branch}/{tenant.id}/#" for branch in ("events", "status", "responses")]
    async with MqttListener(system.settings.mqtt.url, f"test-{uuid.uuid4().hex[:8]}", *filters) as listener:
        yield listener


class RestClient:
    """The REST interface as a user of one role sees it."""

    def __init__(self, system: RunningSystem, email: str) -> None:
        self._client = httpx.AsyncClient(base_url=system.rest_url, timeout=40)
        self._email = email

    @property
    def headers(self) -> dict[str, str]:
        """What shows who asks, for a client of one's own."""
        return {"Authorization": self._client.headers["Authorization"]}

    async def login(self) -> None:
        """Get a token and use it from now on."""
        body = {"email": self._email, "password": PASSWORD}
        answer = await self._client.post("/api/v1/auth/login", json=body)
        assert answer.status_code == 200, answer.text
        self._client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    async def get(self, path: str, *, expect: int = 200, **params: Any) -> Any:
        """The body of an answer with this status."""
        answer = await self._client.get(f"/api/v1{path}", params=params)
        assert answer.status_code == expect, answer.text
        return answer.json()

    async def send(self, method: str, path: str, body: Any, *statuses: int) -> Any:
        """The body of an answer with one of these statuses."""
        answer = await self._client.request(method, f"/api/v1{path}", json=body)
        assert answer.status_code in statuses, f"{answer.status_code} {answer.text}"
        return answer.json()

    async def send_file(
        self,
        path: str,
        content: bytes,
        *,
        content_type: str = "application/octet-stream",
        expect: int = 201,
        **params: str,
    ) -> Any:
        """The body of an answer with this status to a file that is sent as it is."""
        headers = {"Content-Type": content_type}
        answer = await self._client.post(f"/api/v1{path}", content=content, params=params, headers=headers)
        assert answer.status_code == expect, answer.text
        return answer.json()

    async def delete(self, path: str) -> None:
        """Must be answered 204."""
        answer = await self._client.delete(f"/api/v1{path}")
        assert answer.status_code == 204, answer.text

    async def read_file(self, path: str) -> bytes:
        """A download."""
        answer = await self._client.get(f"/api/v1{path}")
        assert answer.status_code == 200, answer.text
        return answer.content

    async def close(self) -> None:
        """Release the connections."""
        await self._client.aclose()


@pytest_asyncio.fixture
async def rest(system: RunningSystem, tenant: TestTenant) -> AsyncIterator[RestClient]:
    """As the tenant's operator."""
    client = RestClient(system, f"operator@{tenant.id}.example")
    await client.login()
    yield client
    await client.close()


@pytest_asyncio.fixture
async def charge_point(system: RunningSystem, tenant: TestTenant) -> AsyncIterator[SimulatedChargePoint]:
    """Connected, booted, and its connectors are available."""
    async with SimulatedChargePoint(system.ws_url, tenant.identity()) as connected:
        await connected.announce()
        yield connected


@pytest.fixture
def private_directory(tmp_path: Path) -> Path:
    """For a system that a test breaks."""
    return tmp_path / "system"
