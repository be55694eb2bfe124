"""A whole charging session, from the socket to MongoDB, MQTT and REST."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.storage.mongo import Databases
from bench.charge_point import SimulatedChargePoint
from tests.e2e.conftest import RestClient, TestTenant
from tests.e2e.mqtt_listener import MqttListener
from tests.e2e.system import RunningSystem

pytestmark = pytest.mark.e2e


async def test_a_session_reaches_mongodb_mqtt_and_rest(
    system: RunningSystem, tenant: TestTenant, databases: Databases, mqtt: MqttListener, rest: RestClient
) -> None:
    identity = tenant.identity()
    started_at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)
    async with SimulatedChargePoint(system.ws_url, identity) as charge_point:
        boot = await charge_point.boot(vendor="Example Vendor", model="AC-22kW-Type2")
        assert (boot.status, boot.interval) == ("Accepted", 300)
        await charge_point.status(0, "Available")
        await charge_point.status(1, "Available")
        assert (await charge_point.authorize(tenant.id_tag)).id_tag_info["status"] == "Accepted"
        start = await charge_point.start(1, tenant.id_tag, 1000, timestamp=started_at)
        assert start.transaction_id > 0
        assert start.id_tag_info["status"] == "Accepted"
        session_id = f"session-{start.transaction_id}"
        await charge_point.status(1, "Charging")
        await charge_point.meter_values(
            1, start.transaction_id, 4000, power_w=11000, timestamp=started_at + timedelta(minutes=15)
        )
        running = await rest.get(f"/sessions/{session_id}")
        assert (running["status"], running["energy_wh"]) == ("active", 3000)
        assert [item["id"] for item in (await _sessions(rest, identity, status="active"))] == [session_id]
        await charge_point.stop(
            start.transaction_id,
            16000,
            "Local",
            timestamp=started_at + timedelta(minutes=30),
            tag=tenant.id_tag,
        )
        await charge_point.status(1, "Available")

    stored = databases.collection(tenant.id, "sessions").find_one({"_id": session_id})
    assert stored is not None
    assert (stored["status"], stored["start_meter_value"], stored["stop_meter_value"]) == (
        "completed",
        1000,
        16000,
    )
    assert [(value["value"], value["unit"]) for value in stored["meter_values"]] == [(4000, "Wh")]
    assert stored["charge_point_id"] == identity
    log = databases.collection(tenant.id, "ocpp_messages").count_documents({"charge_point_id": identity})
    assert log == 9

    session = await rest.get(f"/sessions/{session_id}")
    assert (session["status"], session["energy_wh"], session["duration_seconds"]) == (
        "completed",
        15000,
        1800,
    )
    assert await _sessions(rest, identity, status="active") == []

    topic = f"ocpp/events/{tenant.id}/{identity}/session"
    await mqtt.wait_for(lambda m: m.topic == topic and m.body["event_type"] == "session_stopped")
    told = [m.body for m in mqtt.heard if m.topic == topic]
    assert [body["event_type"] for body in told] == ["session_started", "meter_value", "session_stopped"]
    assert all(body["session_id"] == session_id and body["tenant_id"] == tenant.id for body in told)
    assert told[1]["data"]["energy_wh"] == 3000
    assert (
        told[2]["data"] | {"energy_wh": 15000, "duration_seconds": 1800, "connector_id": 1} == told[2]["data"]
    )
    assert [m.topic for m in mqtt.heard if m.topic.endswith("/meter_value")] == [
        f"ocpp/events/{tenant.id}/{identity}/meter_value"
    ]


async def _sessions(rest: RestClient, identity: str, **filters: Any) -> list[dict[str, object]]:
    page = await rest.get("/sessions", charge_point_id=identity, **filters)
    assert page["next_cursor"] is None
    items: list[dict[str, object]] = page["items"]
    return items


async def test_status_is_retained_and_goes_offline_with_stale_connectors(
    system: RunningSystem, tenant: TestTenant, mqtt: MqttListener, rest: RestClient
) -> None:
    identity = tenant.identity()
    topic = f"ocpp/status/{tenant.id}/{identity}"
    async with SimulatedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot()
        await charge_point.status(1, "Available")
        online = await mqtt.wait_for(lambda m: m.topic == topic and m.body["status"] == "Available")
        assert [(c["id"], c["status"], c["stale"]) for c in online.body["connectors"]] == [
            (1, "Available", False)
        ]
        await charge_point.status(1, "Charging")
        await mqtt.wait_for(lambda m: m.topic == topic and m.body["status"] == "Occupied")
        await charge_point.status(1, "Faulted", error_code="GroundFailure")
        fault = await mqtt.wait_for(lambda m: m.topic == f"ocpp/events/{tenant.id}/{identity}/fault")
        assert fault.body["data"]["error_code"] == "GroundFailure"
        await mqtt.wait_for(lambda m: m.topic == topic and m.body["status"] == "Faulted")
    offline = await mqtt.wait_for(lambda m: m.topic == topic and m.body["status"] == "Offline")
    assert [(c["status"], c["stale"]) for c in offline.body["connectors"]] == [("Faulted", True)]
    shown = await rest.get(f"/chargepoints/{identity}")
    assert shown["status"] == "Offline"
    assert shown["connectors"][0]["stale"] is True
    async with MqttListener(system.settings.mqtt.url, f"late-{identity}", topic) as late:
        kept = await late.wait_for(lambda m: m.topic == topic)
        assert kept.retained
        assert kept.body["status"] == "Offline"


async def test_a_refused_tag_still_gets_a_transaction_id(system: RunningSystem, tenant: TestTenant) -> None:
    """B28: the energy is delivered whether we like the tag or not, so it is recorded."""
    async with SimulatedChargePoint(system.ws_url, tenant.identity()) as charge_point:
        await charge_point.boot()
        refused = await charge_point.start(1, "NOBODY", 0)
        assert refused.id_tag_info["status"] == "Invalid"
        assert refused.transaction_id > 0


async def test_a_repeated_start_gets_the_same_id_also_on_another_connection(
    system: RunningSystem, tenant: TestTenant
) -> None:
    """B30: a charge point that missed the answer asks again, with a new unique id."""
    identity, at = tenant.identity(), datetime.now(UTC)
    async with SimulatedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot()
        first = await charge_point.start(1, tenant.id_tag, 5, timestamp=at)
        again = await charge_point.start(1, tenant.id_tag, 5, timestamp=at)
        other = await charge_point.start(2, tenant.id_tag, 5, timestamp=at)
    async with SimulatedChargePoint(system.ws_url, identity) as charge_point:
        later = await charge_point.start(1, tenant.id_tag, 5, timestamp=at)
    assert first.transaction_id == again.transaction_id == later.transaction_id != other.transaction_id
    assert first.id_tag_info == again.id_tag_info == later.id_tag_info


async def test_every_stop_is_answered(
    system: RunningSystem, tenant: TestTenant, databases: Databases
) -> None:
    """B46, B47: unknown, -1 and repeated stops are answered like good ones, and unknown ones are kept."""
    identity = tenant.identity()
    async with SimulatedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot()
        started = await charge_point.start(1, tenant.id_tag, 100)
        for transaction_id in (started.transaction_id, started.transaction_id, -1, 2_000_000_000):
            await charge_point.stop(transaction_id, 900)
    sessions = list(databases.collection(tenant.id, "sessions").find({"charge_point_id": identity}))
    assert sorted(session["status"] for session in sessions) == ["completed", "faulted", "faulted"]


async def test_many_charge_points_at_once(
    system: RunningSystem, tenant: TestTenant, rest: RestClient
) -> None:
    async def charge(number: int) -> int:
        async with SimulatedChargePoint(system.ws_url, tenant.identity(), comes_again=True) as charge_point:
            await charge_point.boot()
            started = await charge_point.start(1, tenant.id_tag, number)
            await charge_point.meter_values(1, started.transaction_id, number + 10)
            await charge_point.stop(started.transaction_id, number + 20)
            return int(started.transaction_id)

    ids = await asyncio.gather(*(charge(number) for number in range(30)))
    assert len(set(ids)) == 30
    for transaction_id in ids:
        session = await rest.get(f"/sessions/session-{transaction_id}")
        assert (session["status"], session["energy_wh"]) == ("completed", 20)
