"""StopTransaction: cannot be refused (B44-B52, vector H9)."""

from collections.abc import Callable
from typing import Any

import pytest

from app.domain.session import EnergyValue, Session, SessionStatus
from tests.builders import NOON, at
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
    station.world.services.authorization.register("acme", "TAG")
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
        "review": [],
    }


def test_a_second_stop_is_answered_like_the_first_and_changes_nothing(charging: Station) -> None:
    """B47."""
    charging.ask("StopTransaction", STOP)
    before = session(charging)
    assert charging.ask("StopTransaction", STOP | {"meterStop": 9999, "reason": "Other"}) == {}
    assert session(charging) == before
    assert len(charging.events("session_stopped")) == 1
    assert unmatched(charging) == []


@pytest.mark.parametrize("transaction_id", [-1, 0, 777])
def test_a_stop_of_an_unknown_transaction_is_answered_and_kept(
    charging: Station, transaction_id: int
) -> None:
    """B46, G17, G19, vector H9: nothing of it is lost."""
    stop = STOP | {"transactionId": transaction_id, "transactionData": [reading(60, 1500)]}
    assert charging.ask("StopTransaction", stop) == {}
    (kept,) = unmatched(charging)
    assert (kept.transaction_id, kept.stop_meter_value, kept.fault_reason) == (
        transaction_id,
        3500,
        "stop_without_start",
    )
    assert (kept.start_time, kept.energy_wh) == (None, None)
    assert kept.meter_values == (EnergyValue(at(-3540), 1500),)
    assert session(charging).status is SessionStatus.ACTIVE


def test_a_repeated_unmatched_stop_is_kept_once(charging: Station) -> None:
    for _ in range(2):
        charging.ask("StopTransaction", STOP | {"transactionId": -1})
    assert len(unmatched(charging)) == 1
    assert len(charging.events("session_stopped")) == 1


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
    ],
)
def test_an_odd_stop_is_stored_and_flagged(charging: Station, fields: dict[str, Any], note: str) -> None:
    """B48: sanity checks never suppress the answer (A28)."""
    assert charging.ask("StopTransaction", STOP | fields) == {}
    assert session(charging).review == (note,)
    assert session(charging).status is SessionStatus.COMPLETED


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
