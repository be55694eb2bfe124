"""StartTransaction: an id and a verdict, whatever the verdict is (B27-B35, vector H8)."""

from typing import Any

import pytest

from app.domain.reservation import ReservationStatus
from app.domain.session import MAX_TRANSACTION_ID, SessionStatus
from tests.builders import NOON, a_reservation, at
from tests.unit.ocpp.conftest import Station

START: dict[str, Any] = {
    "connectorId": 1,
    "idTag": "TAG",
    "meterStart": 1000,
    "timestamp": "2026-03-01T11:00:00Z",
}


@pytest.fixture(autouse=True)
def _known_tag(station: Station) -> None:
    station.world.services.id_tags.put("acme", "TAG", parent_id_tag="GROUP")


def test_a_known_tag_starts_a_session(station: Station) -> None:
    answer = station.ask("StartTransaction", START)
    assert answer["idTagInfo"] == {"status": "Accepted", "parentIdTag": "GROUP"}
    assert 0 < answer["transactionId"] <= MAX_TRANSACTION_ID
    session = station.world.services.sessions.get("acme", f"session-{answer['transactionId']}")
    assert session.status is SessionStatus.ACTIVE
    assert (session.charge_point_id, session.connector_id, session.id_tag) == ("CP-1", 1, "TAG")
    assert session.start_meter_value == 1000


def test_a_late_start_began_when_it_says(station: Station) -> None:
    """B31: offline starts arrive late."""
    station.ask("StartTransaction", START)
    assert station.world.services.sessions.get("acme", "session-1").start_time == at(-3600)


def test_an_unreadable_time_is_the_time_of_receipt(station: Station) -> None:
    station.ask("StartTransaction", START | {"timestamp": "noon"})
    assert station.world.services.sessions.get("acme", "session-1").start_time == NOON


@pytest.mark.parametrize(
    ("id_tag", "fields", "status"),
    [
        ("NOBODY", None, "Invalid"),
        ("BAD", {"blocked": True}, "Blocked"),
        ("OLD", {"expires_at": at(-1)}, "Expired"),
    ],
)
def test_refused_tag_still_gets_a_transaction_id(
    station: Station, id_tag: str, fields: dict[str, Any] | None, status: str
) -> None:
    """B28: the charge point stops it with reason DeAuthorized, or only cuts the energy."""
    if fields is not None:
        station.world.services.id_tags.put("acme", id_tag, **fields)
    answer = station.ask("StartTransaction", START | {"idTag": id_tag})
    assert answer["idTagInfo"]["status"] == status
    assert answer["transactionId"] > 0
    session = station.world.services.sessions.get("acme", f"session-{answer['transactionId']}")
    assert session.authorization_status == status


def test_every_start_gets_an_id_of_its_own(station: Station) -> None:
    """B29."""
    ids = [
        station.ask("StartTransaction", START | {"meterStart": meter, "idTag": tag})["transactionId"]
        for meter in range(3)
        for tag in ("TAG", "NOBODY")
    ]
    assert len(set(ids)) == 6


@pytest.mark.parametrize("id_tag", ["TAG", "NOBODY"])
def test_a_repeated_start_gets_the_same_id_and_the_same_verdict(station: Station, id_tag: str) -> None:
    """B30, vector H8: also under another unique id, also after its stop."""
    first = station.ask("StartTransaction", START | {"idTag": id_tag})
    assert station.ask("StartTransaction", START | {"idTag": id_tag}) == first
    stop = {"transactionId": first["transactionId"], "meterStop": 2000, "timestamp": "2026-03-01T12:00:00Z"}
    station.ask("StopTransaction", stop)
    assert station.ask("StartTransaction", START | {"idTag": id_tag}) == first
    assert len(station.events("session_started")) == 1


def test_a_repeated_start_keeps_its_first_verdict_though_the_tag_changed(station: Station) -> None:
    first = station.ask("StartTransaction", START)
    station.world.services.id_tags.put("acme", "TAG", blocked=True, parent_id_tag="GROUP")
    assert station.ask("StartTransaction", START) == first


def test_a_tag_that_is_charging_gets_concurrent_tx_with_an_id(station: Station) -> None:
    """B35."""
    station.ask("StartTransaction", START)
    second = station.ask("StartTransaction", START | {"connectorId": 2, "idTag": "tag"})
    assert second["idTagInfo"]["status"] == "ConcurrentTx"
    assert second["transactionId"] == 2


def test_a_replay_is_not_concurrent_to_itself(station: Station) -> None:
    """B30: seen in the field."""
    assert station.ask("StartTransaction", START)["idTagInfo"]["status"] == "Accepted"
    assert station.ask("StartTransaction", START)["idTagInfo"]["status"] == "Accepted"


def test_a_replay_of_a_concurrent_start_stays_concurrent(station: Station) -> None:
    station.ask("StartTransaction", START)
    second = station.ask("StartTransaction", START | {"connectorId": 2})
    station.ask(
        "StopTransaction", {"transactionId": 1, "meterStop": 2000, "timestamp": "2026-03-01T12:00:00Z"}
    )
    assert station.ask("StartTransaction", START | {"connectorId": 2}) == second


def test_after_its_stop_a_tag_may_start_again(station: Station) -> None:
    station.ask("StartTransaction", START)
    station.ask(
        "StopTransaction", {"transactionId": 1, "meterStop": 2000, "timestamp": "2026-03-01T12:00:00Z"}
    )
    again = station.ask("StartTransaction", START | {"timestamp": "2026-03-01T12:00:01Z"})
    assert again["idTagInfo"]["status"] == "Accepted"


