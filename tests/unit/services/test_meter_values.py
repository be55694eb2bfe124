"""Meter values beneath the wire; attribution and events are tested with MeterValues."""

from app.domain.session import EnergyValue, SessionStatus
from app.domain.tenant import Tenant
from app.services.batch import Batch
from app.services.meter_values import MeterReport, energy_values_of
from tests.builders import REF, a_call, a_reading, a_session, at
from tests.fakes.world import World


def test_only_readings_with_a_register_are_energy_values() -> None:
    readings = [
        a_reading(1),
        a_reading(2, {"value": "230", "measurand": "Voltage"}),
        a_reading(3, {"value": "x"}),
    ]
    assert energy_values_of(readings) == (EnergyValue(at(1), 1500),)


def test_every_record_remembers_its_call(world: World, tenant: Tenant) -> None:
    """So that one failing write fails one call."""
    batch = Batch(tenant)
    for index in (0, 5):
        report = MeterReport(index, None, (a_reading(index), a_reading(index + 1)))
        world.services.meter_values.record(batch, index, a_call(), report)
    assert [record.call for record in batch.meter_records] == [0, 0, 5, 5]
    assert [call for call, _ in batch.events] == [0, 0, 5, 5]
    assert {record.charge_point for record in batch.meter_records} == {REF}


def test_late_values_without_a_register_do_not_touch_the_session(world: World, tenant: Tenant) -> None:
    batch = Batch(tenant, sessions={1: a_session(1, status=SessionStatus.COMPLETED)})
    voltage = a_reading(1, {"value": "230", "measurand": "Voltage"})
    world.services.meter_values.record(batch, 0, a_call(), MeterReport(1, 1, (voltage,)))
    assert batch.late_energy == []
    world.services.meter_values.record(batch, 1, a_call(), MeterReport(1, 1, (a_reading(2),)))
    assert [(late.call, late.session_id) for late in batch.late_energy] == [(1, "session-1")]


def test_a_report_without_readings_leaves_nothing(world: World, tenant: Tenant) -> None:
    batch = Batch(tenant)
    world.services.meter_values.record(batch, 0, a_call(), MeterReport(1, None, ()))
    assert (batch.meter_records, batch.events) == ([], [])


def test_a_reading_too_large_for_a_broker_is_told_without_its_values(world: World, tenant: Tenant) -> None:
    """One event that no broker takes would hold up all that come after it."""
    batch = Batch(tenant)
    huge = a_reading(1, *({"value": "7", "format": "SignedData" + "x" * 600} for _ in range(100)))
    world.services.meter_values.record(batch, 0, a_call(), MeterReport(1, None, (huge,)))
    assert batch.events[0][1].body["data"]["sampled_values"] == []
    assert len(batch.meter_records[0].reading.sampled_values) == 100
