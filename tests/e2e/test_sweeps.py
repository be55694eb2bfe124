"""What beat does: silence becomes Offline, speech online again."""

import asyncio
from typing import Any

import pytest

from app.services import Services
from bench.charge_point import SimulatedChargePoint
from tests.e2e.conftest import RestClient, TestTenant, make_tenant
from tests.e2e.mqtt_listener import Heard, MqttListener
from tests.e2e.system import RunningSystem

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module", params=["queue", "bypass"])
def tenant(request: pytest.FixtureRequest, system: RunningSystem, services: Services) -> TestTenant:
    """With heartbeats every second, so that silence shows soon; and with few pings: a pong breaks it."""
    return make_tenant(system, services, request.param, heartbeat_interval=1, ping_interval_s=60)


async def test_a_silent_charge_point_is_offline_until_it_speaks(
    system: RunningSystem, tenant: TestTenant, rest: RestClient, mqtt: MqttListener
) -> None:
    identity = tenant.identity()

    def says(status: str) -> Any:
        def wanted(message: Heard) -> bool:
            return message.topic == f"ocpp/status/{tenant.id}/{identity}" and message.body["status"] == status

        return wanted

    async with SimulatedChargePoint(system.ws_url, identity) as charge_point:
        assert (await charge_point.boot()).interval == 1
        await charge_point.status(1, "Available")
        await mqtt.wait_for(says("Available"))
        offline = await mqtt.wait_for(says("Offline"), timeout_s=20)
        assert [(c["status"], c["stale"]) for c in offline.body["connectors"]] == [("Available", True)]
        shown = await rest.get(f"/chargepoints/{identity}")
        assert (shown["status"], shown["connected"], shown["connectors"][0]["stale"]) == (
            "Offline",
            False,
            True,
        )
        before = len(mqtt.heard)
        await charge_point.heartbeat()
        await mqtt.wait_for(lambda m: m in mqtt.heard[before:] and says("Available")(m))
        shown = await rest.get(f"/chargepoints/{identity}")
        assert (shown["status"], shown["connectors"][0]["stale"]) == ("Available", False)


async def test_heartbeats_keep_a_charge_point_online(
    system: RunningSystem, tenant: TestTenant, mqtt: MqttListener
) -> None:
    identity = tenant.identity()
    async with SimulatedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot()
        for _ in range(12):
            await charge_point.heartbeat()
            await asyncio.sleep(0.5)  # a heartbeat's rhythm, not a wait for something
        told = [m.body["status"] for m in mqtt.heard if m.topic == f"ocpp/status/{tenant.id}/{identity}"]
        assert "Offline" not in told
