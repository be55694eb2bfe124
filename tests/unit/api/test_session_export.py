"""Charging sessions as a file for spreadsheets."""

import csv
import io
import json
from typing import Any

import pytest

from app.domain.context import ChargePointRef
from app.domain.session import EnergyValue, Review, SessionStatus
from tests.builders import a_session, at
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

FILE = "/api/v1/sessions.csv"
LINES = "/api/v1/sessions.jsonl"


def rows(operator: Api, query: str = "") -> list[dict[str, str]]:
    answer = operator.get(f"{FILE}{query}")
    assert answer.status_code == 200
    assert answer.content_type == "text/csv; charset=utf-8"
    assert "sessions.csv" in answer.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))


def add(world: World, number: int, **fields: Any) -> None:
    world.sessions.insert(a_session(number, start_time=at(number), **fields), [], number)


def test_a_session_is_a_line(operator: Api, world: World) -> None:
    add(
        world,
        1,
        status=SessionStatus.COMPLETED,
        stop_time=at(91),
        stop_meter_value=3500,
        stop_reason="Local",
        review=(Review.STOP_CAME_LATE.value, Review.STOPPED_BY_OTHER_TAG.value),
        meter_values=(EnergyValue(at(5), 1200),),
    )
    (row,) = rows(operator)
    assert row == {
        "id": "session-1",
        "tenant_id": "acme",
        "charge_point_id": "CP-1",
        "connector_id": "1",
        "transaction_id": "1",
        "id_tag": "TAG-1",
        "authorization_status": "Accepted",
        "status": "completed",
        "start_time": "2026-03-01T12:00:01.000Z",
        "stop_time": "2026-03-01T12:01:31.000Z",
        "raw_start_time": "",
        "raw_stop_time": "",
        "start_meter_value": "1000",
        "stop_meter_value": "3500",
        "stop_reason": "Local",
        "stop_id_tag": "",
        "fault_reason": "",
        "estimated": "false",
        "reservation_id": "",
        "review": "stop_came_late stopped_by_other_tag",
        "energy_wh": "2500",
        "duration_seconds": "90",
    }


def test_the_file_has_all_pages(operator: Api, world: World) -> None:
    for number in range(450):
        add(world, number)
    assert [int(row["transaction_id"]) for row in rows(operator)] == list(reversed(range(450)))


def test_an_empty_file_has_its_heading(operator: Api) -> None:
    assert operator.get(FILE).get_data(as_text=True).startswith("id,tenant_id,")


def test_the_filters_are_those_of_the_list(operator: Api, world: World) -> None:
    for number in range(4):
        add(world, number, connector_id=number % 2)
    found = rows(operator, "?connector_id=1&from=2026-03-01T12:00:02Z")
    assert [row["transaction_id"] for row in found] == ["3"]


@pytest.mark.parametrize("id_tag", ['=HYPERLINK("x")', "+1", "-1", "@SUM"])
def test_an_id_tag_is_no_formula(operator: Api, world: World, id_tag: str) -> None:
    """Whoever presents a card must not run something on the operator's desk."""
    add(world, 1, id_tag=id_tag)
    assert rows(operator)[0]["id_tag"] == f"'{id_tag}"


def test_another_tenants_sessions_are_not_in_it(operator: Api, world: World) -> None:
    world.sessions.insert(a_session(1, ChargePointRef("beta", "CP-1")), [], 1)
    assert rows(operator) == []


def test_a_line_is_a_session_as_the_list_shows_it(operator: Api, world: World) -> None:
    for number in range(450):
        add(world, number, connector_id=number % 2)
    answer = operator.get(f"{LINES}?connector_id=1")
    assert answer.content_type == "application/jsonl; charset=utf-8"
    assert "sessions.jsonl" in answer.headers["Content-Disposition"]
    lines = [json.loads(line) for line in answer.get_data(as_text=True).splitlines()]
    assert [line["transaction_id"] for line in lines] == list(range(449, 0, -2))
    assert lines[:10] == operator.get("/api/v1/sessions?connector_id=1&limit=10").get_json()["items"]


def test_no_sessions_are_no_lines(operator: Api, world: World) -> None:
    world.sessions.insert(a_session(1, ChargePointRef("beta", "CP-1")), [], 1)
    assert operator.get(LINES).get_data() == b""


@pytest.mark.parametrize("file", [FILE, LINES])
@pytest.mark.parametrize(
    ("query", "field"), [("limit=5", "limit"), ("cursor=x", "cursor"), ("from=x", "from")]
)
def test_a_wrong_query_is_refused_before_anything_is_sent(
    operator: Api, file: str, query: str, field: str
) -> None:
    assert_problem(operator.get(f"{file}?{query}"), 422, "invalid_input", field)
