"""Charging profiles, from a template to the charge point and back (TC_056, 057, 059, 066, 067, H13)."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from bench.charge_point import SimulatedChargePoint
from tests.e2e.conftest import RestClient, TestTenant

pytestmark = pytest.mark.e2e
PROFILE: dict[str, Any] = {
    "stack_level": 0,
    "charging_profile_purpose": "TxDefaultProfile",
    "charging_profile_kind": "Absolute",
    "valid_from": "2020-01-01T00:00:00Z",
    "valid_to": "2099-01-01T00:00:00Z",
    "charging_schedule": {
        "start_schedule": "2020-01-01T00:00:00Z",
        "charging_rate_unit": "A",
        "charging_schedule_period": [{"start_period": 0, "limit": 16.1, "number_phases": 3}],
    },
}


async def assign(rest: RestClient, charge_point: SimulatedChargePoint, **fields: Any) -> dict[str, Any]:
    path = f"/chargepoints/{charge_point.identity}/charging-profiles?wait=20"
    body: dict[str, Any] = {"connector_id": 1, "profile": PROFILE}
    made: dict[str, Any] = await rest.send("POST", path, body | fields, 200)
    return made


async def installed(rest: RestClient, charge_point: SimulatedChargePoint) -> list[int]:
    found = await rest.get(f"/chargepoints/{charge_point.identity}/charging-profiles")
    return [one["profile"]["charging_profile_id"] for one in found["items"]]


async def clear(rest: RestClient, charge_point: SimulatedChargePoint, query: str) -> dict[str, Any]:
    path = f"/chargepoints/{charge_point.identity}/charging-profiles?wait=20{query}"
    cleared: dict[str, Any] = await rest.send("DELETE", path, None, 200)
    return cleared


async def test_a_template_reaches_the_charge_point_exactly(
    rest: RestClient, charge_point: SimulatedChargePoint
) -> None:
    """TC_056, vector H13: the raw frame is in the message log."""
    name = f"night-{charge_point.identity[-8:]}"
    await rest.send("POST", "/charging-profiles", {"name": name, "profile": PROFILE}, 201)
    path = f"/chargepoints/{charge_point.identity}/charging-profiles?wait=20"
    made = await rest.send("POST", path, {"connector_id": 0, "template": name}, 200)
    assert (made["status"], made["installed"][0]["template"]) == ("accepted", name)
    (got,) = charge_point.charging_profiles.installed.values()
    assert got["charging_schedule"]["charging_schedule_period"] == [
        {"start_period": 0, "limit": Decimal("16.1"), "number_phases": 3}
    ]
    log = await rest.get("/messages", charge_point_id=charge_point.identity, action="SetChargingProfile")
    assert '"limit":16.1,' in str(log)


async def test_a_tx_profile_lives_as_long_as_its_transaction(
    rest: RestClient, charge_point: SimulatedChargePoint, tenant: TestTenant
) -> None:
    """TC_057, B51."""
    started = await charge_point.start(1, tenant.id_tag, meter_start=0)
    await assign(rest, charge_point)
    made = await assign(rest, charge_point, profile=PROFILE | {"charging_profile_purpose": "TxProfile"})
    assert made["status"] == "accepted"
    transactions = [one.get("transaction_id") for one in charge_point.charging_profiles.installed.values()]
    assert transactions == [None, started.transaction_id]
    await charge_point.stop(started.transaction_id, meter_stop=100)
    assert len(await installed(rest, charge_point)) == 1


async def test_a_remote_start_carries_a_profile(
    rest: RestClient, charge_point: SimulatedChargePoint, tenant: TestTenant
) -> None:
    """TC_059: Relative, without a transaction; its id is found by itself."""
    profile = {
        "stack_level": 0,
        "charging_profile_purpose": "TxProfile",
        "charging_profile_kind": "Relative",
        "charging_schedule": {
            "charging_rate_unit": "A",
            "charging_schedule_period": [{"start_period": 0, "limit": 6.0}],
        },
    }
    parameters = {"id_tag": tenant.id_tag, "connector_id": 1, "charging_profile": profile}
    path = f"/chargepoints/{charge_point.identity}/commands?wait=20"
    body = {"command_type": "remote_start", "parameters": parameters}
    command = await rest.send("POST", path, body, 200)
    assert command["status"] == "accepted"
    (told,) = [told for name, told in charge_point.commands if name == "RemoteStartTransaction"]
    assert told["charging_profile"]["charging_profile_id"] > 0
    assert "transaction_id" not in told["charging_profile"]


async def test_clearing_by_id_by_criteria_and_all(
    rest: RestClient, charge_point: SimulatedChargePoint
) -> None:
    """TC_067."""
    for level in (1, 2, 3):
        number = {"charging_profile_id": level * 11}
        made = await assign(rest, charge_point, profile=PROFILE | {"stack_level": level}, **number)
        assert made["status"] == "accepted"
    assert await installed(rest, charge_point) == [11, 22, 33]
    await clear(rest, charge_point, "&charging_profile_id=22")
    assert await installed(rest, charge_point) == [11, 33]
    await clear(rest, charge_point, "&purpose=TxDefaultProfile&stack_level=3&connector_id=1")
    assert await installed(rest, charge_point) == [11]
    await clear(rest, charge_point, "")
    assert await installed(rest, charge_point) == []
    assert charge_point.charging_profiles.installed == {}
    nothing = await clear(rest, charge_point, "")
    assert (nothing["status"], nothing["result"]) == ("rejected", {"status": "Unknown"})


async def test_what_it_will_do_by_its_own_word_and_by_our_estimate(
    rest: RestClient, charge_point: SimulatedChargePoint
) -> None:
    """TC_066, C32."""
    await assign(rest, charge_point)
    path = f"/chargepoints/{charge_point.identity}/composite-schedule"
    shown = await rest.send("POST", f"{path}?connector_id=1&duration=300&unit=A", None, 200)
    periods = shown["reported"]["charging_schedule"]["charging_schedule_period"]
    assert periods == [{"start_period": 0, "limit": 16.1}]
    assert (shown["estimate"]["limit_now"], shown["estimate"]["periods"][0]["limit"]) == (16.1, 16.1)
    estimate = await rest.get(path, connector_id=1, duration=300)
    assert estimate["limit_now"] == 16.1


async def test_lower_levels_are_tried_where_that_is_wanted(
    rest: RestClient, charge_point: SimulatedChargePoint
) -> None:
    """G28."""
    charge_point.charging_profiles.max_stack_level = 1
    made = await assign(rest, charge_point, profile=PROFILE | {"stack_level": 3})
    assert made["status"] == "rejected"
    await assign(rest, charge_point, profile=PROFILE | {"stack_level": 3}, retry_lower=True)
    for _ in range(100):
        if await installed(rest, charge_point):
            break
        await asyncio.sleep(0.1)
    levels = [
        told["cs_charging_profiles"]["stack_level"]
        for name, told in charge_point.commands
        if name == "SetChargingProfile"
    ]
    assert levels == [3, 3, 2, 1]


async def test_profiles_survive_a_reboot(rest: RestClient, charge_point: SimulatedChargePoint) -> None:
    """D17."""
    await assign(rest, charge_point)
    await charge_point.boot()
    assert len(await installed(rest, charge_point)) == 1