def test_a_tenant_may_allow_one_tag_several_sessions(station: Station) -> None:
    station.configure(allow_concurrent_transactions=True)
    for connector in (1, 2):
        answer = station.ask("StartTransaction", START | {"connectorId": connector})
        assert answer["idTagInfo"]["status"] == "Accepted"


def test_a_tag_whose_stop_was_lost_on_this_connector_may_start_again(station: Station) -> None:
    """B33, B35: it would be locked out for a fault of the charge point."""
    station.ask("StartTransaction", START)
    again = station.ask("StartTransaction", START | {"timestamp": "2026-03-01T12:00:00Z"})
    assert again["idTagInfo"]["status"] == "Accepted"


@pytest.mark.parametrize("raw", ["1970-01-01T00:00:09Z", "2031-01-01T00:00:00Z"])
def test_a_start_of_a_clock_that_is_wrong_began_when_it_was_received(station: Station, raw: str) -> None:
    """G15: what the charge point wrote is kept, and is still what a repeated start is known by (B30)."""
    first = station.ask("StartTransaction", START | {"timestamp": raw})
    station.world.clock.advance(60)
    assert station.ask("StartTransaction", START | {"timestamp": raw}) == first
    session = station.world.services.sessions.get("acme", "session-1")
    assert (session.start_time, session.raw_start_time) == (NOON, raw)
    assert session.review == ("clock_wrong_at_start",)


@pytest.mark.parametrize("time", [{"timestamp": "1970-01-01T00:00:00Z"}, {"timestamp": None}])
def test_without_a_clock_a_start_like_an_earlier_one_is_a_new_one_once_that_has_ended(
    station: Station, time: dict[str, Any]
) -> None:
    """G15, G21: where the register starts anew too, such starts are all alike, and each has its energy."""
    start = START | {"meterStart": 0} | time
    for number in (1, 2, 3):
        first = station.ask("StartTransaction", start)
        station.world.clock.advance(60)
        assert station.ask("StartTransaction", start) == first
        stop = {"transactionId": first["transactionId"], "meterStop": 1000 * number}
        station.ask("StopTransaction", stop)
        assert station.world.services.sessions.get("acme", f"session-{number}").energy_wh == 1000 * number


def test_without_a_clock_one_start_that_is_handled_twice_makes_one_session(station: Station) -> None:
    """The queue was late, and the gateway handled the call itself."""
    start = START | {"timestamp": "1970-01-01T00:00:00Z"}
    first = station.ask("StartTransaction", start)
    station.ask("StopTransaction", {"transactionId": first["transactionId"], "meterStop": 2000})
    assert station.ask("StartTransaction", start) == first


def test_an_open_transaction_on_the_same_connector_stays_open(station: Station) -> None:
    """B33: its queued StopTransaction may still come."""
    station.configure(allow_concurrent_transactions=True)
    station.ask("StartTransaction", START)
    station.ask("StartTransaction", START | {"timestamp": "2026-03-01T12:00:00Z"})
    assert station.world.services.sessions.get("acme", "session-1").status is SessionStatus.ACTIVE


@pytest.mark.parametrize(("told", "kept"), [(7, 7), (0, None), (-1, None), (None, None)])
def test_reservation_0_and_minus_1_mean_none(station: Station, told: int | None, kept: int | None) -> None:
    """G16."""
    station.ask("StartTransaction", START | {"reservationId": told})
    assert station.world.services.sessions.get("acme", "session-1").reservation_id == kept


def test_the_start_is_told_to_the_world(station: Station) -> None:
    station.ask("StartTransaction", START)
    (told,) = station.events("session_started")
    assert told.body["session_id"] == "session-1"
    assert told.body["event_id"] == "session-1:started"
    assert told.body["timestamp"] == "2026-03-01T11:00:00.000Z"
    assert told.body["data"] == {
        "connector_id": 1,
        "transaction_id": 1,
        "id_tag": "TAG",
        "meter_start_wh": 1000,
        "energy_wh": 0,
        "duration_seconds": 0,
        "authorization_status": "Accepted",
    }


def test_a_tag_over_length_with_control_bytes_is_no_reason_to_refuse(station: Station) -> None:
    """G22."""
    answer = station.ask("StartTransaction", START | {"idTag": "x" * 30 + "\u0000"})
    assert answer["transactionId"] == 1
    assert station.world.services.sessions.get("acme", "session-1").id_tag == "x" * 30 + "\u0000"


def test_it_uses_up_the_reservation(station: Station) -> None:
    """B32, TC_046: by its number, or because it is for this tag and connector."""
    reservations = station.world.services.keepers.reservations
    for name, number in (("r-1", 7), ("r-2", 8)):
        made = a_reservation(name, reservation_id=number, id_tag="tag", connector_id=number - 6)
        reservations.note_answered(made, ReservationStatus.ACCEPTED)
    station.ask("StartTransaction", START | {"reservationId": 7, "timestamp": "2026-03-01T12:00:00Z"})
    assert reservations.get("acme", "r-1").transaction_id == 1
    station.ask("StartTransaction", START | {"connectorId": 2, "timestamp": "2026-03-01T12:00:01Z"})
    assert reservations.get("acme", "r-2").transaction_id == 2
    assert not station.stored.has_reservations


def test_a_reservation_for_the_group_serves_its_tags(station: Station) -> None:
    """TC_053."""
    reservations = station.world.services.keepers.reservations
    made = a_reservation(id_tag="OTHER", parent_id_tag="GROUP", connector_id=0)
    reservations.note_answered(made, ReservationStatus.ACCEPTED)
    station.ask("StartTransaction", START | {"timestamp": "2026-03-01T12:00:00Z"})
    assert reservations.get("acme", "r-1").status is ReservationStatus.USED
