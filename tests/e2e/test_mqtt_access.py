"""A tenant's program at a real Mosquitto: an account over REST, events heard, commands sent."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from app.bootstrap import build_services
from app.messaging.mosquitto import Mosquitto
from app.services import Services
from bench.charge_point import SimulatedChargePoint
from tests.e2e.conftest import RestClient, TestTenant, make_tenant, own_environment
from tests.e2e.mqtt_listener import MqttListener
from tests.e2e.system import RunningSystem
from tests.mosquitto import RealMosquitto, needs_mosquitto

pytestmark = [pytest.mark.e2e, needs_mosquitto]
PROCESSES = ("servers", "web", "gateway", "worker", "commands", "events")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealMosquitto]:
    running = RealMosquitto(tmp_path_factory.mktemp("mosquitto"))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def system(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str, broker: RealMosquitto
) -> Iterator[RunningSystem]:
    """It comes as a user of its own, whom the administrator lets in."""
    url = broker.url("server", "a-server-secret")
    Mosquitto(broker.own_url, url).prepare()
    with RunningSystem(
        tmp_path_factory.mktemp("access"),
        PROCESSES,
        MQTT_ACCESS="mosquitto",
        MQTT_URL=url,
        MQTT_ADMIN_URL=broker.own_url,
        **own_environment(worker_id, 2),
    ) as running:
        yield running


@pytest.fixture(scope="module")
def services(system: RunningSystem) -> Services:
    made = build_services(system.settings)
    made.tenants.prepare_stores()
    return made


@pytest.fixture
def acme(system: RunningSystem, services: Services) -> TestTenant:
    return make_tenant(system, services, "queue")


@pytest.fixture
def beta(system: RunningSystem, services: Services) -> TestTenant:
    return make_tenant(system, services, "bypass")


@asynccontextmanager
async def administrator(system: RunningSystem, tenant: TestTenant) -> AsyncIterator[RestClient]:
    client = RestClient(system, f"tenant_admin@{tenant.id}.example")
    await client.login()
    yield client
    await client.close()


@asynccontextmanager
async def program(
    system: RunningSystem, broker: RealMosquitto, tenant: TestTenant
) -> AsyncIterator[MqttListener]:
    """All call themselves the same, and ask for all that there is."""
    async with administrator(system, tenant) as admin:
        made = await admin.send("POST", "/mqtt-credentials", {"name": "all", "role": "integrator"}, 201)
    url = broker.url(made["username"], made["password"], broker.tenants_port)
    own = [f"ocpp/{branch}/{tenant.id}/#" for branch in ("events", "status", "responses")]
    async with MqttListener(url, "the-same", *own, "ocpp/#", "ocpp/+/+/+", "#") as listener:
        yield listener


async def test_two_tenants_programs_know_nothing_of_each_other(
    system: RunningSystem, broker: RealMosquitto, acme: TestTenant, beta: TestTenant
) -> None:
    identities = {tenant.id: tenant.identity() for tenant in (acme, beta)}
    async with (
        program(system, broker, acme) as ours,
        program(system, broker, beta) as theirs,
        SimulatedChargePoint(system.ws_url, identities[acme.id]) as charge_point,
        SimulatedChargePoint(system.ws_url, identities[beta.id]) as others,
    ):
        for connected in (charge_point, others):
            await connected.announce()
        for command_id, tenant in (("foreign", beta), ("own", acme)):
            body = {"command_id": command_id, "command_type": "reset", "parameters": {"type": "Soft"}}
            ours.publish(f"ocpp/commands/{tenant.id}/{identities[tenant.id]}", body)
        await ours.wait_for(lambda m: m.body.get("command_id") == "own" and m.body["status"] == "accepted")
        await theirs.wait_for(lambda m: m.topic == f"ocpp/status/{beta.id}/{identities[beta.id]}")
        assert [name for name, _ in charge_point.commands] == ["Reset"]
        assert others.commands == []
        for listener, tenant in ((ours, acme), (theirs, beta)):
            assert {m.topic.split("/")[2] for m in listener.heard} == {tenant.id}
            assert {m.body["tenant_id"] for m in listener.heard} == {tenant.id}


async def test_an_account_goes_with_its_tenant(
    system: RunningSystem, broker: RealMosquitto, services: Services, acme: TestTenant
) -> None:
    async with administrator(system, acme) as admin:
        await admin.send("POST", "/mqtt-credentials", {"name": "left", "role": "integrator"}, 201)
    assert f"{acme.id}.left" in broker.book.read_text()
    services.mqtt_access.remove_all(acme.id)
    assert acme.id not in broker.book.read_text()
