"""Quirks of payloads: forgiven and counted; where a strict charge point is treated otherwise, that too."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conformance.central import Operator
from tests.conformance.charge_point import BOOT, ScriptedChargePoint, at
from tests.conformance.conftest import Prepare
from tests.e2e.conftest import TestTenant
from tests.e2e.system import RunningSystem

pytestmark = [pytest.mark.e2e, pytest.mark.conformance]
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_quirk_10_texts_over_length(
    charge_point: ScriptedChargePoint, strict_charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    boot = BOOT | {"chargePointModel": "M" * 60, "chargePointSerialNumber": "S" * 200}
    assert (await charge_point.call("BootNotification", boot))["status"] == "Accepted"
    shown = await operator.charge_point(charge_point)
    assert (shown["model"], shown["serial_number"]) == ("M" * 60, "S" * 200)
    assert (await operator.deviations(charge_point))["text_too_long"] == 2
    code = await strict_charge_point.refused("BootNotification", boot)
    assert code == "PropertyConstraintViolation"


async def test_quirk_11_numbers_for_strings(
    tenant: TestTenant,
    charge_point: ScriptedChargePoint,
    strict_charge_point: ScriptedChargePoint,
    operator: Operator,
) -> None:
    """What loses nothing is converted, in both directions."""
    transaction_id, _ = await charge_point.start(tenant.id_tag, 1000)
    await charge_point.meter_values([{"value": 1500}], transactionId=str(transaction_id))
    session = await operator.session(charge_point, transaction_id)
    assert (session["status"], session["energy_wh"]) == ("active", 500)
    stop = {"transactionId": str(transaction_id), "meterStop": 2000.0, "timestamp": at(), "reason": "Local"}
    assert await charge_point.call("StopTransaction", stop) == {}
    session = await operator.session(charge_point, transaction_id)
    assert (session["status"], session["energy_wh"]) == ("completed", 1000)
    assert (await operator.deviations(charge_point))["wrong_type"] >= 2
    assert await strict_charge_point.refused("StopTransaction", stop) == "TypeConstraintViolation"


@pytest.mark.parametrize("value", ["", "abc", "NaN", "1 200"])
async def test_quirk_12_values_that_are_no_numbers(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator, value: str
) -> None:
    """They count for nothing, and nothing that counts is lost beside them."""
    transaction_id, _ = await charge_point.start(tenant.id_tag, 1000)
    sampled = [{"value": value}, {"value": "1.7", "unit": "kWh"}]
    await charge_point.meter_values(sampled, transactionId=transaction_id)
    await charge_point.meter_values([{"value": value}], transactionId=transaction_id)
    assert (await operator.session(charge_point, transaction_id))["energy_wh"] == 700
    assert (await operator.deviations(charge_point))["unreadable_value"] >= 2


async def test_quirk_13_unknown_words(
    tenant: TestTenant,
    charge_point: ScriptedChargePoint,
    strict_charge_point: ScriptedChargePoint,
    operator: Operator,
) -> None:
    await charge_point.status(1, "Available", "Error")
    shown = await operator.connector(charge_point, 1)
    assert (shown["status"], shown["error_code"]) == ("Available", "OtherError")
    for measurand, unit in (("Frequency", "Hz"), ("Temperature", "Celcius")):
        await charge_point.meter_values([{"value": "50.0", "measurand": measurand, "unit": unit}])
    transaction_id, _ = await charge_point.start(tenant.id_tag)
    await charge_point.stop(transaction_id, reason="Boredom")
    assert (await operator.session(charge_point, transaction_id))["stop_reason"] == "Boredom"
    assert (await operator.deviations(charge_point))["unknown_word"] >= 2
    code = await strict_charge_point.refused("StatusNotification", STATUS | {"errorCode": "Error"})
    assert code == "PropertyConstraintViolation"


async def test_quirk_14_times_without_zone(
    system: RunningSystem, tenant: TestTenant, operator: Operator, prepare: Prepare
) -> None:
    """UTC, or the zone that is set for the charge point."""
    told = datetime.now(UTC).replace(month=1, day=15, hour=12, minute=0, second=0, microsecond=0, tzinfo=None)
    for zone, offset in ((None, 0), ("Europe/Berlin", 1)):
        identity = prepare(settings={"time_zone": zone})
        async with ScriptedChargePoint(system.ws_url, identity) as charge_point:
            await charge_point.boot()
            transaction_id, _ = await charge_point.start(tenant.id_tag, timestamp=told.isoformat())
            session = await operator.session(charge_point, transaction_id)
            expected = (told - timedelta(hours=offset)).replace(tzinfo=UTC)
            assert _moment(session["start_time"]) == expected
            assert (await operator.deviations(charge_point))["time_without_zone"] == 1


async def test_quirk_14_local_time_marked_as_utc(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    """A clock that is two hours ahead is believed, and a person is told."""
    transaction_id, _ = await charge_point.start(tenant.id_tag, timestamp=at(7200))
    await charge_point.stop(transaction_id, timestamp=at(7260))
    session = await operator.session(charge_point, transaction_id)
    assert session["status"] == "completed"
    assert "stopped_in_the_future" in session["review"]


async def test_quirk_15_times_before_the_clock_was_set(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    """The time of receipt counts."""
    transaction_id, _ = await charge_point.start(tenant.id_tag, 0, timestamp="1970-01-01T00:00:07Z")
    await charge_point.stop(transaction_id, 900, timestamp="1970-01-01T01:00:07Z")
    session = await operator.session(charge_point, transaction_id)
    for time in (session["start_time"], session["stop_time"]):
        assert abs(datetime.now(UTC) - _moment(time)) < timedelta(minutes=1)
    assert (session["status"], session["energy_wh"]) == ("completed", 900)
    assert (await operator.deviations(charge_point))["implausible_time"] == 2


@pytest.mark.parametrize("reservation_id", [0, -1])
async def test_quirk_16_no_reservation(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator, reservation_id: int
) -> None:
    transaction_id, info = await charge_point.start(tenant.id_tag, reservationId=reservation_id)
    assert info["status"] == "Accepted"
    assert (await operator.session(charge_point, transaction_id))["reservation_id"] is None
    assert (await operator.deviations(charge_point))["no_reservation"] == 1


@pytest.mark.parametrize("no_transaction", [0, -1])
async def test_quirk_17_no_transaction(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator, no_transaction: int
) -> None:
    """The charge point never heard its id: readings and stop find the session by connector and time."""
    transaction_id, _ = await charge_point.start(tenant.id_tag, 1000)
    await charge_point.meter_values([{"value": "1400"}], transactionId=no_transaction)
    assert (await operator.session(charge_point, transaction_id))["energy_wh"] == 400
    assert await charge_point.stop(no_transaction, 1900) == {}
    session = await operator.session(charge_point, transaction_id)
    assert (session["status"], session["energy_wh"]) == ("completed", 900)
    assert "matched_by_time" in session["review"]
    assert (await operator.deviations(charge_point))["no_transaction"] == 2


async def test_quirk_18_the_same_start_again(
    system: RunningSystem, tenant: TestTenant, operator: Operator
) -> None:
    """With the same id, with a new one, on a new socket: one session, one answer."""
    identity = tenant.identity()
    start = {"connectorId": 1, "idTag": tenant.id_tag, "meterStart": 7, "timestamp": at(-5)}
    async with ScriptedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot()
        first = await charge_point.ask("StartTransaction", start, unique_id="start-1")
        again = await charge_point.ask("StartTransaction", start, unique_id="start-1")
        other = await charge_point.ask("StartTransaction", start, unique_id="start-2")
    async with ScriptedChargePoint(system.ws_url, identity) as charge_point:
        later = await charge_point.ask("StartTransaction", start, unique_id="start-3")
        assert first == again
        assert first[2] == other[2] == later[2]
        assert first[2]["idTagInfo"]["status"] == "Accepted"
        assert len(await operator.sessions(charge_point)) == 1


async def test_quirk_19_a_stop_without_a_start(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    """Kept as a session of its own, for a person to look at."""
    stop = {"transactionId": 1_999_999_999, "meterStop": 4711, "timestamp": at(), "idTag": tenant.id_tag}
    answer = await charge_point.call("StopTransaction", stop)
    assert answer["idTagInfo"]["status"] == "Accepted"
    (session,) = await operator.sessions(charge_point)
    assert (session["status"], session["stop_meter_value"]) == ("faulted", 4711)
    assert "stop_without_start" in session["review"]
    assert (await operator.deviations(charge_point))["unknown_transaction"] == 1


async def test_quirk_20_meter_values_after_the_stop(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    """They belong to the session by its id, and it stays closed."""
    transaction_id, _ = await charge_point.start(tenant.id_tag, 1000, timestamp=at(-60))
    await charge_point.stop(transaction_id, 2000, timestamp=at(-1))
    sample: dict[str, Any] = {"value": "2000", "context": "Transaction.End"}
    await charge_point.meter_values([sample], transactionId=transaction_id)
    session = await operator.session(charge_point, transaction_id)
    assert (session["status"], session["energy_wh"]) == ("completed", 1000)
    assert [value["value"] for value in session["meter_values"]] == [2000]


async def test_quirk_21_a_register_that_starts_anew(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    """Each session counts from its own first value."""
    energies = []
    for meter_stop in (8000, 300):
        transaction_id, _ = await charge_point.start(tenant.id_tag, 0)
        await charge_point.stop(transaction_id, meter_stop)
        session = await operator.session(charge_point, transaction_id)
        assert session["review"] == []
        energies.append(session["energy_wh"])
    assert energies == [8000, 300]


async def test_quirk_22_id_tags_that_are_not_clean(
    tenant: TestTenant,
    charge_point: ScriptedChargePoint,
    strict_charge_point: ScriptedChargePoint,
    operator: Operator,
) -> None:
    dirty = f"{tenant.id_tag}\u0000\u0003 "
    assert (await charge_point.authorize(dirty))["status"] == "Accepted"
    assert (await charge_point.authorize("04:AA:BB:CC:DD:EE:FF:80"))["status"] == "Invalid"
    transaction_id, info = await charge_point.start(dirty)
    assert info["status"] == "Accepted"
    answer = await charge_point.stop(transaction_id, idTag="X" * 40)
    assert answer["idTagInfo"]["status"] == "Invalid"
    deviations = await operator.deviations(charge_point)
    assert deviations["id_tag_not_clean"] == 2
    assert deviations["text_too_long"] == 2
    code = await strict_charge_point.refused("Authorize", {"idTag": "X" * 40})
    assert code == "PropertyConstraintViolation"


async def test_quirk_23_null_payloads_and_empty_frames(
    charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    await charge_point.send("")
    answer = await charge_point.ask_raw('[2,"1","Heartbeat",null]', "1", "Heartbeat")
    assert answer[0] == 3
    deviations = await operator.deviations(charge_point)
    assert (deviations["null_payload"], deviations["empty_frame"]) == (1, 1)


async def test_quirk_24_extra_members(
    tenant: TestTenant,
    charge_point: ScriptedChargePoint,
    strict_charge_point: ScriptedChargePoint,
    operator: Operator,
) -> None:
    extra = {"idTag": tenant.id_tag, "connectorId": 1}
    assert (await charge_point.call("Authorize", extra))["idTagInfo"]["status"] == "Accepted"
    assert await operator.deviations(charge_point) == {"unknown_member": 1}
    assert await strict_charge_point.refused("Authorize", extra) == "FormationViolation"
