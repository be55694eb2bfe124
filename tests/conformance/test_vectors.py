"""Wire vectors: what goes over the socket, byte for byte where it matters."""

import base64
import json
import re
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from app.domain.context import ChargePointRef
from app.services import Services
from app.services.keys import KeyHasher
from bench.raw_client import RawClient
from tests.conformance.central import Operator
from tests.conformance.charge_point import BOOT, SILENCE, ScriptedChargePoint, at
from tests.conformance.conftest import Prepare
from tests.e2e.conftest import TestTenant
from tests.e2e.system import RunningSystem

pytestmark = [pytest.mark.e2e, pytest.mark.conformance]
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
UTC_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
MISSING = ("ProtocolError", "OccurenceConstraintViolation")


@pytest.mark.parametrize("payload", ["{}", "null"])
async def test_vector_01_heartbeat(charge_point: ScriptedChargePoint, payload: str) -> None:
    answer = await charge_point.ask_raw(f'[2,"1","Heartbeat",{payload}]', "1", "Heartbeat")
    assert answer[:2] == [3, "1"]
    assert list(answer[2]) == ["currentTime"]
    assert re.fullmatch(UTC_TIME, answer[2]["currentTime"])


async def test_vector_02_boot_has_exactly_three_members(system: RunningSystem, tenant: TestTenant) -> None:
    async with ScriptedChargePoint(system.ws_url, tenant.identity()) as charge_point:
        answer = await charge_point.call("BootNotification", BOOT)
        assert set(answer) == {"status", "currentTime", "interval"}
        assert type(answer["interval"]) is int


async def test_vector_03_a_boot_comes_first_and_once_is_enough(
    system: RunningSystem, tenant: TestTenant
) -> None:
    identity = tenant.identity()
    async with ScriptedChargePoint(system.ws_url, identity) as charge_point:
        assert await charge_point.refused("StatusNotification", STATUS) == "SecurityError"
        await charge_point.boot()
        assert await charge_point.call("StatusNotification", STATUS) == {}
    async with ScriptedChargePoint(system.ws_url, identity) as charge_point:
        assert await charge_point.ask("StatusNotification", STATUS, unique_id="1") == [3, "1", {}]


async def test_vector_04_unknown_actions(charge_point: ScriptedChargePoint) -> None:
    assert await charge_point.refused("Foo", {}) == "NotImplemented"
    assert await charge_point.refused("Reset", {"type": "Hard"}) == "NotSupported"


async def test_vector_05_payloads_that_breach_the_schema(
    charge_point: ScriptedChargePoint, strict_charge_point: ScriptedChargePoint
) -> None:
    """What is missing is missing; the rest is forgiven unless the charge point is strict."""
    unknown_error = STATUS | {"errorCode": "Error"}
    for each in (charge_point, strict_charge_point):
        assert await each.refused("Authorize", {}) in MISSING
    assert (await charge_point.call("Authorize", {"idTag": 12}))["idTagInfo"]["status"] == "Invalid"
    assert await charge_point.call("StatusNotification", unknown_error) == {}
    assert await strict_charge_point.refused("Authorize", {"idTag": 12}) == "TypeConstraintViolation"
    code = await strict_charge_point.refused("StatusNotification", unknown_error)
    assert code == "PropertyConstraintViolation"


@pytest.mark.parametrize("text", ['[9,"1","x"]', "hello", "{}", "[]", '[3,"nope",{}]'])
async def test_vector_06_what_is_no_call_gets_no_answer(charge_point: ScriptedChargePoint, text: str) -> None:
    """An answer to it would be a breach: the script knows of no such Call."""
    await charge_point.send(text)
    assert set(await charge_point.call("Heartbeat")) == {"currentTime"}


async def test_vector_07_wrong_number_of_elements(charge_point: ScriptedChargePoint) -> None:
    answer = await charge_point.ask_raw('[2,"1","Heartbeat"]', "1", "Heartbeat")
    assert (answer[0], answer[2], answer[4]) == (4, "FormationViolation", {})
    longest = "x" * 36  # what of the id fits is echoed
    answer = await charge_point.ask_raw(json.dumps([2, longest + "x", "Heartbeat", {}]), longest, "Heartbeat")
    assert answer[0] == 4


async def test_vector_08_a_start_is_answered_the_same_again(charge_point: ScriptedChargePoint) -> None:
    start = {"connectorId": 1, "idTag": "NOBODY", "meterStart": 5, "timestamp": at()}
    first = await charge_point.call("StartTransaction", start)
    assert first["idTagInfo"]["status"] == "Invalid"
    assert first["transactionId"] > 0
    assert await charge_point.call("StartTransaction", start) == first


