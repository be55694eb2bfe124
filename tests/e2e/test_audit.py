"""Who did what: over REST, MQTT and by itself, and never with a secret."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from app.services import Services
from app.services.ports import PageRequest
from app.storage.mongo import Databases
from bench.charge_point import SimulatedChargePoint
from tests.e2e.conftest import PASSWORD, RestClient, TestTenant
from tests.e2e.mqtt_listener import MqttListener
from tests.e2e.system import RunningSystem

pytestmark = pytest.mark.e2e


@pytest_asyncio.fixture
async def admin(system: RunningSystem, tenant: TestTenant) -> AsyncIterator[RestClient]:
    """The tenant's administrator."""
    client = RestClient(system, f"tenant_admin@{tenant.id}.example")
    await client.login()
    yield client
    await client.close()


async def test_what_an_operator_does_is_on_record_with_its_messages(
    tenant: TestTenant, rest: RestClient, admin: RestClient, charge_point: SimulatedChargePoint
) -> None:
    """The command's id leads from the audit log to the message log, in both directions."""
    identity = charge_point.identity
    sent = await rest.send(
        "POST",
        f"/chargepoints/{identity}/commands?wait=20",
        {"command_type": "reset", "parameters": {"type": "Soft"}},
        200,
        201,
        202,
    )
    (entry,) = (await admin.get("/audit", target=identity, action="commands.send"))["items"]
    assert entry["actor_name"] in (f"operator@{tenant.id}.example", entry["actor_id"])
    assert (entry["tenant_id"], entry["result"]) == (tenant.id, "done")
    assert sent["command_id"] in entry["target"].values()
    (out,) = (await admin.get("/messages", unique_id=sent["command_id"]))["items"]
    assert (out["direction"], out["charge_point_id"]) == ("out", identity)
    assert json.loads(out["request"])[2] == "Reset"
    assert json.loads(out["response"])[0] == 3
    boots = await admin.get("/messages", charge_point_id=identity, direction="in", action="BootNotification")
    assert json.loads(boots["items"][0]["response"])[2]["status"] == "Accepted"


async def test_a_command_over_mqtt_is_on_record(
    system: RunningSystem,
    tenant: TestTenant,
    admin: RestClient,
    charge_point: SimulatedChargePoint,
    mqtt: MqttListener,
) -> None:
    command_id = f"audit-{uuid.uuid4().hex}"
    body = {"command_id": command_id, "command_type": "clear_cache", "parameters": {}}
    mqtt.publish(f"ocpp/commands/{tenant.id}/{charge_point.identity}", body)
    entry = await _eventually(admin, target=command_id)
    assert (entry["actor_kind"], entry["action"], entry["result"]) == ("mqtt", "commands.send", "done")


async def test_a_configuration_is_on_record_before_and_after_and_secrets_are_not(
    tenant: TestTenant, admin: RestClient, databases: Databases, charge_point: SimulatedChargePoint
) -> None:
    key = uuid.uuid4().hex + "01234567"
    password = f"a secret {uuid.uuid4().hex}"
    config = {"boot_retry_interval": 290, "boot_configuration": {"AuthorizationKey": key}}
    await admin.send("PUT", f"/tenants/{tenant.id}/config", config, 200, 422)
    await admin.send("PUT", f"/tenants/{tenant.id}/config", {"boot_retry_interval": 280}, 200)
    path = f"/chargepoints/{charge_point.identity}/security/key"
    await admin.send("POST", path, {"mode": "set", "key": key}, 200, 201, 202, 409)
    new = {"email": f"{uuid.uuid4().hex}@x.example", "password": password, "role": "viewer"}
    await admin.send("POST", "/users", new, 201)
    wrong = {"email": f"operator@{tenant.id}.example", "password": password}
    await admin.send("POST", "/auth/login", wrong, 401)
    hook = await admin.send(
        "POST", "/webhooks", {"url": "https://hooks.example/x", "secret": password}, 201, 422
    )
    made = await admin.send("POST", "/api-keys", {"name": "billing", "role": "viewer"}, 201, 422)
    (latest,) = (await admin.get("/audit", action="tenants.configure", result="done", limit=1))["items"]
    assert latest["after"]["configuration"]["boot_retry_interval"] == 280
    logins = await admin.get("/audit", action="auth.login", result="refused")
    assert logins["items"][0]["actor_kind"] == "anonymous"
    secrets = [key, password, PASSWORD]
    secrets += [
        body[name] for body in (hook, made) for name in ("secret", "key") if isinstance(body.get(name), str)
    ]
    stored = repr(list(databases.of(tenant.id)["audit_log"].find()))
    stored += repr(list(databases.platform["audit_log"].find()))
    assert [secret for secret in secrets if secret in stored] == []


async def test_nobody_else_reads_it(tenant: TestTenant, rest: RestClient, services: Services) -> None:
    await rest.get("/audit", expect=403)
    assert services.audit.list_page(tenant.id, PageRequest(1)).items


async def _eventually(client: RestClient, **filters: Any) -> dict[str, Any]:
    for _ in range(100):
        items = (await client.get("/audit", **filters))["items"]
        if items:
            found: dict[str, Any] = items[0]
            return found
        await asyncio.sleep(0.1)
    raise AssertionError("nothing on record")
