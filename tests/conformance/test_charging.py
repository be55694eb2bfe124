"""Certification cases of charging at the charge point: cold boot, plugging in, tags good and bad."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.services import Services
from tests.conformance.central import Operator
from tests.conformance.charge_point import ScriptedChargePoint, at
from tests.e2e.conftest import TestTenant
from tests.e2e.system import RunningSystem

pytestmark = [pytest.mark.e2e, pytest.mark.conformance]


async def _statuses(charge_point: ScriptedChargePoint, *statuses: str, connector: int = 1) -> None:
    for status in statuses:
        await charge_point.status(connector, status)


async def test_tc_001_cold_boot(system: RunningSystem, tenant: TestTenant, operator: Operator) -> None:
    async with ScriptedChargePoint(system.ws_url, tenant.identity()) as charge_point:
        boot = await charge_point.call(
            "BootNotification",
            {
                "chargePointVendor": "Vendor",
                "chargePointModel": "Model",
                "chargePointSerialNumber": "CP-0001",
                "chargeBoxSerialNumber": "CB-0001",
                "firmwareVersion": "1.0.7",
                "iccid": "8931087312345678901",
                "imsi": "204043123456789",
                "meterType": "DBT NQC",
                "meterSerialNumber": "M-0001",
            },
        )
        assert boot["status"] == "Accepted"
        assert boot["interval"] == 300
        for connector in (0, 1, 2):
            await charge_point.status(connector, "Available")
        clock = datetime.fromisoformat((await charge_point.call("Heartbeat"))["currentTime"])
        assert abs(clock - datetime.now(UTC)) < timedelta(seconds=10)
        shown = await operator.charge_point(charge_point)
        assert (shown["registration"], shown["status"]) == ("Accepted", "Available")
        assert (shown["vendor"], shown["model"], shown["firmware_version"]) == ("Vendor", "Model", "1.0.7")
        assert [(c["id"], c["status"]) for c in shown["connectors"]] == [
            (0, "Available"),
            (1, "Available"),
            (2, "Available"),
        ]


async def test_tc_003_charging_plug_in_first(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    await _statuses(charge_point, "Preparing")
    assert (await charge_point.authorize(tenant.id_tag))["status"] == "Accepted"
    transaction_id, info = await charge_point.start(tenant.id_tag, meter_start=1000)
    assert info["status"] == "Accepted"
    await _statuses(charge_point, "Charging")
    await charge_point.meter_values([{"value": "2200"}], transactionId=transaction_id)
    running = await operator.session(charge_point, transaction_id)
    assert (running["status"], running["connector_id"], running["energy_wh"]) == ("active", 1, 1200)


async def test_tc_004_1_charging_identification_first(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    assert (await charge_point.authorize(tenant.id_tag))["status"] == "Accepted"
    await _statuses(charge_point, "Preparing")
    transaction_id, info = await charge_point.start(tenant.id_tag)
    assert info["status"] == "Accepted"
    await _statuses(charge_point, "Charging")
    assert (await operator.session(charge_point, transaction_id))["status"] == "active"


async def test_tc_004_2_identification_first_connection_timeout(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    """Nobody plugs in: no transaction comes of it."""
    assert (await charge_point.authorize(tenant.id_tag))["status"] == "Accepted"
    await _statuses(charge_point, "Preparing", "Available")
    assert await operator.sessions(charge_point) == []
    assert (await operator.connector(charge_point, 1))["status"] == "Available"


async def test_tc_005_1_ev_side_disconnect(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    transaction_id, _ = await charge_point.start(tenant.id_tag, meter_start=1000)
    await charge_point.status(1, "SuspendedEV", info="EV side disconnected")
    answer = await charge_point.stop(transaction_id, 1500, reason="EVDisconnected")
    assert answer == {}
    await charge_point.status(1, "Finishing", info="EV side disconnected")
    await charge_point.status(1, "Available")
    session = await operator.session(charge_point, transaction_id)
    assert (session["status"], session["stop_reason"], session["energy_wh"]) == (
        "completed",
        "EVDisconnected",
        500,
    )


async def test_tc_007_charging_with_a_cached_id(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    """No Authorize comes before: the tag is looked at again all the same (B27)."""
    await _statuses(charge_point, "Preparing")
    transaction_id, info = await charge_point.start(tenant.id_tag)
    assert info["status"] == "Accepted"
    await _statuses(charge_point, "Charging")
    assert (await operator.session(charge_point, transaction_id))["id_tag"] == tenant.id_tag


async def test_tc_023_1_authorize_invalid(charge_point: ScriptedChargePoint) -> None:
    assert await charge_point.authorize("NOBODY-KNOWS-IT") == {"status": "Invalid"}


async def test_tc_023_2_authorize_expired(
    tenant: TestTenant, services: Services, charge_point: ScriptedChargePoint
) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    services.id_tags.put(tenant.id, "EXPIRED-TAG", expires_at=yesterday)
    assert (await charge_point.authorize("EXPIRED-TAG"))["status"] == "Expired"


async def test_tc_023_3_authorize_blocked(
    tenant: TestTenant, services: Services, charge_point: ScriptedChargePoint
) -> None:
    services.id_tags.put(tenant.id, "BLOCKED-TAG", blocked=True)
    assert (await charge_point.authorize("BLOCKED-TAG"))["status"] == "Blocked"


async def test_tc_024_lock_failure(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    assert (await charge_point.authorize(tenant.id_tag))["status"] == "Accepted"
    await _statuses(charge_point, "Preparing")
    await charge_point.status(1, "Faulted", "ConnectorLockFailure")
    shown = await operator.connector(charge_point, 1)
    assert (shown["status"], shown["error_code"]) == ("Faulted", "ConnectorLockFailure")
    assert (await operator.charge_point(charge_point))["status"] == "Faulted"


async def test_tc_032_1_power_failure_stops_transactions(
    system: RunningSystem, tenant: TestTenant, operator: Operator
) -> None:
    """A boot ends no transaction (B11); the stop that comes after it does."""
    identity = tenant.identity()
    async with ScriptedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot(0, 1)
        transaction_id, _ = await charge_point.start(tenant.id_tag, meter_start=1000)
        await _statuses(charge_point, "Charging")
        charge_point.client.connection.transport.abort()
    async with ScriptedChargePoint(system.ws_url, identity) as charge_point:
        assert (await charge_point.boot(0, 1))["status"] == "Accepted"
        assert (await operator.session(charge_point, transaction_id))["status"] == "active"
        await charge_point.stop(transaction_id, 1800, reason="PowerLoss", timestamp=at(-30))
        session = await operator.session(charge_point, transaction_id)
        assert (session["status"], session["stop_reason"], session["energy_wh"]) == (
            "completed",
            "PowerLoss",
            800,
        )


async def test_tc_037_1_offline_start_with_a_valid_tag(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    """A start that comes late began when it says (B31)."""
    began = at(-600)
    transaction_id, info = await charge_point.start(tenant.id_tag, timestamp=began)
    assert info["status"] == "Accepted"
    session = await operator.session(charge_point, transaction_id)
    assert (session["start_time"], session["status"]) == (began, "active")


async def test_tc_037_3_offline_start_with_an_invalid_tag(
    charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    """Refused and kept, for energy has flowed (B28)."""
    transaction_id, info = await charge_point.start("NOBODY-KNOWS-IT", 1000, timestamp=at(-600))
    assert info["status"] == "Invalid"
    await charge_point.stop(transaction_id, 1010, reason="DeAuthorized")
    session = await operator.session(charge_point, transaction_id)
    assert (session["authorization_status"], session["stop_reason"]) == ("Invalid", "DeAuthorized")
    assert (session["status"], session["energy_wh"]) == ("completed", 10)


async def test_tc_039_offline_transaction(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    began, ended = at(-3600), at(-600)
    transaction_id, info = await charge_point.start(tenant.id_tag, 1000, timestamp=began)
    assert info["status"] == "Accepted"
    answer = await charge_point.stop(transaction_id, 9000, timestamp=ended, idTag=tenant.id_tag)
    assert answer["idTagInfo"]["status"] == "Accepted"
    session = await operator.session(charge_point, transaction_id)
    assert (session["start_time"], session["stop_time"]) == (began, ended)
    assert (session["status"], session["energy_wh"], session["duration_seconds"]) == ("completed", 8000, 3000)


@pytest.mark.parametrize("message_id", [None, "M"])
async def test_tc_064_data_transfer_of_an_unknown_vendor(
    charge_point: ScriptedChargePoint, message_id: str | None
) -> None:
    sent: dict[str, Any] = {"vendorId": "nobody.example", "data": "{}"}
    if message_id is not None:
        sent["messageId"] = message_id
    assert await charge_point.call("DataTransfer", sent) == {"status": "UnknownVendorId"}
