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

STOP: dict[str, Any] = {"transactionId": 1, "meterStop": 2600, "timestamp": "2026-03-01T12:30:00Z"}


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
        "attributed": "transaction",
        "register_wh": 1500,
        "energy_wh": 500,
        "duration_seconds": 60,
        "sampled_values": [{"value": "1500"}],
    }


def test_a_tenant_may_keep_readings_off_the_session_topic(charging: Station) -> None:
    charging.configure(meter_values_on_session_topic=False)
    charging.ask("MeterValues", values(transactionId=1))
    assert [event.channel.value for event in charging.events("meter_value")] == ["meter_value"]


NO_TRANSACTION = [
    {},
    {"transactionId": -1},
    {"transactionId": 0},
    {"transactionId": 777},
    {"transactionId": None},
]


@pytest.mark.parametrize("fields", NO_TRANSACTION)
def test_a_reading_of_no_known_transaction_belongs_to_what_ran_at_its_time(
    charging: Station, fields: dict[str, Any]
) -> None:
    """B20-B22, G17: by connector and time, and one can see that it was so."""
    assert charging.ask("MeterValues", values(**fields)) == {}
    (record,) = charging.world.batches.meter_records.values()
    assert (record.owner, record.attributed) == ("session-1", "time")
    assert record.transaction_id == fields.get("transactionId")
    told, _ = charging.events("meter_value")
    assert (told.body["session_id"], told.body["data"]["attributed"]) == ("session-1", "time")
    assert told.body["data"]["energy_wh"] == 500
    assert charging.world.services.sessions.get("acme", "session-1").energy_wh == 500


@pytest.mark.parametrize("fields", NO_TRANSACTION)
@pytest.mark.parametrize(
    "away", [{"connectorId": 2}, {"connectorId": 0}, {"at_time": "2026-03-01T11:59:59Z"}]
)
def test_a_reading_that_no_session_covers_stays_with_its_connector(
    charging: Station, fields: dict[str, Any], away: dict[str, Any]
) -> None:
    """Connector 0 is the main meter, and never a session's (B21)."""
    assert charging.ask("MeterValues", values(**fields, **away)) == {}
    (record,) = charging.world.batches.meter_records.values()
    assert (record.owner, record.attributed) == (f"CP-1#{away.get('connectorId', 1)}", None)
    (told,) = charging.events("meter_value")
    assert (told.body["session_id"], told.body["data"]["energy_wh"]) == (None, None)


def test_a_reading_of_connector_0_that_names_its_transaction_is_of_it(charging: Station) -> None:
    """B20: the charge point says so itself."""
    charging.ask("MeterValues", values(connectorId=0, transactionId=1))
    (record,) = charging.world.batches.meter_records.values()
    assert (record.owner, record.attributed) == ("session-1", "transaction")


def test_each_reading_of_a_message_goes_where_its_time_says(charging: Station) -> None:
    charging.ask("StopTransaction", STOP)
    told = values({"value": "2500"}, at_time="2026-03-01T12:30:00Z")
    told["meterValue"] += values({"value": "2501"}, at_time="2026-03-01T12:30:01Z")["meterValue"]
    charging.world.clock.advance(3600)
    charging.ask("MeterValues", told)
    owners = {r.reading.timestamp: r.owner for r in charging.world.batches.meter_records.values()}
    assert owners == {at(1800): "session-1", at(1801): "CP-1#1"}
    session = charging.world.services.sessions.get("acme", "session-1")
    assert session.meter_values == (EnergyValue(at(1800), 2500),)


def test_a_reading_after_a_newer_start_is_the_newer_ones(charging: Station) -> None:
    """B33: nobody knows yet that the stop of the first is missing."""
    charging.ask("StartTransaction", START | {"timestamp": "2026-03-01T12:10:00Z"})
    charging.ask("MeterValues", values(at_time="2026-03-01T12:09:00Z"))
    charging.ask("MeterValues", values(at_time="2026-03-01T12:11:00Z"))
    assert [r.owner for r in charging.world.batches.meter_records.values()] == ["session-1", "session-2"]


def test_a_session_of_another_charge_point_covers_nothing_here(
    charging: Station, add_station: Callable[..., Station]
) -> None:
    add_station("CP-2").ask("MeterValues", values())
    (record,) = charging.world.batches.meter_records.values()
    assert (record.owner, record.attributed) == ("CP-2#1", None)


def test_a_reading_from_far_ahead_counts_as_of_its_receipt(charging: Station) -> None:
    """G15: else it would be the newest one for ever."""
    charging.ask("MeterValues", values({"value": "9999"}, at_time="2027-01-01T00:00:00Z", transactionId=1))
    (record,) = charging.world.batches.meter_records.values()
    assert record.reading.timestamp == NOON


@pytest.mark.parametrize(
    ("samples", "register"),
    [
        (({"value": "0.1", "unit": "kwh"},), 100),
        (({"value": "1"}, {"value": "2", "location": "Inlet"}), 1),
        (({"value": "2", "location": "Inlet"}, {"value": "1", "location": "Outlet"}), 1),
        (tuple({"value": "1.1", "unit": "kWh", "phase": f"L{n}"} for n in (1, 2, 3)), 3300),
        (({"value": "5", "measurand": "Energy.Active.Import.Interval"},), None),
        (({"value": "30AABB", "format": "SignedData"}, {"value": "7"}), 7),
    ],
)
def test_what_the_register_reads(charging: Station, samples: Any, register: float | None) -> None:
    """B23-B26, G12."""
    charging.ask("MeterValues", values(*samples, transactionId=1))
    assert charging.events("meter_value")[0].body["data"]["register_wh"] == register


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
