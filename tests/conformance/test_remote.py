"""Certification cases of remote control: start, stop, reset, unlock, trigger."""

from typing import Any

import pytest

from tests.conformance.central import Operator
from tests.conformance.charge_point import Refusal, ScriptedChargePoint
from tests.e2e.conftest import TestTenant
from tests.e2e.system import RunningSystem

pytestmark = [pytest.mark.e2e, pytest.mark.conformance]
ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}


async def _remote_start(charge_point: ScriptedChargePoint, operator: Operator, id_tag: str) -> None:
    wanted = {"connectorId": 1, "idTag": id_tag}
    async with charge_point.expects("RemoteStartTransaction", wanted, answer=ACCEPTED):
        parameters = {"connector_id": 1, "id_tag": id_tag}
        assert (await operator.command(charge_point, "remote_start", parameters))["status"] == "accepted"


async def test_tc_010_remote_start_cable_first(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    await charge_point.status(1, "Preparing")
    await _remote_start(charge_point, operator, tenant.id_tag)
    assert await charge_point.authorize(tenant.id_tag) == ACCEPTED
    transaction_id, info = await charge_point.start(tenant.id_tag)
    assert info == ACCEPTED
    await charge_point.status(1, "Charging")
    assert (await operator.session(charge_point, transaction_id))["status"] == "active"


async def test_tc_011_1_remote_start_first(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    await charge_point.status(1, "Available")
    await _remote_start(charge_point, operator, tenant.id_tag)
    assert await charge_point.authorize(tenant.id_tag) == ACCEPTED
    await charge_point.status(1, "Preparing")
    transaction_id, info = await charge_point.start(tenant.id_tag)
    assert info == ACCEPTED
    await charge_point.status(1, "Charging")
    assert (await operator.session(charge_point, transaction_id))["id_tag"] == tenant.id_tag


async def test_tc_011_2_remote_start_timeout(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    """Accepted says only that the charge point will try (C3): no session comes of it."""
    await charge_point.status(1, "Available")
    await _remote_start(charge_point, operator, tenant.id_tag)
    assert await charge_point.authorize(tenant.id_tag) == ACCEPTED
    await charge_point.status(1, "Preparing")
    await charge_point.status(1, "Available")
    assert await operator.sessions(charge_point) == []


async def test_tc_012_remote_stop(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    transaction_id, _ = await charge_point.start(tenant.id_tag, 1000)
    await charge_point.status(1, "Charging")
    session = await operator.session(charge_point, transaction_id)
    async with charge_point.expects(
        "RemoteStopTransaction", {"transactionId": transaction_id}, answer=ACCEPTED
    ):
        stop = await operator.send("POST", f"/sessions/{session['id']}/stop", wait=10)
        assert stop["status"] == "accepted"
    await charge_point.stop(transaction_id, 1700, reason="Remote")
    for status in ("Finishing", "Available"):
        await charge_point.status(1, status)
    session = await operator.session(charge_point, transaction_id)
    assert (session["status"], session["stop_reason"], session["energy_wh"]) == ("completed", "Remote", 700)


async def _reset(system: RunningSystem, tenant: TestTenant, operator: Operator, kind: str) -> None:
    """A charge point with a transaction: a soft reset stops it before, a hard one may do so after (B52)."""
    identity = tenant.identity()
    reason = f"{kind}Reset"
    async with ScriptedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot(0, 1)
        transaction_id, _ = await charge_point.start(tenant.id_tag, 1000)
        async with charge_point.expects("Reset", {"type": kind}, answer=ACCEPTED):
            command = await operator.command(charge_point, "reset", {"type": kind})
            assert (command["action"], command["status"]) == ("Reset", "accepted")
        if kind == "Soft":
            await charge_point.stop(transaction_id, 1300, reason=reason)
    async with ScriptedChargePoint(system.ws_url, identity) as charge_point:
        assert (await charge_point.boot(0, 1))["status"] == "Accepted"
        if kind == "Hard":
            await charge_point.stop(transaction_id, 1300, reason=reason)
        session = await operator.session(charge_point, transaction_id)
        assert (session["status"], session["stop_reason"]) == ("completed", reason)


async def test_tc_013_hard_reset(system: RunningSystem, tenant: TestTenant, operator: Operator) -> None:
    await _reset(system, tenant, operator, "Hard")


async def test_tc_014_soft_reset(system: RunningSystem, tenant: TestTenant, operator: Operator) -> None:
    await _reset(system, tenant, operator, "Soft")


async def _unlock(
    charge_point: ScriptedChargePoint, operator: Operator, status: str, connector: int = 1
) -> Any:
    """The command's end; what the charge point answers is in its result, word for word."""
    wanted = {"connectorId": connector}
    async with charge_point.expects("UnlockConnector", wanted, answer={"status": status}):
        command = await operator.command(
            charge_point, "unlock_connector", {"connector_id": connector}, force=True
        )
    assert command["result"] == {"status": status}
    return command["status"]


async def test_tc_017_1_unlock_without_session(charge_point: ScriptedChargePoint, operator: Operator) -> None:
    await charge_point.status(1, "Available")
    assert await _unlock(charge_point, operator, "Unlocked") == "accepted"


async def test_tc_017_2_unlock_with_a_fixed_cable(
    charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    await charge_point.status(1, "Available")
    assert await _unlock(charge_point, operator, "NotSupported") == "rejected"


async def test_tc_018_1_unlock_with_a_session(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    transaction_id, _ = await charge_point.start(tenant.id_tag, 1000)
    await charge_point.status(1, "Charging")
    assert await _unlock(charge_point, operator, "Unlocked") == "accepted"
    await charge_point.stop(transaction_id, 1200, reason="UnlockCommand")
    for status in ("Finishing", "Available"):
        await charge_point.status(1, status)
    assert (await operator.session(charge_point, transaction_id))["stop_reason"] == "UnlockCommand"


async def test_tc_026_remote_start_rejected(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    async with charge_point.expects("RemoteStartTransaction", answer=REJECTED):
        parameters = {"connector_id": 1, "id_tag": tenant.id_tag}
        command = await operator.command(charge_point, "remote_start", parameters)
    assert (command["status"], command["result"]) == ("rejected", {"status": "Rejected"})
    assert await operator.sessions(charge_point) == []


async def test_tc_028_remote_stop_rejected(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    """The operator may send an id that nobody knows; the session that runs goes on."""
    transaction_id, _ = await charge_point.start(tenant.id_tag)
    unknown = transaction_id + 100_000
    async with charge_point.expects("RemoteStopTransaction", {"transactionId": unknown}, answer=REJECTED):
        command = await operator.command(charge_point, "remote_stop", {"transaction_id": unknown}, force=True)
    assert command["status"] == "rejected"
    assert (await operator.session(charge_point, transaction_id))["status"] == "active"


async def test_tc_030_unlock_failure(charge_point: ScriptedChargePoint, operator: Operator) -> None:
    await charge_point.status(1, "Available")
    assert await _unlock(charge_point, operator, "UnlockFailed") == "rejected"


async def test_tc_031_unlock_of_an_unknown_connector(
    charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    """The system warns; who insists may send it."""
    await charge_point.status(1, "Available")
    refusal = await operator.refused(charge_point, "unlock_connector", {"connector_id": 7})
    assert refusal == (409, "needs_force")
    assert await _unlock(charge_point, operator, "NotSupported", connector=7) == "rejected"


async def test_tc_054_trigger_message(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    await charge_point.status(1, "Available")

    async def trigger(message: str, **more: int) -> None:
        wanted = {"requestedMessage": message} | ({"connectorId": 1} if more else {})
        async with charge_point.expects("TriggerMessage", wanted, answer=ACCEPTED):
            parameters = {"requested_message": message} | more
            command = await operator.command(charge_point, "trigger_message", parameters)
        assert command["status"] == "accepted"

    await trigger("MeterValues", connector_id=1)
    sample = {"value": "1000", "context": "Trigger", "measurand": "Energy.Active.Import.Register"}
    await charge_point.meter_values([sample])
    await trigger("Heartbeat")
    assert set(await charge_point.call("Heartbeat")) == {"currentTime"}
    await trigger("StatusNotification", connector_id=1)
    await charge_point.status(1, "Available")
    for message in ("DiagnosticsStatusNotification", "FirmwareStatusNotification"):
        await trigger(message)
        assert await charge_point.call(message, {"status": "Idle"}) == {}


async def test_tc_055_trigger_rejected(charge_point: ScriptedChargePoint, operator: Operator) -> None:
    await charge_point.status(1, "Available")
    parameters = {"requested_message": "MeterValues", "connector_id": 2}
    assert await operator.refused(charge_point, "trigger_message", parameters) == (409, "needs_force")
    wanted = {"requestedMessage": "MeterValues", "connectorId": 2}
    async with charge_point.expects("TriggerMessage", wanted, answer=REJECTED):
        command = await operator.command(charge_point, "trigger_message", parameters, force=True)
    assert command["status"] == "rejected"


@pytest.mark.parametrize("code", ["NotSupported", "NotImplemented", "FormatViolation", "Made.Up"])
async def test_a_call_error_is_a_result_like_any_other(
    charge_point: ScriptedChargePoint, operator: Operator, code: str
) -> None:
    """A32b, C4: any code is kept as it came."""
    async with charge_point.expects("ClearCache", {}, answer=Refusal(code, "because")):
        command = await operator.command(charge_point, "clear_cache")
    assert command["status"] == "failed"
    assert command["error"]["code"] == code
    assert "because" in command["error"]["message"]
