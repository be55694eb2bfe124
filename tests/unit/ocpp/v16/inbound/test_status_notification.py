"""StatusNotification: a connector's newest state is kept and told (B36-B43)."""

from typing import Any

import pytest

from app.domain.charge_point import Availability
from app.domain.reservation import ReservationStatus
from tests.builders import NOON, a_reservation, at
from tests.unit.ocpp.conftest import Station


def status(connector_id: int = 1, word: str = "Available", **fields: Any) -> dict[str, Any]:
    return {"connectorId": connector_id, "status": word, "errorCode": "NoError"} | fields


def test_the_state_is_kept_with_everything_it_said(station: Station) -> None:
    told = status(
        1, "Charging", timestamp="2026-03-01T12:00:05Z", info="i", vendorId="v", vendorErrorCode="e"
    )
    assert station.ask("StatusNotification", told) == {}
    (connector,) = station.stored.connectors
    assert (connector.id, connector.status, connector.error_code) == (1, "Charging", "NoError")
    assert (connector.info, connector.vendor_id, connector.vendor_error_code) == ("i", "v", "e")
    assert connector.last_update == at(5)


@pytest.mark.parametrize("fields", [{}, {"timestamp": "yesterday"}])
def test_without_a_readable_time_it_is_the_time_of_receipt(station: Station, fields: dict[str, Any]) -> None:
    """B38."""
    station.ask("StatusNotification", status(**fields))
    assert station.stored.connectors[0].last_update == NOON


def test_an_unknown_error_is_another_error_with_the_charge_points_own_word(station: Station) -> None:
    """G13: `Error` of some vendors."""
    station.ask("StatusNotification", status(1, "Faulted", errorCode="Error"))
    station.ask("StatusNotification", status(2, "Faulted", errorCode="Error", vendorErrorCode="E17"))
    said = [(c.error_code, c.vendor_error_code) for c in station.stored.connectors]
    assert said == [("OtherError", "Error"), ("OtherError", "E17")]


def test_a_connector_nobody_announced_is_created(station: Station) -> None:
    """B5."""
    for number in (2, 0, 1):
        station.ask("StatusNotification", status(number))
    assert [connector.id for connector in station.stored.connectors] == [0, 1, 2]


def test_every_status_is_told_to_the_world(station: Station) -> None:
    station.ask("StatusNotification", status(0))
    station.ask("StatusNotification", status(1, "Charging"))
    (first, second) = station.events("status")
    assert (first.body["status"], second.body["status"]) == ("Unavailable", "Occupied")
    assert [c["id"] for c in second.body["connectors"]] == [0, 1]


def test_a_fault_is_told_as_a_fault(station: Station) -> None:
    station.ask(
        "StatusNotification",
        status(2, "Faulted", errorCode="GroundFailure", info="leak", vendorId="v", vendorErrorCode="77"),
    )
    (fault,) = station.events("fault")
    assert fault.body["data"] == {
        "connector_id": 2,
        "status": "Faulted",
        "error_code": "GroundFailure",
        "info": "leak",
        "vendor_id": "v",
        "vendor_error_code": "77",
    }
    assert station.stored.availability is Availability.FAULTED


def test_an_error_without_a_fault_is_a_warning_and_the_connector_stays_usable(station: Station) -> None:
    """B37."""
    station.ask("StatusNotification", status(1, "Available", errorCode="WeakSignal"))
    assert len(station.events("fault")) == 1
    assert station.stored.availability is Availability.AVAILABLE


def test_no_error_is_no_fault(station: Station) -> None:
    station.ask("StatusNotification", status(1, "Charging"))
    assert station.events("fault") == []


@pytest.mark.parametrize("fields", [{"status": "Occupied"}, {"info": "x" * 200}])
def test_words_of_other_versions_are_kept_as_they_came(station: Station, fields: dict[str, Any]) -> None:
    """G10, G13: never a CallError."""
    assert station.ask("StatusNotification", status() | fields) == {}
    kept = station.stored.connectors[0]
    assert {kept.error_code, kept.status, kept.info} >= set(fields.values())


@pytest.mark.parametrize("connector_id", [-1, 1001])
def test_a_connector_out_of_all_reason_is_refused(station: Station, connector_id: int) -> None:
    """Else a broken charge point could grow its document without end."""
    assert station.refusal("StatusNotification", status(connector_id)) == "PropertyConstraintViolation"


def test_a_late_copy_of_a_call_changes_nothing(station: Station) -> None:
    """Redelivery and fallback reorder; the fence does not (design section 3)."""
    early = station.call("StatusNotification", status(1, "Preparing"))
    late = station.call("StatusNotification", status(1, "Charging"))
    station.handle(late)
    (reply,) = station.handle(early)
    assert reply.text == '[3,"u-1",{}]'
    assert station.stored.connectors[0].status == "Charging"
    assert [event.body["connectors"][0]["status"] for event in station.events("status")] == ["Charging"]


def test_the_same_call_twice_is_told_under_one_event_id(station: Station) -> None:
    call = station.call("StatusNotification", status(1, "Faulted"))
    station.handle(call)
    station.handle(call)
    assert len({event.body["event_id"] for event in station.events("status")}) == 1
    assert len({event.body["event_id"] for event in station.events("fault")}) == 1


def test_a_call_of_a_new_connection_beats_all_of_the_old_one(station: Station) -> None:
    old = [station.call("StatusNotification", status(1, "Charging")) for _ in range(3)][-1]
    station.epoch, station.sequence = 2, 0
    station.ask("StatusNotification", status(1, "Available"))
    station.handle(old)
    assert station.stored.connectors[0].status == "Available"


def test_status_never_starts_or_stops_a_transaction(station: Station) -> None:
    """B39."""
    station.ask("StatusNotification", status(1, "Charging"))
    assert station.events("session_started") == []


def test_a_connector_out_of_service_ends_its_reservation(station: Station) -> None:
    """B40."""
    reservations = station.world.services.keepers.reservations
    reservations.note_answered(a_reservation(), ReservationStatus.ACCEPTED)
    station.ask("StatusNotification", status(1, "Reserved"))
    station.ask("StatusNotification", status(2, "Faulted"))
    assert reservations.get("acme", "r-1").status is ReservationStatus.ACCEPTED
    station.ask("StatusNotification", status(1, "Unavailable"))
    kept = reservations.get("acme", "r-1")
    assert (kept.status, kept.reason) == (ReservationStatus.ENDED, "Unavailable")
    assert not station.stored.has_reservations


def test_a_conflict_of_the_local_list_is_noted(station: Station) -> None:
    """B41: it comes with connector 0; the next list is sent whole."""
    station.ask("StatusNotification", status(0, errorCode="LocalListConflict"))
    assert station.world.services.keepers.local_lists.get(station.ref).state.value == "conflict"
