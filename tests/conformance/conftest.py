"""A charge point that follows a script, and the operator of its tenant; every test runs in both modes."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio

from app.domain.context import ChargePointRef
from app.domain.user import Role
from app.services import Services
from tests.conformance.central import Operator
from tests.conformance.charge_point import ScriptedChargePoint
from tests.e2e.conftest import PASSWORD, TestTenant
from tests.e2e.system import RunningSystem


@pytest.fixture(scope="session")
def token(system: RunningSystem, tenant: TestTenant) -> str:
    """Of the tenant's admin."""
    body = {"email": f"{Role.TENANT_ADMIN}@{tenant.id}.example", "password": PASSWORD}
    answer = httpx.post(f"{system.rest_url}/api/v1/auth/login", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


@pytest_asyncio.fixture
async def operator(system: RunningSystem, token: str) -> AsyncIterator[Operator]:
    """Who runs the charge points."""
    operator = Operator(system.rest_url, token)
    yield operator
    await operator.close()


@pytest_asyncio.fixture
async def charge_point(system: RunningSystem, tenant: TestTenant) -> AsyncIterator[ScriptedChargePoint]:
    """Connected, booted and accepted; it has said nothing of its connectors."""
    async with ScriptedChargePoint(system.ws_url, tenant.identity()) as charge_point:
        assert (await charge_point.boot())["status"] == "Accepted"
        yield charge_point


Prepare = Callable[..., str]


@pytest.fixture
def prepare(tenant: TestTenant, services: Services) -> Prepare:
    """`prepare(settings={"strict": True})`: the identity of a new charge point with these fields set."""

    def prepare(**changes: Any) -> str:
        ref = ChargePointRef(tenant.id, tenant.identity())
        services.charge_points.register(services.tenants.get(tenant.id), ref.charge_point_id)
        services.keepers.charge_points.change(ref, changes)
        return ref.charge_point_id

    return prepare


@pytest_asyncio.fixture
async def strict_charge_point(system: RunningSystem, prepare: Prepare) -> AsyncIterator[ScriptedChargePoint]:
    """As `charge_point`, but nothing is forgiven it."""
    async with ScriptedChargePoint(system.ws_url, prepare(settings={"strict": True})) as charge_point:
        await charge_point.boot()
        yield charge_point
