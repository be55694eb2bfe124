"""Certification cases of smart charging."""

from typing import Any

import pytest

from tests.conformance.central import Operator
from tests.conformance.charge_point import Payload, ScriptedChargePoint, at
from tests.e2e.conftest import TestTenant

pytestmark = [pytest.mark.e2e, pytest.mark.conformance]
ACCEPTED = {"status": "Accepted"}


def _snake(value: Any) -> Any:
    """As parameters are spelled over REST."""
    if isinstance(value, dict):
        return {
            "".join(f"_{c.lower()}" if c.isupper() else c for c in name): _snake(inner)
            for name, inner in value.items()
        }
    return [_snake(inner) for inner in value] if isinstance(value, list) else value


def _default_profile(profile_id: int = 1, level: int = 0, unit: str = "A", limit: float = 6.0) -> Payload:
    return {
        "chargingProfileId": profile_id,
        "stackLevel": level,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "validFrom": at(-60),
        "validTo": at(86_400),
        "chargingSchedule": {
            "duration": 86_400,
            "startSchedule": at(-60),
            "chargingRateUnit": unit,
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit, "numberPhases": 3}],
        },
    }


def _tx_profile(**more: int) -> Payload:
    return {
        "chargingProfileId": 7,
        **more,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.5}, {"startPeriod": 300, "limit": 16}],
        },
    }


async def _set(
    charge_point: ScriptedChargePoint, operator: Operator, connector: int, profile: Payload
) -> None:
    wanted = {"connectorId": connector, "csChargingProfiles": profile}
    async with charge_point.expects("SetChargingProfile", wanted, answer=ACCEPTED):
        command = await operator.command(charge_point, "set_charging_profile", _snake(wanted))
    assert command["status"] == "accepted"


async def _installed(charge_point: ScriptedChargePoint, operator: Operator) -> list[int]:
    """Ids of the profiles that the charge point is known to have."""
    shown = await operator.get(f"/chargepoints/{charge_point.identity}/charging-profiles")
    return sorted(item["profile"]["charging_profile_id"] for item in shown["items"])


@pytest.mark.parametrize(("unit", "limit"), [("A", 6.0), ("W", 6000.0)])
async def test_tc_056_default_profile(
    charge_point: ScriptedChargePoint, operator: Operator, unit: str, limit: float
) -> None:
    await _set(charge_point, operator, 1, _default_profile(unit=unit, limit=limit))
    assert await _installed(charge_point, operator) == [1]


async def test_tc_057_transaction_profile(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    transaction_id, _ = await charge_point.start(tenant.id_tag)
    await _set(charge_point, operator, 1, _tx_profile(transactionId=transaction_id))
    assert await _installed(charge_point, operator) == [7]
    await charge_point.stop(transaction_id)
    assert await _installed(charge_point, operator) == []  # it ends with its transaction (D17)


async def test_tc_059_remote_start_with_a_profile(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    """Relative, from the first second on, and of no transaction yet (C14)."""
    await charge_point.status(1, "Preparing")
    wanted = {"connectorId": 1, "idTag": tenant.id_tag, "chargingProfile": _tx_profile()}
    async with charge_point.expects("RemoteStartTransaction", wanted, answer=ACCEPTED):
        command = await operator.command(charge_point, "remote_start", _snake(wanted))
    assert command["status"] == "accepted"
    assert (await charge_point.authorize(tenant.id_tag))["status"] == "Accepted"
    _, info = await charge_point.start(tenant.id_tag)
    assert info["status"] == "Accepted"


async def test_tc_066_composite_schedule(charge_point: ScriptedChargePoint, operator: Operator) -> None:
    await charge_point.status(1, "Available")
    schedule = {
        "duration": 3600,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.1}, {"startPeriod": 1800, "limit": 6}],
    }
    answer = {
        "status": "Accepted",
        "connectorId": 1,
        "scheduleStart": at(),
        "chargingSchedule": schedule,
    }
    wanted = {"connectorId": 1, "duration": 3600, "chargingRateUnit": "A"}
    async with charge_point.expects("GetCompositeSchedule", wanted, answer=answer):
        command = await operator.command(charge_point, "get_composite_schedule", _snake(wanted))
    assert (command["status"], command["result"]) == ("accepted", _snake(answer))


async def test_tc_067_clear_profiles(charge_point: ScriptedChargePoint, operator: Operator) -> None:
    """By id alone, by criteria alone, and all that is left."""
    for profile_id in (1, 2, 3):
        await _set(charge_point, operator, 1, _default_profile(profile_id, level=profile_id))

    async def clear(criteria: Payload, left: list[int]) -> None:
        async with charge_point.expects("ClearChargingProfile", criteria, answer=ACCEPTED):
            command = await operator.command(charge_point, "clear_charging_profile", _snake(criteria))
        assert command["status"] == "accepted"
        assert await _installed(charge_point, operator) == left

    await clear({"id": 1}, [2, 3])
    await clear({"connectorId": 1, "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 2}, [3])
    await clear({}, [])


async def test_quirk_28_high_stack_levels_are_refused(
    charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    """Lower ones are tried, one after the other, where the operator wants that."""
    refused, taken = _default_profile(level=3), _default_profile(level=2)
    parameters = _snake({"connectorId": 1, "csChargingProfiles": refused}) | {"retry_lower": True}
    taken |= {name: refused[name] for name in ("validFrom", "validTo", "chargingSchedule")}
    first = {"connectorId": 1, "csChargingProfiles": refused}
    second = {"connectorId": 1, "csChargingProfiles": taken}
    async with (
        charge_point.expects("SetChargingProfile", first, answer={"status": "Rejected"}),
        charge_point.expects("SetChargingProfile", second, answer=ACCEPTED),
    ):
        await operator.command(charge_point, "set_charging_profile", parameters)
    await operator.until(lambda: _installed(charge_point, operator), lambda found: found == [1])


@pytest.mark.parametrize(("listed", "unit"), [("W", "W"), ("Power", "W"), ("A", "A"), ("Current", "A")])
async def test_quirk_28_units_are_listed_by_either_name(
    charge_point: ScriptedChargePoint, operator: Operator, listed: str, unit: str
) -> None:
    """Whatever the charge point calls it, no warning; the other unit is warned of."""
    key = {"key": "ChargingScheduleAllowedChargingRateUnit", "readonly": True, "value": listed}
    async with charge_point.expects("GetConfiguration", answer={"configurationKey": [key]}):
        await operator.command(charge_point, "get_configuration", {"key": [key["key"]]})
    await _set(charge_point, operator, 1, _default_profile(unit=unit))
    other = _default_profile(unit="A" if unit == "W" else "W")
    parameters = _snake({"connectorId": 1, "csChargingProfiles": other})
    assert await operator.refused(charge_point, "set_charging_profile", parameters) == (409, "needs_force")
