"""Certification cases of configuration: keys read and changed, the authorization cache."""

from typing import Any

import pytest

from tests.conformance.central import Operator
from tests.conformance.charge_point import ScriptedChargePoint

pytestmark = [pytest.mark.e2e, pytest.mark.conformance]
ALL_KEYS = [
    {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
    {"key": "MeterValueSampleInterval", "readonly": False, "value": "30"},
    {"key": "NumberOfConnectors", "readonly": True, "value": "2"},
    {"key": "SupportedFeatureProfiles", "readonly": True, "value": "Core,SmartCharging"},
    {"key": "StopTxnSampledData", "readonly": False, "value": ""},
    {"key": "BlinkRepeat", "readonly": False},
]


async def _read(
    charge_point: ScriptedChargePoint, operator: Operator, keys: list[str], answer: dict[str, Any]
) -> Any:
    wanted = {"key": keys} if keys else {}
    async with charge_point.expects("GetConfiguration", wanted, answer=answer):
        command = await operator.command(charge_point, "get_configuration", {"key": keys} if keys else {})
    assert command["status"] == "accepted"
    return command["result"]


async def _change(
    charge_point: ScriptedChargePoint, operator: Operator, key: str, value: str, status: str
) -> Any:
    wanted = {"key": key, "value": value}
    async with charge_point.expects("ChangeConfiguration", wanted, answer={"status": status}):
        command = await operator.command(charge_point, "change_configuration", wanted, force=True)
    assert command["result"] == {"status": status}
    return command["status"]


async def test_tc_019_1_retrieve_all_keys(charge_point: ScriptedChargePoint, operator: Operator) -> None:
    result = await _read(charge_point, operator, [], {"configurationKey": ALL_KEYS})
    assert result["configuration_key"] == ALL_KEYS


async def test_tc_019_2_retrieve_one_key(charge_point: ScriptedChargePoint, operator: Operator) -> None:
    answer = {"configurationKey": [ALL_KEYS[3]], "unknownKey": []}
    result = await _read(charge_point, operator, ["SupportedFeatureProfiles"], answer)
    assert result["configuration_key"] == [ALL_KEYS[3]]


async def test_tc_021_change_configuration(charge_point: ScriptedChargePoint, operator: Operator) -> None:
    assert await _change(charge_point, operator, "MeterValueSampleInterval", "60", "Accepted") == "accepted"


async def test_tc_040_1_configuration_key_unknown(
    charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    assert await _change(charge_point, operator, "NobodysKey", "1", "NotSupported") == "rejected"


async def test_tc_040_2_configuration_value_invalid(
    charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    assert await _change(charge_point, operator, "MeterValueSampleInterval", "-1", "Rejected") == "rejected"


async def test_tc_061_clear_cache(charge_point: ScriptedChargePoint, operator: Operator) -> None:
    async with charge_point.expects("ClearCache", {}, answer={"status": "Accepted"}):
        assert (await operator.command(charge_point, "clear_cache"))["status"] == "accepted"
