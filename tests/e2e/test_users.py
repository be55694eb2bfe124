"""People over the real stores: logged in, rotated, logged out at once, locked out."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psutil
import pytest
import pytest_asyncio

from app.bootstrap import build_services
from app.domain.user import Role, User
from app.messaging.live_sessions import LIVE_FOR_S
from app.services import Services
from app.storage.mongo import Databases
from tests.e2e.conftest import PASSWORD, RestClient, TestTenant, make_tenant, own_environment
from tests.e2e.system import RunningSystem

pytestmark = pytest.mark.e2e
AUTH = "/api/v1/auth"


@pytest.fixture(scope="module")
def tenant(system: RunningSystem, services: Services) -> TestTenant:
    """Nobody here charges, so one mode is enough."""
    return make_tenant(system, services, "bypass")


@pytest.fixture
def ann(services: Services, tenant: TestTenant) -> User:
    """Whom no other test knows."""
    return services.users.create(f"ann-{uuid.uuid4().hex[:8]}@x.example", PASSWORD, Role.OPERATOR, tenant.id)


@pytest_asyncio.fixture
async def web(system: RunningSystem) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=system.rest_url, timeout=40) as client:
        yield client


async def log_in(web: httpx.AsyncClient, user: User, password: str = PASSWORD) -> httpx.Response:
    return await web.post(f"{AUTH}/login", json={"email": user.email, "password": password})


async def tokens_of(web: httpx.AsyncClient, user: User) -> dict[str, Any]:
    answer = await log_in(web, user)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def refresh(web: httpx.AsyncClient, tokens: dict[str, Any]) -> httpx.Response:
    return await web.post(f"{AUTH}/refresh", json={"refresh_token": tokens["refresh_token"]})


async def may_read(web: httpx.AsyncClient, tokens: dict[str, Any]) -> bool:
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    status = (await web.get("/api/v1/chargepoints", headers=headers)).status_code
    assert status in (200, 401)
    return status == 200


async def test_refresh_tokens_are_used_once(web: httpx.AsyncClient, ann: User, databases: Databases) -> None:
    first = await tokens_of(web, ann)
    second = (await refresh(web, first)).json()
    assert await may_read(web, second)
    databases.platform["login_sessions"].update_one(  # a minute passes
        {"user_id": ann.id}, [{"$set": {"rotated_at": {"$subtract": ["$rotated_at", 60_000]}}}]
    )
    assert (await refresh(web, first)).status_code == 401
    assert (await refresh(web, second)).status_code == 401
    assert not await may_read(web, second)


async def test_many_tabs_that_refresh_at_once_all_stay_logged_in(web: httpx.AsyncClient, ann: User) -> None:
    first = await tokens_of(web, ann)
    answers = await asyncio.gather(*(refresh(web, first) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert all([await may_read(web, answer.json()) for answer in answers])
    assert (await refresh(web, answers[0].json())).status_code == 200


async def test_logging_out_counts_at_once_for_this_session_alone(web: httpx.AsyncClient, ann: User) -> None:
    phone, laptop = await tokens_of(web, ann), await tokens_of(web, ann)
    assert await may_read(web, phone)
    headers = {"Authorization": f"Bearer {phone['access_token']}"}
    assert (await web.post(f"{AUTH}/logout", headers=headers)).json() == {"ended": 1}
    assert not await may_read(web, phone)
    assert (await refresh(web, phone)).status_code == 401
    assert await may_read(web, laptop)


async def test_who_is_disabled_is_outside_at_once(
    system: RunningSystem, tenant: TestTenant, web: httpx.AsyncClient, ann: User
) -> None:
    tokens = await tokens_of(web, ann)
    assert await may_read(web, tokens)
    admin = RestClient(system, f"tenant_admin@{tenant.id}.example")
    await admin.login()
    assert (await admin.send("PATCH", f"/users/{ann.id}", {"disabled": True}, 200))["disabled"] is True
    assert not await may_read(web, tokens)
    assert (await refresh(web, tokens)).status_code == 401
    assert (await log_in(web, ann)).status_code == 401
    await admin.send("PATCH", f"/users/{ann.id}", {"disabled": False}, 200)
    assert (await log_in(web, ann)).status_code == 200
    await admin.close()


async def test_five_wrong_passwords_lock_until_an_administrator_forgives(
    system: RunningSystem, tenant: TestTenant, web: httpx.AsyncClient, ann: User
) -> None:
    wrong = [await log_in(web, ann, "not it at all") for _ in range(5)]
    locked = await log_in(web, ann)
    assert {answer.status_code for answer in (*wrong, locked)} == {401}
    assert len({answer.json()["detail"] for answer in (*wrong, locked)}) == 1
    admin = RestClient(system, f"tenant_admin@{tenant.id}.example")
    await admin.login()
    async with httpx.AsyncClient(base_url=system.rest_url, headers=admin.headers) as rest:
        assert (await rest.post(f"/api/v1/users/{ann.id}/unlock")).status_code == 204
    assert (await log_in(web, ann)).status_code == 200
    await admin.close()


@pytest.fixture(scope="module")
def fragile(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[RunningSystem]:
    """A system whose Redis may be stopped."""
    directory = tmp_path_factory.mktemp("fragile-people")
    with RunningSystem(directory, ("servers", "web"), **own_environment(worker_id, 2)) as running:
        yield running


@contextmanager
def without_redis(system: RunningSystem) -> Iterator[None]:
    """It hangs, which is worse than being gone."""
    servers = psutil.Process(system.processes.pids["servers"]).children(recursive=True)
    redis = next((child for child in servers if "valkey" in child.name()), None)
    if redis is None:
        pytest.skip("the Redis of this run is not ours to stop")
    redis.suspend()
    try:
        yield
    finally:
        redis.resume()


async def test_without_redis_people_log_in_and_are_logged_out_at_once(fragile: RunningSystem) -> None:
    services = build_services(fragile.settings)
    services.tenants.prepare_stores()
    services.tenants.create("acme", "Acme", ["ACME-"], {})
    ann = services.users.create("ann@acme.example", PASSWORD, Role.OPERATOR, "acme")
    async with httpx.AsyncClient(base_url=fragile.rest_url, timeout=40) as web:
        phone = await tokens_of(web, ann)
        assert await may_read(web, phone)
        with without_redis(fragile):
            laptop = await tokens_of(web, ann)
            following = (await refresh(web, laptop)).json()
            assert await may_read(web, following)
            headers = {"Authorization": f"Bearer {phone['access_token']}"}
            assert (await web.post(f"{AUTH}/logout", headers=headers)).status_code == 200
            assert not await may_read(web, phone)
            for _ in range(5):
                assert (await log_in(web, ann, "not it at all")).status_code == 401
            assert (await log_in(web, ann)).status_code == 401
        async with asyncio.timeout(LIVE_FOR_S + 5):  # what Redis was told last, it forgets
            while await may_read(web, phone):  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        assert await may_read(web, following)
