"""Numbers over HTTP."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.context import ChargePointRef
from app.domain.session import EnergyValue, SessionStatus
from tests.builders import a_connection, a_connector, a_session, at
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

PATH = "/api/v1/stats"


def add(world: World, number: int, charge_point: str = "CP-1", tenant: str = "acme", **fields: Any) -> None:
    ended = {"status": SessionStatus.COMPLETED, "stop_meter_value": 1000 + number} | fields
    session = a_session(number, ChargePointRef(tenant, charge_point), start_key=f"{number}", **ended)
    world.sessions.insert(session, [], number)


def numbers(operator: Api, query: str = "") -> dict[str, Any]:
    answer = operator.get(f"{PATH}{query}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: dict[str, Any] = answer.get_json()
    return found


def test_an_empty_network(operator: Api) -> None:
    today = {"date": "2026-03-01", "sessions": 0, "energy_wh": 0}
    assert numbers(operator) == {
        "at": "2026-03-01T12:00:00.000Z",
        "time_zone": "UTC",
        "charge_points": 0,
        "connected": 0,
        "by_status": {"Available": 0, "Occupied": 0, "Faulted": 0, "Unavailable": 0, "Offline": 0},
        "charging": 0,
        "today": today,
        "days": [today],
    }


def test_charge_points_by_status(operator: Api, world: World) -> None:
    offline = world.add_charge_point("acme", "CP-1")
    world.charge_points.put(
        replace(offline, id="CP-2", connection=a_connection(), connectors=(a_connector(1, "Available"),))
    )
    world.charge_points.put(
        replace(offline, id="CP-3", connection=a_connection(), connectors=(a_connector(1, "Charging"),))
    )
    world.add_charge_point("beta", "CP-9")
    found = numbers(operator)
    assert (found["charge_points"], found["connected"]) == (3, 2)
    assert {name: count for name, count in found["by_status"].items() if count} == {
        "Available": 1,
        "Occupied": 1,
        "Offline": 1,
    }


def test_a_session_counts_where_it_began_with_all_its_energy(operator: Api, world: World) -> None:
    add(world, 100, start_time=at(-86_400))
    add(world, 200, start_time=at(-43_201))
    add(world, 300, start_time=at(-43_200))
    add(world, 4, start_time=at(0), status=SessionStatus.ACTIVE, stop_meter_value=None)
    world.sessions.add_energy("acme", "session-4", [EnergyValue(at(5), 1900), EnergyValue(at(9), 2500)])
    add(world, 500, tenant="beta")
    found = numbers(operator, "?from=2026-02-27&to=2026-03-01")
    assert found["days"] == [
        {"date": "2026-02-27", "sessions": 0, "energy_wh": 0},
        {"date": "2026-02-28", "sessions": 2, "energy_wh": 300},
        {"date": "2026-03-01", "sessions": 2, "energy_wh": 1800},
    ]
    assert found["today"] == found["days"][2]
    assert found["charging"] == 1


def test_days_are_those_of_the_time_zone_also_when_clocks_change(operator: Api, world: World) -> None:
    world.clock.set(datetime(2026, 3, 29, 12, tzinfo=UTC))
    for number, hour in ((1, 22), (2, 23)):
        add(world, number, start_time=datetime(2026, 3, 28, hour, 30, tzinfo=UTC))
    add(world, 3, start_time=datetime(2026, 3, 29, 22, 30, tzinfo=UTC))
    found = numbers(operator, "?time_zone=Europe/Berlin&from=2026-03-28&to=2026-03-30")
    assert [day["sessions"] for day in found["days"]] == [1, 1, 1]
    assert found["today"]["date"] == "2026-03-29"
    fixed = numbers(operator, "?from=2026-03-28&to=2026-03-30")
    assert [day["sessions"] for day in fixed["days"]] == [2, 1, 0]


def test_one_charge_point(operator: Api, world: World) -> None:
    world.add_charge_point("acme", "CP-1")
    world.add_charge_point("acme", "CP-2")
    add(world, 1, "CP-1")
    add(world, 2, "CP-2")
    found = numbers(operator, "?charge_point_id=CP-2")
    assert (found["charge_points"], found["today"]["energy_wh"]) == (1, 2)
    assert_problem(operator.get(f"{PATH}?charge_point_id=CP-3"), 404, "not_found")


def test_numbers_are_counted_anew_after_ten_seconds(operator: Api, world: World) -> None:
    assert numbers(operator)["charging"] == 0
    add(world, 1, status=SessionStatus.ACTIVE)
    assert numbers(operator)["charging"] == 0
    assert numbers(operator, "?time_zone=Europe/Berlin")["charging"] == 1
    world.clock.advance(10)
    assert numbers(operator)["charging"] == 1


def test_a_range_that_is_far_away_is_read_apart_from_today(operator: Api, world: World) -> None:
    numbers(operator, "?from=2025-01-01&to=2025-01-31")
    assert world.stats.readings == 2
    numbers(operator, "?from=2026-02-01&to=2026-03-01")
    assert world.stats.readings == 3


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("time_zone=Mars/Base", "time_zone"),
        ("time_zone=../../etc/passwd", "time_zone"),
        ("from=2026-03-01", "to"),
        ("to=2026-03-01", "from"),
        ("from=2026-03-02&to=2026-03-01", "to"),
        ("from=2026-01-01&to=2026-12-31", "to"),
        ("from=yesterday&to=2026-03-01", "from"),
        ("nonsense=1", "nonsense"),
    ],
)
def test_a_wrong_question(operator: Api, query: str, field: str) -> None:
    assert_problem(operator.get(f"{PATH}?{query}"), 422, "invalid_input", field)


@pytest.mark.parametrize("edge", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar(operator: Api, edge: str) -> None:
    assert operator.get(f"{PATH}?from={edge}&to={edge}&time_zone=Pacific/Kiritimati").status_code == 422
