"""Charge points over HTTP."""

from dataclasses import replace
from typing import Any

import pytest

from app.domain.charge_point import ChargePoint, Connection, Connector, Registration
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

LIST = "/api/v1/chargepoints"


def busy(world: World) -> ChargePoint:
    now = world.clock.now()
    return ChargePoint(
        "acme",
        "CP-1",
        Registration.ACCEPTED,
        connectors=(
            Connector(1, "Charging", "NoError", now, "warm"),
            Connector(2, "Preparing", "NoError", now),
        ),
        connection=Connection("gw", "c-1", 3, now),
        inventory={
            "charge_point_model": "M",
            "charge_point_vendor": "V",
            "charge_box_serial_number": "S",
            "firmware_version": "1.2",
        },
        configuration={"heartbeat_interval": 300},
        last_seen=now,
        created_at=now,
    )


def test_a_charge_point_in_full(operator: Api, world: World) -> None:
    world.charge_points.put(busy(world))
    now = "2026-03-01T12:00:00.000Z"
    assert operator.get(f"{LIST}/CP-1").get_json() == {
        "id": "CP-1",
        "charge_point_id": "CP-1",
        "tenant_id": "acme",
        "model": "M",
        "vendor": "V",
        "serial_number": "S",
        "firmware_version": "1.2",
        "status": "Occupied",
        "connected": True,
        "registration": "Accepted",
        "connectors": [
            {
                "id": 1,
                "status": "Charging",
                "error_code": "NoError",
                "info": "warm",
                "last_update": now,
                "stale": False,
            },
            {
                "id": 2,
                "status": "Preparing",
                "error_code": "NoError",
                "info": None,
                "last_update": now,
                "stale": False,
            },
        ],
        "configuration": {"heartbeat_interval": 300},
        "last_seen": now,
        "last_boot": None,
        "created_at": now,
    }


def test_offline_connectors_are_stale(operator: Api, world: World) -> None:
    world.charge_points.put(replace(busy(world), connection=None))
    body = operator.get(f"{LIST}/CP-1").get_json()
    assert (body["status"], body["connected"]) == ("Offline", False)
    assert [connector["stale"] for connector in body["connectors"]] == [True, True]


def test_one_that_never_booted_shows_nulls(operator: Api, world: World) -> None:
    world.add_charge_point("acme", "CP-1", registration=None)
    body = operator.get(f"{LIST}/CP-1").get_json()
    assert {
        body[name] for name in ("model", "vendor", "serial_number", "firmware_version", "registration")
    } == {None}


def test_pages_and_filter(operator: Api, world: World) -> None:
    for number in range(5):
        registration = Registration.PENDING if number == 2 else Registration.ACCEPTED
        world.add_charge_point("acme", f"CP-{number}", registration)
    first = operator.get(f"{LIST}?limit=2").get_json()
    second = operator.get(f"{LIST}?limit=2&cursor={first['next_cursor']}").get_json()
    third = operator.get(f"{LIST}?limit=2&cursor={second['next_cursor']}").get_json()
    ids = [item["id"] for page in (first, second, third) for item in page["items"]]
    assert ids == [f"CP-{number}" for number in range(5)]
    assert third["next_cursor"] is None
    pending = operator.get(f"{LIST}?registration=Pending").get_json()
    assert [item["id"] for item in pending["items"]] == ["CP-2"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("limit=1.5", "limit"),
        ("cursor=nonsense", "cursor"),
        ("cursor=", "cursor"),
        ("registration=perhaps", "registration"),
        ("colour=red", "colour"),
    ],
)
def test_a_wrong_query_is_told_by_field(operator: Api, query: str, field: str) -> None:
    assert_problem(operator.get(f"{LIST}?{query}"), 422, "invalid_input", field)


@pytest.mark.parametrize("name", ["id", "charge_point_id"])
def test_registering(operator: Api, name: str) -> None:
    answer = operator.post(LIST, {name: "ACME-é 1"})
    assert answer.status_code == 201
    assert answer.get_json()["id"] == "ACME-é 1"
    assert operator.get(answer.headers["Location"]).get_json() == answer.get_json()
    assert_problem(operator.post(LIST, {name: "ACME-é 1"}), 409, "conflict")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"id"}),
        ({"id": ""}, {"id"}),
        ({"id": "a/b"}, {"id"}),
        ({"id": "a\n"}, {"id"}),
        ({"id": "x" * 65}, {"id"}),
        ({"id": 5}, {"id"}),
        ({"id": "CP", "charge_point_id": "CP"}, {"charge_point_id"}),
        ({"id": "CP", "model": "M"}, {"model"}),
    ],
)
def test_registering_nonsense(operator: Api, body: dict[str, Any], fields: set[str]) -> None:
    assert_problem(operator.post(LIST, body), 422, "invalid_input", *fields)


def test_registering_past_the_quota(operator: Api, world: World) -> None:
    world.services.tenants.configure("acme", {"max_charge_points": 1})
    assert operator.post(LIST, {"id": "CP-1"}).status_code == 201
    assert_problem(operator.post(LIST, {"id": "CP-2"}), 403, "quota_exceeded")


def test_an_unknown_one(operator: Api) -> None:
    assert_problem(operator.get(f"{LIST}/nobody"), 404, "not_found")
