"""MeterValues: kept, attributed, answered with nothing, always (B18-B26, vector H10)."""

from collections.abc import Callable
from typing import Any

import pytest

from app.domain.session import EnergyValue
from tests.builders import NOON, at
from tests.unit.ocpp.conftest import Station

START: dict[str, Any] = {
    "connectorId": 1,
    "idTag": "TAG",
    "meterStart": 1000,
    "timestamp": "2026-03-01T12:00:00Z",
}


def values(*samples: dict[str, Any], at_time: str = "2026-03-01T12:01:00Z", **fields: Any) -> dict[str, Any]:
    samples = samples or ({"value": "1500"},)
    return {"connectorId": 1, "meterValue": [{"timestamp": at_time, "sampledValue": list(samples)}]} | fields


@pytest.fixture
def charging(station: Station) -> Station:
    """Transaction 1 is running since noon."""
    station.ask("StartTransaction", START)
    return station


def test_a_reading_is_kept_verbatim_under_its_session(charging: Station) -> None:
    sample = {"value": "1.5", "unit": "kWh", "context": "Sample.Periodic", "location": "Outlet"}
    assert charging.ask("MeterValues", values(sample, transactionId=1)) == {}
    (record,) = charging.world.batches.meter_records.values()
    assert (record.owner, record.connector_id, record.transaction_id) == ("session-1", 1, 1)
    assert record.reading.timestamp == at(60)
    assert record.reading.sampled_values == (sample,)
    assert record.received_at == NOON


def test_the_register_shows_in_the_running_session(charging: Station) -> None:
    charging.ask("MeterValues", values({"value": "1.5", "unit": "kWh"}, transactionId=1))
    session = charging.world.services.sessions.get("acme", "session-1")
    assert session.meter_values == (EnergyValue(at(60), 1500),)
    assert session.energy_wh == 500


def test_a_reading_is_told_to_the_world_on_both_topics(charging: Station) -> None:
    charging.ask("MeterValues", values(transactionId=1))
    first, second = charging.events("meter_value")
    assert (first.channel.value, second.channel.value) == ("meter_value", "session")
    assert first.body == second.body
    assert first.body["session_id"] == "session-1"
    assert first.body["timestamp"] == "2026-03-01T12:01:00.000Z"
    assert first.body["data"] == {
        "connector_id": 1,
        "transaction_id": 1,
        "register_wh": 1500,
        "energy_wh": 500,
        "duration_seconds": 60,
        "sampled_values": [{"value": "1500"}],
    }


def test_a_tenant_may_keep_readings_off_the_session_topic(charging: Station) -> None:
    charging.configure(meter_values_on_session_topic=False)
    charging.ask("MeterValues", values(transactionId=1))
    assert [event.channel.value for event in charging.events("meter_value")] == ["meter_value"]


@pytest.mark.parametrize(
    "fields",
    [{}, {"transactionId": -1}, {"transactionId": 0}, {"transactionId": 777}, {"transactionId": None}],
)
def test_a_reading_of_no_known_transaction_stays_with_its_connector(
    charging: Station, fields: dict[str, Any]
) -> None:
    """B20-B22: nobody guesses which transaction was running."""
    assert charging.ask("MeterValues", values(**fields)) == {}
    (record,) = charging.world.batches.meter_records.values()
    assert record.owner == "CP-1#1"
    (told,) = charging.events("meter_value")
    assert (told.body["session_id"], told.body["data"]["energy_wh"]) == (None, None)


def test_a_transaction_of_another_charge_point_gets_nothing(
    charging: Station, add_station: Callable[..., Station]
) -> None:
    other = add_station("CP-2")
    other.ask("MeterValues", values(transactionId=1))
    assert charging.world.services.sessions.get("acme", "session-1").meter_values == ()


@pytest.mark.parametrize(
    "sample",
    [
        {"value": "abc"},
        {"value": ""},
        {"value": 12.5},
        {"value": "aabbcc", "format": "SignedData"},
        {"value": "50", "measurand": "Frequency", "unit": "Hz"},
        {"value": "1", "measurand": "Made.Up", "phase": "L9", "context": "Whenever"},
        {"value": "1", "colour": "red"},
    ],
)
def test_whatever_is_measured_is_kept_and_answered(charging: Station, sample: dict[str, Any]) -> None:
    """B19, B25, G12, G13."""
    assert charging.ask("MeterValues", values(sample, transactionId=1)) == {}
    (record,) = charging.world.batches.meter_records.values()
    assert record.reading.sampled_values[0]["value"] == str(sample["value"])


def test_made_up_fields_of_a_sample_are_not_kept(charging: Station) -> None:
    """They would become keys in the store."""
    charging.ask("MeterValues", values({"value": "1", "$set": "x", "a.b": "y"}, transactionId=1))
    (record,) = charging.world.batches.meter_records.values()
    assert record.reading.sampled_values == ({"value": "1"},)


def test_connector_0_is_the_main_meter(station: Station) -> None:
    """Vector H10, B21."""
    assert station.ask("MeterValues", values(connectorId=0)) == {}
    (record,) = station.world.batches.meter_records.values()
    assert record.owner == "CP-1#0"


@pytest.mark.parametrize(
    "broken",
    [
        "nonsense",
        5,
        None,
        {},
        {"timestamp": "t", "sampledValue": "x"},
        {"timestamp": "t", "sampledValue": []},
    ],
)
def test_a_broken_reading_costs_the_others_nothing(charging: Station, broken: Any) -> None:
    told = values(transactionId=1)
    told["meterValue"].insert(0, broken)
    assert charging.ask("MeterValues", told) == {}
    assert len(charging.world.batches.meter_records) == 1


@pytest.mark.parametrize("time", ["1st of March", "", 1772366400, None])
def test_a_reading_without_readable_time_has_the_time_of_receipt(charging: Station, time: Any) -> None:
    told = values(transactionId=1)
    told["meterValue"][0]["timestamp"] = time
    charging.ask("MeterValues", told)
    (record,) = charging.world.batches.meter_records.values()
    assert record.reading.timestamp == NOON


def test_the_same_values_again_are_kept_once_and_told_under_the_same_ids(charging: Station) -> None:
    """Everything may arrive twice (design section 4)."""
    for _ in range(2):
        charging.ask("MeterValues", values(transactionId=1))
    assert len(charging.world.batches.meter_records) == 1
    assert len({event.body["event_id"] for event in charging.events("meter_value")}) == 1


def test_values_that_come_after_the_stop_reach_the_session_and_leave_it_closed(charging: Station) -> None:
    """B20, G20: attached by id, not by what is running now."""
    charging.ask(
        "StopTransaction", {"transactionId": 1, "meterStop": 3000, "timestamp": "2026-03-01T12:30:00Z"}
    )
    charging.ask("MeterValues", values({"value": "2990"}, at_time="2026-03-01T12:29:00Z", transactionId=1))
    session = charging.world.services.sessions.get("acme", "session-1")
    assert session.status.value == "completed"
    assert session.meter_values == (EnergyValue(at(1740), 2990),)
    assert session.energy_wh == 2000


def test_several_readings_of_several_times_come_in_one_message(charging: Station) -> None:
    """B26."""
    told = values(transactionId=1)
    told["meterValue"].append(
        {"timestamp": "2026-03-01T12:02:00Z", "sampledValue": [{"value": "230", "measurand": "Voltage"}]}
    )
    charging.ask("MeterValues", told)
    assert len(charging.world.batches.meter_records) == 2
    registers = [event.body["data"]["register_wh"] for event in charging.events("meter_value")]
    assert registers == [1500, 1500, None, None]
