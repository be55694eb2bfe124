"""StopTransaction: cannot be refused (B44-B52, vector H9)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.domain.session import EnergyValue, Session, SessionStatus
from tests.builders import NOON, a_session, an_installed_profile, at
from tests.unit.ocpp.conftest import Station

START: dict[str, Any] = {
    "connectorId": 1,
    "idTag": "TAG",
    "meterStart": 1000,
    "timestamp": "2026-03-01T11:00:00Z",
}
STOP: dict[str, Any] = {"transactionId": 1, "meterStop": 3500, "timestamp": "2026-03-01T11:30:00Z"}


def reading(seconds: int, wh: int, **fields: Any) -> dict[str, Any]:
    minutes, rest = divmod(seconds, 60)
    return {
        "timestamp": f"2026-03-01T11:{minutes:02}:{rest:02}Z",
        "sampledValue": [{"value": str(wh)} | fields],
    }


def session(station: Station, number: int = 1) -> Session:
    return station.world.services.sessions.get("acme", f"session-{number}")


def unmatched(station: Station) -> list[Session]:
    return [s for s in station.world.sessions.all("acme") if s.status is SessionStatus.FAULTED]


@pytest.fixture
def charging(station: Station) -> Station:
    """Transaction 1 is running since eleven."""
    station.world.services.id_tags.put("acme", "TAG")
    station.ask("StartTransaction", START)
    return station


def test_a_stop_completes_its_session(charging: Station) -> None:
    assert charging.ask("StopTransaction", STOP | {"reason": "Remote"}) == {}
    ended = session(charging)
    assert ended.status is SessionStatus.COMPLETED
    assert (ended.stop_time, ended.stop_meter_value, ended.stop_reason) == (at(-1800), 3500, "Remote")
    assert (ended.energy_wh, ended.review) == (2500, ())


def test_no_reason_means_local(charging: Station) -> None:
    """B45."""
    charging.ask("StopTransaction", STOP)
    assert session(charging).stop_reason == "Local"


def test_the_tag_is_spoken_of_only_if_the_stop_names_one(charging: Station) -> None:
    """B44."""
    answer = charging.ask("StopTransaction", STOP | {"idTag": "TAG"})
    assert answer == {"idTagInfo": {"status": "Accepted"}}
    assert session(charging).stop_id_tag == "TAG"


def test_a_stop_by_an_unknown_tag_is_a_stop_all_the_same(charging: Station) -> None:
    """B49, G22: the charge point has checked."""
    answer = charging.ask("StopTransaction", STOP | {"idTag": "NOBODY" * 5})
    assert answer == {"idTagInfo": {"status": "Invalid"}}
    assert session(charging).status is SessionStatus.COMPLETED
    assert session(charging).review == ("stopped_by_other_tag",)


def test_the_stop_is_told_to_the_world(charging: Station) -> None:
    charging.ask("StopTransaction", STOP)
    (told,) = charging.events("session_stopped")
    assert (told.body["session_id"], told.body["event_id"]) == ("session-1", "session-1:stopped")
    assert told.body["timestamp"] == "2026-03-01T11:30:00.000Z"
    assert told.body["data"] == {
        "connector_id": 1,
        "transaction_id": 1,
        "id_tag": "TAG",
        "meter_start_wh": 1000,
        "energy_wh": 2500,
        "duration_seconds": 1800,
        "meter_stop_wh": 3500,
        "reason": "Local",
        "status": "completed",
        "fault_reason": None,
        "estimated": False,
        "review": [],
    }


def test_the_same_stop_again_is_answered_like_the_first_and_changes_nothing(charging: Station) -> None:
    """B47."""
    first = charging.ask("StopTransaction", STOP | {"idTag": "TAG"})
    before = session(charging)
    assert charging.ask("StopTransaction", STOP | {"idTag": "TAG"}) == first
    assert session(charging) == before
    assert len(charging.events("session_stopped")) == 1
    assert unmatched(charging) == []


def test_another_stop_of_the_same_transaction_is_noted_and_changes_nothing_else(charging: Station) -> None:
    """B47."""
    charging.ask("StopTransaction", STOP)
    before = session(charging)
    for _ in range(2):
        assert charging.ask("StopTransaction", STOP | {"meterStop": 9999, "reason": "Other"}) == {}
    assert session(charging) == replace(before, review=("second_stop_differs",))
    assert len(charging.events("session_stopped")) == 1
    assert unmatched(charging) == []


def test_a_stop_of_an_unknown_transaction_is_answered_and_kept(charging: Station) -> None:
    """B46, G19, vector H9: nothing of it is lost."""
    stop = STOP | {"transactionId": 777, "transactionData": [reading(60, 1500)]}
    assert charging.ask("StopTransaction", stop) == {}
    (kept,) = unmatched(charging)
    assert (kept.transaction_id, kept.stop_meter_value, kept.fault_reason) == (
        777,
        3500,
        "stop_without_start",
    )
    assert (kept.start_time, kept.energy_wh) == (None, None)
    assert kept.meter_values == (EnergyValue(at(-3540), 1500),)
    assert session(charging).status is SessionStatus.ACTIVE


def test_a_repeated_unmatched_stop_is_kept_once(charging: Station) -> None:
    for _ in range(2):
        charging.ask("StopTransaction", STOP | {"transactionId": 777})
    assert len(unmatched(charging)) == 1
    assert len(charging.events("session_stopped")) == 1


@pytest.mark.parametrize("transaction_id", [-1, 0])
def test_a_stop_without_transaction_id_ends_the_only_session_that_fits(
    charging: Station, transaction_id: int
) -> None:
    """B46, E 3.18: the answer to the start was lost, so the charge point never learned the id."""
    stop = STOP | {"transactionId": transaction_id, "transactionData": [reading(60, 1500)]}
    for _ in range(2):
        assert charging.ask("StopTransaction", stop) == {}
    ended = session(charging)
    assert ended.status is SessionStatus.COMPLETED
    assert (ended.energy_wh, ended.review) == (2500, ("matched_by_time",))
    assert ended.meter_values == (EnergyValue(at(-3540), 1500),)
    (record,) = charging.world.batches.meter_records.values()
    assert (record.owner, record.attributed) == ("session-1", "time")
    assert unmatched(charging) == []
    assert len(charging.events("session_stopped")) == 1


def start(station: Station, **fields: Any) -> None:
    station.ask("StartTransaction", START | fields)


def confirm(station: Station, transaction_id: int) -> None:
    station.ask(
        "MeterValues",
        {"connectorId": 1, "transactionId": transaction_id, "meterValue": [reading(60, 1500)]},
    )


def test_between_two_sessions_that_fit_nobody_guesses(charging: Station) -> None:
    start(charging, connectorId=2)
    charging.ask("StopTransaction", STOP | {"transactionId": -1})
    assert len(unmatched(charging)) == 1
    assert [session(charging, n).status for n in (1, 2)] == [SessionStatus.ACTIVE, SessionStatus.ACTIVE]


def test_a_session_of_whose_id_the_charge_point_spoke_is_not_the_one(charging: Station) -> None:
    confirm(charging, 1)
    start(charging, connectorId=2)
    charging.ask("StopTransaction", STOP | {"transactionId": -1})
    assert session(charging, 1).status is SessionStatus.ACTIVE
    assert session(charging, 2).status is SessionStatus.COMPLETED


def test_readings_without_id_confirm_nothing(charging: Station) -> None:
    charging.ask("MeterValues", {"connectorId": 1, "transactionId": -1, "meterValue": [reading(60, 1500)]})
    charging.ask("StopTransaction", STOP | {"transactionId": -1})
    assert session(charging).review == ("matched_by_time",)


@pytest.mark.parametrize("fields", [{"timestamp": "2026-03-01T10:59:59Z"}, {"meterStop": 999}])
def test_a_stop_that_fits_no_session_is_kept_alone(charging: Station, fields: dict[str, Any]) -> None:
    charging.ask("StopTransaction", STOP | {"transactionId": -1} | fields)
    assert len(unmatched(charging)) == 1
    assert session(charging).status is SessionStatus.ACTIVE


def test_a_stop_without_id_never_ends_another_charge_points_session(
    charging: Station, add_station: Callable[..., Station]
) -> None:
    add_station("CP-2").ask("StopTransaction", STOP | {"transactionId": -1})
    assert session(charging).status is SessionStatus.ACTIVE


def test_a_transaction_of_another_charge_point_is_never_touched(
    charging: Station, add_station: Callable[..., Station]
) -> None:
    """B46."""
    other = add_station("CP-2")
    assert other.ask("StopTransaction", STOP) == {}
    assert session(charging).status is SessionStatus.ACTIVE
    (kept,) = unmatched(charging)
    assert kept.charge_point_id == "CP-2"


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"meterStop": 999}, "meter_stop_below_start"),
        ({"timestamp": "2026-03-01T10:59:59Z"}, "stopped_before_start"),
        ({"timestamp": "2026-03-02T12:00:00Z"}, "stopped_in_the_future"),
        ({"timestamp": "2027-03-02T12:00:00Z"}, "clock_wrong_at_stop"),
        ({"timestamp": "1970-01-01T00:10:00Z"}, "clock_wrong_at_stop"),
    ],
)
def test_an_odd_stop_is_stored_and_flagged(charging: Station, fields: dict[str, Any], note: str) -> None:
    """B48: sanity checks never suppress the answer (A28)."""
    assert charging.ask("StopTransaction", STOP | fields) == {}
    assert session(charging).review == (note,)
    assert session(charging).status is SessionStatus.COMPLETED


def test_a_stop_from_before_the_clock_was_set_ended_when_it_was_received(charging: Station) -> None:
    """G15: what the charge point wrote is kept."""
    charging.ask("StopTransaction", STOP | {"timestamp": "1970-01-01T00:10:00Z"})
    ended = session(charging)
    assert (ended.stop_time, ended.raw_stop_time) == (NOON, "1970-01-01T00:10:00Z")


def test_a_stop_by_a_tag_of_the_same_group_needs_no_look(station: Station) -> None:
    """B3, B49."""
    for tag in ("ONE", "TWO"):
        station.world.services.id_tags.put("acme", tag, parent_id_tag="GROUP")
    start(station, idTag="ONE")
    answer = station.ask("StopTransaction", STOP | {"idTag": "two"})
    assert answer == {"idTagInfo": {"status": "Accepted", "parentIdTag": "GROUP"}}
    assert session(station).review == ()


def test_a_stop_after_a_power_loss_and_a_boot_ends_the_session(charging: Station) -> None:
    """B11, B52, OCTT TC_032_1: a boot closes nothing."""
    boot = {"chargePointVendor": "V", "chargePointModel": "M"}
    charging.ask("BootNotification", boot)
    assert session(charging).status is SessionStatus.ACTIVE
    charging.ask("StopTransaction", STOP | {"reason": "PowerLoss"})
    ended = session(charging)
    assert (ended.status, ended.stop_reason, ended.review) == (SessionStatus.COMPLETED, "PowerLoss", ())


def test_readings_that_only_a_second_stop_has_are_the_sessions_too(charging: Station) -> None:
    """B47: the session and what is kept of it say the same."""
    charging.ask("StopTransaction", STOP | {"transactionData": [reading(60, 1500)]})
    charging.ask("StopTransaction", STOP | {"transactionData": [reading(60, 1500), reading(120, 1700)]})
    assert session(charging).meter_values == (EnergyValue(at(-3540), 1500), EnergyValue(at(-3480), 1700))


def test_a_register_that_started_anew_is_noted_and_counts_from_its_own_first_value(charging: Station) -> None:
    """G21."""
    data = [reading(60, 0), reading(120, 700)]
    charging.ask("StopTransaction", STOP | {"meterStop": 900, "transactionData": data})
    ended = session(charging)
    assert (ended.energy_wh, ended.review) == (900, ("meter_stop_below_start", "register_restarted"))


def test_the_same_register_in_another_unit_is_the_same_reading(charging: Station) -> None:
    """B50."""
    confirm(charging, 1)
    data = [{"timestamp": reading(60, 0)["timestamp"], "sampledValue": [{"value": "1.5", "unit": "kWh"}]}]
    charging.ask("StopTransaction", STOP | {"transactionData": data})
    assert session(charging).meter_values == (EnergyValue(at(-3540), 1500),)


def test_readings_received_and_sent_with_the_stop_are_kept_once_in_order_of_time(charging: Station) -> None:
    """B50."""
    charging.ask(
        "MeterValues",
        {"connectorId": 1, "transactionId": 1, "meterValue": [reading(120, 2000), reading(60, 1500)]},
    )
    charging.ask("StopTransaction", STOP | {"transactionData": [reading(60, 1500), reading(180, 2500)]})
    assert session(charging).meter_values == (
        EnergyValue(at(-3540), 1500),
        EnergyValue(at(-3480), 2000),
        EnergyValue(at(-3420), 2500),
    )
    assert len(charging.world.batches.meter_records) == 3


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        [{"timestamp": "t"}],
        ["nonsense"],
        [{"sampledValue": [{"value": "1"}]}],
        [{"timestamp": "t", "sampledValue": [{"value": "1", "unit": "Hertz"}]}],
    ],
)
def test_broken_transaction_data_is_no_reason_to_refuse(charging: Station, data: Any) -> None:
    """A28, A46."""
    assert charging.ask("StopTransaction", STOP | {"transactionData": data}) == {}
    assert session(charging).status is SessionStatus.COMPLETED


def test_an_unreadable_time_is_the_time_of_receipt(charging: Station) -> None:
    charging.ask("StopTransaction", STOP | {"timestamp": "soon"})
    assert session(charging).stop_time == NOON


def test_a_transaction_id_sent_as_text_is_understood(charging: Station) -> None:
    """G11."""
    charging.ask("StopTransaction", STOP | {"transactionId": "1"})
    assert session(charging).status is SessionStatus.COMPLETED


def test_the_stop_of_a_refused_start_completes_it(station: Station) -> None:
    """OCTT TC_037_3."""
    station.ask("StartTransaction", START | {"idTag": "NOBODY"})
    station.ask("StopTransaction", STOP | {"reason": "DeAuthorized"})
    assert session(station).status is SessionStatus.COMPLETED
    assert session(station).stop_reason == "DeAuthorized"


def test_its_charging_profiles_are_over(station: Station) -> None:
    """B51."""
    profiles = station.world.services.keepers.charging_profiles
    tx_profile: dict[str, Any] = {"charging_profile_purpose": "TxProfile", "transaction_id": 1}
    profiles.note_installed(an_installed_profile(1))
    profiles.note_installed(an_installed_profile(2, **tx_profile))
    station.ask(
        "StopTransaction", {"transactionId": 1, "meterStop": 2000, "timestamp": "2026-03-01T12:00:00Z"}
    )
    assert [one.profile.charging_profile_id for one in profiles.installed(station.ref)] == [1]
    assert not station.stored.has_profiles


def test_the_profiles_of_a_transaction_are_over_though_the_stop_does_not_name_it(charging: Station) -> None:
    """B51, G17: nor do those of one whose stop never came outlive the next stop."""
    profiles = charging.world.services.keepers.charging_profiles
    charging.world.sessions.insert(a_session(7, status=SessionStatus.FAULTED, estimated=True), [], 1)
    charging.world.sessions.insert(a_session(8, connector_id=2, start_meter_value=9000), [], 1)
    for number in (1, 7, 8, 99):
        tx_profile: dict[str, Any] = {"charging_profile_purpose": "TxProfile", "transaction_id": number}
        profiles.note_installed(an_installed_profile(number, stack_level=number, **tx_profile))
    charging.ask("StopTransaction", STOP | {"transactionId": -1})
    assert session(charging).status is SessionStatus.COMPLETED
    left = [one.profile.charging_profile_id for one in profiles.installed(charging.ref)]
    assert left == [8, 99], "one that runs, and one that is not known here"
    assert charging.stored.has_profiles
