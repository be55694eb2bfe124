"""Charging sessions over HTTP."""

from datetime import timedelta

import pytest

from app.domain.session import EnergyValue, Review, Session, SessionStatus
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

LIST = "/api/v1/sessions"


def add_session(world: World, number: int, *, completed: bool = False, tenant_id: str = "acme") -> Session:
    start = world.clock.now() + timedelta(seconds=number)
    session = Session(
        id=f"session-{number}",
        tenant_id=tenant_id,
        charge_point_id=f"CP-{number % 2}",
        connector_id=1,
        transaction_id=number,
        id_tag=f"TAG-{number}",
        start_time=start,
        start_meter_value=1000,
        status=SessionStatus.COMPLETED if completed else SessionStatus.ACTIVE,
        authorization_status="Accepted",
        stop_time=start + timedelta(seconds=90) if completed else None,
        stop_meter_value=3500 if completed else None,
        stop_reason="Local" if completed else None,
    )
    world.sessions.insert(session, [], number)
    return session


@pytest.fixture(autouse=True)
def _charge_points(world: World) -> None:
    world.add_charge_point("acme", "CP-0")
    world.add_charge_point("acme", "CP-1")


def test_a_completed_session_in_full(operator: Api, world: World) -> None:
    add_session(world, 1, completed=True)
    assert operator.get(f"{LIST}/session-1").get_json() == {
        "id": "session-1",
        "session_id": "session-1",
        "tenant_id": "acme",
        "charge_point_id": "CP-1",
        "connector_id": 1,
        "transaction_id": 1,
        "id_tag": "TAG-1",
        "authorization_status": "Accepted",
        "status": "completed",
        "start_time": "2026-03-01T12:00:01.000Z",
        "stop_time": "2026-03-01T12:01:31.000Z",
        "raw_start_time": None,
        "raw_stop_time": None,
        "start_meter_value": 1000,
        "stop_meter_value": 3500,
        "stop_reason": "Local",
        "stop_id_tag": None,
        "fault_reason": None,
        "estimated": False,
        "reservation_id": None,
        "review": [],
        "energy_wh": 2500,
        "duration_seconds": 90,
        "attributed": {"transaction": 0, "time": 0},
        "meter_values": [],
    }


def test_an_active_session_shows_its_energy_so_far(operator: Api, world: World) -> None:
    session = add_session(world, 1)
    world.sessions.add_energy("acme", session.id, [EnergyValue(world.clock.now(), 1700.5)])
    world.clock.advance(61)
    body = operator.get(f"{LIST}/session-1").get_json()
    assert (body["energy_wh"], body["duration_seconds"]) == (700.5, 60)
    assert body["meter_values"] == [{"timestamp": "2026-03-01T12:00:00.000Z", "value": 1700.5, "unit": "Wh"}]
    listed = operator.get(LIST).get_json()["items"][0]
    assert listed["energy_wh"] == 700.5
    assert "meter_values" not in listed


def test_the_list_newest_first_with_filters(operator: Api, world: World) -> None:
    for number in (1, 2, 3):
        add_session(world, number, completed=number == 2)

    def listed(query: str) -> list[int]:
        return [item["transaction_id"] for item in operator.get(f"{LIST}{query}").get_json()["items"]]

    assert listed("") == [3, 2, 1]
    assert listed("?charge_point_id=CP-1") == [3, 1]
    assert listed("?charge_point_id=CP-1&status=active&id_tag=TAG-3&connector_id=1") == [3]
    assert listed("?status=completed") == [2]
    assert listed("?transaction_id=1") == [1]
    assert listed("?from=2026-03-01T12:00:02Z") == [3, 2]
    assert listed("?from=2026-03-01T12:00:02Z&to=2026-03-01T12:00:03Z") == [2]
    page = operator.get(f"{LIST}?limit=1").get_json()
    assert listed(f"?limit=1&cursor={page['next_cursor']}") == [2]


def test_what_a_person_should_look_at_is_found(operator: Api, world: World) -> None:
    odd = add_session(world, 1, completed=True)
    add_session(world, 2, completed=True)
    world.sessions.note_review(odd, Review.SECOND_STOP_DIFFERS)
    for wanted, numbers in (("true", [1]), ("false", [2])):
        items = operator.get(f"{LIST}?review={wanted}").get_json()["items"]
        assert [item["transaction_id"] for item in items] == numbers


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=open", "status"),
        ("transaction_id=x", "transaction_id"),
        ("transaction_id=99999999999999999999", "transaction_id"),
        ("connector_id=-1", "connector_id"),
        ("cursor=x", "cursor"),
        ("tag=x", "tag"),
        ("from=noon", "from"),
        ("to=1", "to"),
        ("review=perhaps", "review"),
    ],
)
def test_a_wrong_query_is_told_by_field(operator: Api, query: str, field: str) -> None:
    assert_problem(operator.get(f"{LIST}?{query}"), 422, "invalid_input", field)


def test_stopping_sends_a_remote_stop(operator: Api, world: World) -> None:
    add_session(world, 1)
    answer = operator.post(f"{LIST}/session-1/stop")
    assert answer.status_code == 202
    body = answer.get_json()
    assert (body["action"], body["parameters"]) == ("RemoteStopTransaction", {"transaction_id": 1})
    assert body["charge_point_id"] == "CP-1"
    assert operator.get(answer.headers["Location"]).get_json() == body


def test_a_session_that_cannot_be_stopped(operator: Api, world: World) -> None:
    add_session(world, 1, completed=True)
    assert_problem(operator.post(f"{LIST}/session-1/stop"), 409, "conflict")
    assert_problem(operator.post(f"{LIST}/session-9/stop"), 404, "not_found")
    assert_problem(operator.get(f"{LIST}/session-9"), 404, "not_found")


def test_another_tenants_session_does_not_exist(operator: Api, world: World) -> None:
    add_session(world, 7, tenant_id="beta")
    assert_problem(operator.get(f"{LIST}/session-7"), 404, "not_found")
    assert_problem(operator.post(f"{LIST}/session-7/stop"), 404, "not_found")
    assert operator.get(LIST).get_json()["items"] == []
