"""Tenants in the running system: changes apply everywhere within two seconds, and who goes is gone."""

import asyncio
import json
import re
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from websockets.exceptions import InvalidStatus

from app.domain.user import Role
from app.services import Services
from app.storage.mongo import Databases
from bench.charge_point import SimulatedChargePoint
from tests.e2e.conftest import PASSWORD, RestClient, TestTenant, make_tenant
from tests.e2e.mqtt_listener import Heard, MqttListener
from tests.e2e.system import RunningSystem

pytestmark = pytest.mark.e2e
LIVE_S = 2.0
TRIGGER = {"command_type": "trigger_message", "parameters": {"requested_message": "Heartbeat"}}
RESET = {"command_type": "reset", "parameters": {"type": "Soft"}}


@pytest.fixture(params=["queue", "bypass"])
def tenant(request: pytest.FixtureRequest, system: RunningSystem, services: Services) -> TestTenant:
    """One for each test: it is suspended and deleted here."""
    return make_tenant(system, services, request.param)


@pytest_asyncio.fixture
async def platform(system: RunningSystem, services: Services) -> AsyncIterator[RestClient]:
    """As a platform admin."""
    email = f"platform-{uuid.uuid4().hex[:8]}@platform.example"
    services.users.create(email, PASSWORD, Role.PLATFORM_ADMIN, None)
    client = RestClient(system, email)
    await client.login()
    yield client
    await client.close()


async def until(check: Any, within_s: float = LIVE_S) -> None:
    """Until `check` (async) is true."""
    ends_at = time.monotonic() + within_s
    while not await check():
        assert time.monotonic() < ends_at, f"not within {within_s} s"
        await asyncio.sleep(0.05)


async def test_an_interval_applies_to_the_next_boot_within_two_seconds(
    system: RunningSystem, tenant: TestTenant, platform: RestClient
) -> None:
    async with SimulatedChargePoint(system.ws_url, tenant.identity()) as charge_point:
        assert (await charge_point.boot()).interval == 300
        await platform.send("PUT", f"/tenants/{tenant.id}/config", {"heartbeat_interval": 77}, 200)

        async def told() -> bool:
            return bool((await charge_point.boot()).interval == 77)

        await until(told)


async def test_a_brand_is_served_within_two_seconds_to_anybody(
    system: RunningSystem, tenant: TestTenant, platform: RestClient
) -> None:
    await platform.send("PUT", f"/tenants/{tenant.id}/config", {"brand": {"name": "Live"}}, 200)
    async with httpx.AsyncClient(base_url=system.rest_url) as anybody:

        async def shown() -> bool:
            answer = await anybody.get("/api/v1/brand", params={"tenant": tenant.id})
            return bool(answer.json()["name"] == "Live")

        await until(shown)


async def test_a_suspension_closes_sockets_and_doors_and_a_resumption_opens_them(
    system: RunningSystem, tenant: TestTenant, platform: RestClient, rest: RestClient, mqtt: MqttListener
) -> None:
    identity = tenant.identity()
    async with SimulatedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot()
        connection = charge_point.connection
        assert connection is not None
        await platform.send("POST", f"/tenants/{tenant.id}/suspend", None, 200)
        everybody_knows_at = time.monotonic() + LIVE_S
        async with asyncio.timeout(LIVE_S):
            await connection.wait_closed()
        assert connection.close_code == 1008
    with pytest.raises(InvalidStatus) as refused:
        async with SimulatedChargePoint(system.ws_url, identity):
            pass
    assert refused.value.response.status_code == 404
    assert (await rest.get("/chargepoints", expect=403))["code"] == "tenant_suspended"
    async with httpx.AsyncClient(base_url=system.rest_url) as people:
        body = {"email": f"operator@{tenant.id}.example", "password": PASSWORD}
        login = await people.post("/api/v1/auth/login", json=body)
        assert (login.status_code, login.json()["code"]) == (403, "tenant_suspended")
    await asyncio.sleep(max(0.0, everybody_knows_at - time.monotonic()))
    mqtt.publish(f"ocpp/commands/{tenant.id}/{identity}", {**RESET, "command_id": "while-suspended"})
    told = await mqtt.wait_for(lambda heard: heard.body.get("command_id") == "while-suspended")
    assert told.body["error"]["code"] == "tenant_suspended"
    await platform.send("POST", f"/tenants/{tenant.id}/resume", None, 200)

    async def is_back() -> bool:
        try:
            async with SimulatedChargePoint(system.ws_url, identity) as charge_point:
                await charge_point.boot()
                return True
        except InvalidStatus:
            return False

    await until(is_back)
    assert (await rest.get("/chargepoints", expect=401))["code"] == "not_authenticated"
    await rest.login()
    assert await rest.get("/chargepoints")


