"""Commands from REST and from MQTT, to the charge point and back."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.times import format_time
from bench.charge_point import SimulatedChargePoint
from bench.raw_client import RawClient
from tests.e2e.conftest import RestClient, TestTenant
from tests.e2e.mqtt_listener import MqttListener
from tests.e2e.system import RunningSystem

pytestmark = pytest.mark.e2e
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


async def _command(rest: RestClient, identity: str, body: dict[str, Any], wait_s: int = 20) -> dict[str, Any]:
    path = f"/chargepoints/{identity}/commands?wait={wait_s}"
    taken: dict[str, Any] = await rest.send("POST", path, body, 200, 202)
    return taken


@pytest.mark.parametrize(
    ("command_type", "parameters", "status"),
    [
        ("reset", {"type": "Soft"}, "accepted"),
        ("Reset", {"type": "Hard"}, "accepted"),
        ("change_configuration", {"key": "HeartbeatInterval", "value": "60"}, "accepted"),
        ("change_configuration", {"key": "WebSocketPingInterval", "value": "60"}, "accepted"),
        ("ChangeConfiguration", {"key": "Nonsense", "value": "60"}, "rejected"),
        ("get_configuration", {"key": ["HeartbeatInterval", "Nonsense"]}, "accepted"),
        ("trigger_message", {"requested_message": "Heartbeat"}, "accepted"),
        ("trigger_message", {"requested_message": "FirmwareStatusNotification"}, "rejected"),
        ("remote_stop", {"transaction_id": 4711}, "rejected"),
        ("unlock_connector", {"connector_id": 1}, "accepted"),
    ],
)
async def test_a_command_from_rest_ends_as_the_charge_point_answers(
    system: RunningSystem,
    tenant: TestTenant,
    rest: RestClient,
    command_type: str,
    parameters: dict[str, Any],
    status: str,
) -> None:
    identity = tenant.identity()
    async with SimulatedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot()
        body = {"command_type": command_type, "parameters": parameters, "force": True}
        command = await _command(rest, identity, body)
        assert command["status"] == status
        assert command["result"] is not None
        assert len(charge_point.commands) == 1
        assert (await rest.get(f"/commands/{command['id']}"))["status"] == status


async def test_configuration_comes_back_in_snake_case(
    system: RunningSystem, tenant: TestTenant, rest: RestClient
) -> None:
    identity = tenant.identity()
    async with SimulatedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot()
        body = {"command_type": "get_configuration", "parameters": {"key": ["HeartbeatInterval", "X"]}}
        command = await _command(rest, identity, body)
    assert command["result"] == {
        "configuration_key": [{"key": "HeartbeatInterval", "readonly": False, "value": "300"}],
        "unknown_key": ["X"],
    }


async def test_remote_start_and_rest_stop_drive_a_session(
    system: RunningSystem, tenant: TestTenant, rest: RestClient, mqtt: MqttListener
) -> None:
    identity = tenant.identity()
    async with SimulatedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot()
        start = {"command_type": "remote_start", "parameters": {"connector_id": 1, "id_tag": tenant.id_tag}}
        assert (await _command(rest, identity, start))["status"] == "accepted"
        topic = f"ocpp/events/{tenant.id}/{identity}/session"
        started = await mqtt.wait_for(
            lambda m: m.topic == topic and m.body["event_type"] == "session_started"
        )
        session_id = started.body["session_id"]
        stop = await rest.send("POST", f"/sessions/{session_id}/stop?wait=20", None, 200, 202)
        assert (stop["command_type"], stop["status"]) == ("remote_stop", "accepted")
        stopped = await mqtt.wait_for(
            lambda m: m.topic == topic and m.body["event_type"] == "session_stopped"
        )
        assert stopped.body["data"]["reason"] == "Remote"
        await rest.send("POST", f"/sessions/{session_id}/stop", None, 409)


async def test_a_command_from_mqtt_is_acknowledged_and_answered(
    system: RunningSystem, tenant: TestTenant, mqtt: MqttListener
) -> None:
    identity, command_id = tenant.identity(), f"cmd-{uuid.uuid4()}"
    async with SimulatedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot()
        body = {
            "command_id": command_id,
            "command_type": "remote_start",
            "timestamp": format_time(datetime.now(UTC)),
            "parameters": {"connector_id": 1, "id_tag": tenant.id_tag},
        }
        for _ in range(3):  # MQTT may deliver twice; one command id is one command
            mqtt.publish(f"ocpp/commands/{tenant.id}/{identity}", body)
        await mqtt.wait_for(lambda m: _answers(m.body, command_id, "accepted"))
        answers = [m for m in mqtt.heard if m.body.get("command_id") == command_id]
        assert [m.body["status"] for m in answers] == ["queued", "sent", "accepted"]
        assert {m.topic for m in answers} == {f"ocpp/responses/{tenant.id}/{identity}"}
        assert [name for name, _ in charge_point.commands] == ["RemoteStartTransaction"]


def _answers(body: dict[str, Any], command_id: str, status: str) -> bool:
    return body.get("command_id") == command_id and body.get("status") == status


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("this is no JSON", "JSON"),
        ({"command_id": "c", "command_type": "reset", "parameters": {"typ": 1}}, "parameters.typ"),
        ({"command_id": "c", "command_type": "make_coffee", "parameters": {}}, "command_type"),
        ({"command_id": "c", "command_type": "reset", "colour": "red"}, "colour"),
        ({"command_id": "c", "command_type": "reset", "timestamp": "yesterday"}, "timestamp"),
        ({"command_id": "c", "command_type": "reset", "timestamp": "2999-01-01T00:00:00Z"}, "timestamp"),
        ({"command_type": "reset", "parameters": {"type": "Soft"}}, "command_id"),
        (
            {
                "command_id": "c",
                "command_type": "change_configuration",
                "parameters": {"key": "AuthorizationKey", "value": "00" * 20},
            },
            "not_permitted",
        ),
    ],
)
async def test_a_wrong_mqtt_command_is_answered_with_the_reason(
    system: RunningSystem, tenant: TestTenant, mqtt: MqttListener, message: Any, named: str
) -> None:
    identity = tenant.identity()
    async with SimulatedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot()
        mqtt.publish(f"ocpp/commands/{tenant.id}/{identity}", message)
        answer = await mqtt.wait_for(lambda m: m.topic == f"ocpp/responses/{tenant.id}/{identity}")
        assert answer.body["status"] == "failed"
        assert named in str(answer.body["error"])
        assert charge_point.commands == []


async def test_a_command_for_an_unknown_charge_point_is_refused(
    tenant: TestTenant, rest: RestClient, mqtt: MqttListener
) -> None:
    reset = {"command_type": "reset", "parameters": {"type": "Soft"}}
    await rest.send("POST", "/chargepoints/NOBODY/commands", reset, 404)
    mqtt.publish(f"ocpp/commands/{tenant.id}/NOBODY", reset | {"command_id": "c-1"})
    answer = await mqtt.wait_for(lambda m: m.topic == f"ocpp/responses/{tenant.id}/NOBODY")
    assert (answer.body["command_id"], answer.body["error"]["code"]) == ("c-1", "not_found")


async def test_wrong_parameters_are_named(
    system: RunningSystem, tenant: TestTenant, rest: RestClient
) -> None:
    identity = tenant.identity()
    async with SimulatedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot()
        body = {"command_type": "remote_start", "parameters": {"connector": 1, "id_tag": "x" * 21}}
        problem = await rest.send("POST", f"/chargepoints/{identity}/commands", body, 422)
        assert {"parameters.connector", "parameters.id_tag"} <= problem["errors"].keys()


async def test_a_command_waits_for_the_charge_point_and_expires_without_it(
    system: RunningSystem, tenant: TestTenant, rest: RestClient
) -> None:
    identity = tenant.identity()
    async with SimulatedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot()
    reset = {"command_type": "reset", "parameters": {"type": "Soft"}}
    short = await rest.send("POST", f"/chargepoints/{identity}/commands", reset | {"expires_in": 1}, 202)
    patient = await rest.send("POST", f"/chargepoints/{identity}/commands", reset, 202)
    assert (short["status"], patient["status"]) == ("queued", "queued")
    assert await _final(rest, short["id"]) == "expired"
    async with SimulatedChargePoint(system.ws_url, identity):
        assert await _final(rest, patient["id"]) == "accepted"


async def _final(rest: RestClient, command_id: str) -> str:
    """The state a command ends in; the sweep that ends it has no event a client could wait on."""
    async with asyncio.timeout(20):
        while (command := await rest.get(f"/commands/{command_id}"))["status"] in ("queued", "sent"):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return str(command["status"])


async def test_an_expired_mqtt_command_is_refused(
    system: RunningSystem, tenant: TestTenant, mqtt: MqttListener
) -> None:
    identity = tenant.identity()
    async with SimulatedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot()
        body = {
            "command_id": "old",
            "command_type": "reset",
            "timestamp": format_time(datetime.now(UTC) - timedelta(hours=1)),
            "parameters": {"type": "Soft"},
        }
        mqtt.publish(f"ocpp/commands/{tenant.id}/{identity}", body)
        answer = await mqtt.wait_for(lambda m: m.topic == f"ocpp/responses/{tenant.id}/{identity}")
        assert answer.body["status"] == "expired"
        assert charge_point.commands == []


async def test_one_command_at_a_time_and_calls_cross(
    system: RunningSystem, tenant: TestTenant, rest: RestClient
) -> None:
    """A22, A23 and vector H11: the second command waits for the first; a Heartbeat meanwhile does not."""
    identity = tenant.identity()
    async with RawClient(system.ws_url, identity) as charge_point:
        await charge_point.call_raw([2, "b", "BootNotification", BOOT])
        ids = []
        for kind in ("Soft", "Hard"):
            body = {"command_type": "reset", "parameters": {"type": kind}}
            ids.append((await rest.send("POST", f"/chargepoints/{identity}/commands", body, 202))["id"])
        first = await charge_point.recv()
        assert first[2:] == ["Reset", {"type": "Soft"}]
        answer = await charge_point.call_raw([2, "h", "Heartbeat", {}])
        assert (answer[0], answer[1]) == (3, "h")
        assert (await rest.get(f"/commands/{ids[1]}"))["status"] == "queued"
        await charge_point.send_raw(f'[3,"{first[1]}",{{"status":"Rejected"}}]')
        second = await charge_point.recv()
        assert second[2:] == ["Reset", {"type": "Hard"}]
        await charge_point.send_raw(f'[4,"{second[1]}","NotSupported","no",{{}}]')
        assert [await _final(rest, command_id) for command_id in ids] == ["rejected", "failed"]
        assert (await rest.get(f"/commands/{ids[1]}"))["error"]["code"] == "NotSupported"


async def test_a_lost_connection_leaves_the_outcome_unknown(
    system: RunningSystem, tenant: TestTenant, rest: RestClient
) -> None:
    identity = tenant.identity()
    async with RawClient(system.ws_url, identity) as charge_point:
        await charge_point.call_raw([2, "b", "BootNotification", BOOT])
        body = {"command_type": "reset", "parameters": {"type": "Soft"}}
        taken = await rest.send("POST", f"/chargepoints/{identity}/commands", body, 202)
        await charge_point.recv()
    assert await _final(rest, taken["id"]) == "unknown_outcome"
    assert (await rest.get(f"/commands/{taken['id']}"))["error"]["code"] == "outcome_unknown"
