"""BootNotification: inventory in; verdict, time and interval out (B9-B13, A33-A38)."""

import json
from typing import Any

import pytest

from app.domain.charge_point import Registration
from tests.builders import NOON
from tests.unit.ocpp.conftest import Station

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
START = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": "2026-03-01T12:00:00Z"}


def make_new(station: Station) -> None:
    """As if it had never booted."""
    station.world.add_charge_point("acme", "CP-1", None)
    station.registration = None


def test_the_answer_has_exactly_three_fields(station: Station) -> None:
    """Vector H2: the field is `interval`, a whole number, not `heartbeatInterval` (0.4)."""
    assert station.ask("BootNotification", BOOT) == {
        "status": "Accepted",
        "currentTime": "2026-03-01T12:00:00.000Z",
        "interval": 300,
    }


@pytest.mark.parametrize(("admission", "interval"), [("Accepted", 900), ("Pending", 30), ("Rejected", 30)])
def test_the_operators_decision_is_the_answer(station: Station, admission: str, interval: int) -> None:
    """Accepted: seconds between heartbeats; else seconds until the next boot (A34-A36)."""
    make_new(station)
    station.world.charge_points.change(station.ref, {"admission": Registration(admission)})
    station.configure(heartbeat_interval=900, boot_retry_interval=30)
    (reply,) = station.handle(station.call("BootNotification", BOOT))
    answer = json.loads(reply.text)[2]
    assert (answer["status"], answer["interval"]) == (admission, interval)
    assert reply.registration == admission
    assert station.stored.registration is Registration(admission)


def test_a_pending_charge_point_is_accepted_at_its_next_boot(station: Station) -> None:
    make_new(station)
    station.world.charge_points.change(station.ref, {"admission": Registration.PENDING})
    assert station.ask("BootNotification", BOOT)["status"] == "Pending"
    station.world.charge_points.change(station.ref, {"admission": Registration.ACCEPTED})
    assert station.ask("BootNotification", BOOT)["status"] == "Accepted"


def test_the_inventory_is_kept(station: Station) -> None:
    told: dict[str, Any] = {
        "chargePointVendor": "Vendor",
        "chargePointModel": "Model",
        "chargePointSerialNumber": "SN-1",
        "chargeBoxSerialNumber": "SN-2",
        "firmwareVersion": "1.2.3",
        "iccid": "89",
        "imsi": "262",
        "meterType": "MT",
        "meterSerialNumber": "MS",
    }
    station.ask("BootNotification", told)
    stored = station.stored
    assert stored.inventory == {
        "charge_point_vendor": "Vendor",
        "charge_point_model": "Model",
        "charge_point_serial_number": "SN-1",
        "charge_box_serial_number": "SN-2",
        "firmware_version": "1.2.3",
        "iccid": "89",
        "imsi": "262",
        "meter_type": "MT",
        "meter_serial_number": "MS",
    }
    assert stored.last_boot == NOON
    assert stored.configuration == {"heartbeat_interval": 300, "meter_values_interval": 60}


def test_over_long_numbers_and_made_up_fields_are_no_reason_to_refuse(station: Station) -> None:
    """G10, G11, G24: cut to 255 characters, numbers as text, unknown fields left out."""
    station.ask(
        "BootNotification", BOOT | {"chargePointSerialNumber": "x" * 400, "imsi": 262, "colour": "red"}
    )
    inventory = station.stored.inventory
    assert inventory["charge_point_serial_number"] == "x" * 255
    assert inventory["imsi"] == "262"
    assert "red" not in inventory.values()


def test_a_boot_ends_no_transaction(station: Station) -> None:
    """B11: its StopTransaction may still come."""
    station.ask("StartTransaction", START)
    station.ask("BootNotification", BOOT)
    assert station.world.services.sessions.get("acme", "session-1").stop_time is None


def test_booting_again_and_again_is_answered_every_time(station: Station) -> None:
    """G9."""
    for _ in range(3):
        assert station.ask("BootNotification", BOOT)["status"] == "Accepted"