async def test_a_feature_that_is_switched_off_is_refused_by_rest_and_by_mqtt(
    system: RunningSystem, tenant: TestTenant, platform: RestClient, rest: RestClient, mqtt: MqttListener
) -> None:
    identity = tenant.identity()
    async with SimulatedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot()
        off = {"features": {"remote_trigger": False}}
        await platform.send("PUT", f"/tenants/{tenant.id}/config", off, 200)
        refused = await rest.send("POST", f"/chargepoints/{identity}/commands", TRIGGER, 403)
        assert (refused["code"], refused["feature"]) == ("feature_disabled", "remote_trigger")

        async def refused_by_mqtt() -> bool:
            command_id = uuid.uuid4().hex
            mqtt.publish(f"ocpp/commands/{tenant.id}/{identity}", {**TRIGGER, "command_id": command_id})
            told = await mqtt.wait_for(lambda heard: heard.body.get("command_id") == command_id)
            error = told.body["error"] or {}
            return (error.get("code"), error.get("feature")) == ("feature_disabled", "remote_trigger")

        await until(refused_by_mqtt, 5)
        assert (await charge_point.boot()).status == "Accepted", "what it says itself is taken"


async def test_the_first_admin_of_a_new_tenant_works_at_once_and_raises_no_limit(
    system: RunningSystem, platform: RestClient
) -> None:
    name = f"new-{uuid.uuid4().hex[:8]}"
    email = f"boss@{name}.example"
    body = {"id": name, "name": name, "admin": {"email": email, "password": PASSWORD}}
    await platform.send("POST", "/tenants", body | {"configuration": {"max_charge_points": 1}}, 201)
    await platform.send("POST", "/tenants", body, 409)
    admin = RestClient(system, email)
    await admin.login()
    await admin.send("POST", "/chargepoints", {"id": "CP-1"}, 201)
    full = await admin.send("POST", "/chargepoints", {"id": "CP-2"}, 403)
    assert full["code"] == "quota_exceeded"
    refused = await admin.send("PUT", f"/tenants/{name}/config", {"max_charge_points": 2}, 403)
    assert (refused["code"], list(refused["errors"])) == ("platform_setting", ["max_charge_points"])
    lines = (await admin.read_file(f"/tenants/{name}/export")).splitlines()
    records = [json.loads(line) for line in lines]
    assert {record["kind"] for record in records} >= {"tenant", "users", "charge_points"}
    assert b"argon2" not in b"".join(lines)
    await admin.close()


async def test_a_storm_of_unknown_charge_points_fills_the_quota_exactly(
    system: RunningSystem, tenant: TestTenant, platform: RestClient, rest: RestClient
) -> None:
    await platform.send("PUT", f"/tenants/{tenant.id}/config", {"max_charge_points": 5}, 200)
    await asyncio.sleep(LIVE_S)

    async def connect() -> bool:
        try:
            async with SimulatedChargePoint(system.ws_url, tenant.identity()):
                return True
        except InvalidStatus as refused:
            return refused.response.status_code != 403

    assert sum(await asyncio.gather(*(connect() for _ in range(20)))) == 5
    assert len((await rest.get("/chargepoints"))["items"]) == 5


async def test_a_deleted_tenant_is_gone_with_all_that_is_its_own(
    system: RunningSystem, tenant: TestTenant, platform: RestClient, mqtt: MqttListener, databases: Databases
) -> None:
    identity = tenant.identity()
    topic = f"ocpp/status/{tenant.id}/{identity}"
    async with SimulatedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot()
        await charge_point.status(1, "Available")
        await mqtt.wait_for(lambda heard: heard.topic == topic)
        shown = await platform.send("DELETE", f"/tenants/{tenant.id}?grace_days=0", None, 202)
        assert shown["status"] == "deleting"
        assert charge_point.connection is not None
        async with asyncio.timeout(LIVE_S):
            await charge_point.connection.wait_closed()

    async def is_gone() -> bool:
        listed = await platform.get("/tenants", status="deleting", limit=200)
        return tenant.id not in [one["id"] for one in listed["items"]]

    await until(is_gone, 40)
    await platform.get(f"/tenants/{tenant.id}", expect=404)
    assert f"ocpp_{tenant.id}" not in databases.client.list_database_names()
    assert databases.platform["users"].count_documents({"tenant_id": tenant.id}) == 0

    def is_status(heard: Heard) -> bool:
        return heard.topic == topic

    async with MqttListener(system.settings.mqtt.url, f"late-{uuid.uuid4().hex[:8]}", topic) as late:
        await asyncio.sleep(0.5)
        assert [heard for heard in late.heard if is_status(heard)] == []


async def test_a_pool_of_its_own_serves_a_tenant(
    system: RunningSystem, services: Services, platform: RestClient
) -> None:
    """Until its own workers are there the gateway handles its calls."""
    pooled = make_tenant(system, services, "queue")
    if "pools" not in system.processes.pids:
        system.start("pools")
    await platform.send("PUT", f"/tenants/{pooled.id}/config", {"worker_pool_size": 1}, 200)

    async def is_served_by_its_own() -> bool:
        gateway = system.log("gateway")
        by_whom = re.findall(rf"(queue_bypassed|queue_in_use_again) .*tenant_id={pooled.id}", gateway)
        is_there = re.search(rf"{pooled.id}-1@\S+ ready", system.log("pools"))
        return bool(is_there and by_whom[-1:] != ["queue_bypassed"])

    async with SimulatedChargePoint(system.ws_url, pooled.identity()) as charge_point:
        assert (await charge_point.boot()).status == "Accepted"
        await until(is_served_by_its_own, 30)
        for _ in range(5):
            assert (await charge_point.boot()).status == "Accepted"