async def test_vector_09_every_stop_is_answered(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    stop = {"meterStop": 1500, "timestamp": at()}
    for unknown in (-1, 1_999_999_998):
        assert await charge_point.call("StopTransaction", stop | {"transactionId": unknown}) == {}
    transaction_id, _ = await charge_point.start(tenant.id_tag, 1000)
    first = await charge_point.stop(transaction_id, 1500, idTag=tenant.id_tag)
    assert first["idTagInfo"]["status"] == "Accepted"
    assert await charge_point.stop(transaction_id, 9999, idTag=tenant.id_tag) == first
    session = await operator.session(charge_point, transaction_id)
    assert (session["stop_reason"], session["stop_meter_value"]) == ("Local", 1500)


@pytest.mark.parametrize(
    ("changes", "sample"),
    [
        ({"transactionId": 2_000_000_000}, {"value": "1"}),
        ({}, {"value": "abc"}),
        ({}, {"value": "00FF00FF", "format": "SignedData"}),
        ({"connectorId": 0}, {"value": "1"}),
    ],
)
async def test_vector_10_meter_values_are_always_answered(
    charge_point: ScriptedChargePoint, changes: dict[str, Any], sample: dict[str, str]
) -> None:
    reading = {"timestamp": at(), "sampledValue": [sample]}
    sent = {"connectorId": 1, "meterValue": [reading]} | changes
    assert await charge_point.ask("MeterValues", sent, unique_id="1") == [3, "1", {}]


async def test_vector_11_one_call_under_way_at_a_time(
    charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    async with charge_point.expects("ClearCache", answer=SILENCE) as first:
        cleared = await operator.taken(charge_point, "clear_cache")
    await operator.taken(charge_point, "get_local_list_version")
    assert set(await charge_point.call("Heartbeat")) == {"currentTime"}  # crosses the open Call
    assert charge_point.breaches == []  # the second command has not come
    async with charge_point.expects("GetLocalListVersion", {}, answer={"listVersion": 3}):
        await charge_point.send([3, first.unique_id, {"status": "Accepted"}])
    assert (await operator.ended(cleared["id"]))["status"] == "accepted"


async def test_vector_12_while_pending_no_remote_start(
    system: RunningSystem, tenant: TestTenant, services: Services, operator: Operator, prepare: Prepare
) -> None:
    identity = prepare(admission="Pending")
    async with ScriptedChargePoint(system.ws_url, identity) as charge_point:
        assert (await charge_point.boot())["status"] == "Pending"
        parameters = {"connector_id": 1, "id_tag": tenant.id_tag}
        assert (await operator.refused(charge_point, "remote_start", parameters))[0] == 409
        stop = {"transaction_id": 1}
        assert (await operator.refused(charge_point, "remote_stop", stop))[0] == 409
        read = {"configurationKey": [], "unknownKey": ["X"]}
        async with charge_point.expects("GetConfiguration", {"key": ["X"]}, answer=read):
            command = await operator.command(charge_point, "get_configuration", {"key": ["X"]})
        assert command["status"] == "accepted"


def _profile(limit: float) -> dict[str, Any]:
    return {
        "connector_id": 1,
        "cs_charging_profiles": {
            "charging_profile_id": 1,
            "stack_level": 1,
            "charging_profile_purpose": "TxDefaultProfile",
            "charging_profile_kind": "Relative",
            "charging_schedule": {
                "charging_rate_unit": "A",
                "charging_schedule_period": [{"start_period": 0, "limit": limit}],
            },
        },
    }


async def test_vector_13_one_fractional_digit(charge_point: ScriptedChargePoint, operator: Operator) -> None:
    """The frame is compact and exact, or the script calls it a breach; so its text holds `16.1`."""
    async with charge_point.expects("SetChargingProfile", answer={"status": "Accepted"}):
        assert (await operator.command(charge_point, "set_charging_profile", _profile(16.1)))["status"] == (
            "accepted"
        )
    assert '"limit":16.1}' in charge_point.calls[-1]
    refusal = await operator.refused(charge_point, "set_charging_profile", _profile(16.15))
    assert refusal == (422, "invalid_input")


async def test_vector_14_data_transfer_of_an_unknown_vendor(charge_point: ScriptedChargePoint) -> None:
    sent = {"vendorId": "unknown.vendor"}
    answer = await charge_point.ask("DataTransfer", sent, unique_id="1")
    assert answer == [3, "1", {"status": "UnknownVendorId"}]


AL1000 = "Basic QUwxMDAwOgABAgMEBQYH////////////////"
ITS_KEY = bytes.fromhex("0001020304050607" + "FF" * 12)


async def test_vector_15_basic_authorization(
    system: RunningSystem, tenant: TestTenant, services: Services
) -> None:
    """The password is bytes, looked at before the upgrade (A8-A10)."""
    known = ChargePointRef(tenant.id, "AL1000")
    services.charge_points.register(services.tenants.get(tenant.id), known.charge_point_id)
    services.keepers.charge_points.change(
        known, {"security": {"profile": 1, "key_hash": KeyHasher().hash(ITS_KEY)}}
    )

    async def upgrade(path: str, authorization: str) -> int:
        headers = {"Authorization": authorization}
        try:
            async with RawClient(system.ws_url, path=path, headers=headers) as client:
                assert (await client.call_raw([2, "1", "BootNotification", BOOT]))[2]["status"] == "Accepted"
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code

    path = f"{tenant.id}/AL1000"
    assert await upgrade(path, AL1000) == 101
    wrong = base64.b64encode(b"AL1000:" + ITS_KEY[:-1] + b"\xfe").decode()
    assert await upgrade(path, f"Basic {wrong}") == 401
    assert await upgrade("nobody-knows/AL1000", AL1000) == 404
