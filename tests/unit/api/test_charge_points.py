"""Charge points over HTTP."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.domain.charge_point import (
    ChargePoint,
    ChargePointSecurity,
    Connection,
    Connector,
    ConnectorRating,
    Registration,
)
from app.domain.context import ChargePointRef
from app.domain.user import Role
from tests.builders import a_session
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

LIST = "/api/v1/chargepoints"
REF = ChargePointRef("acme", "CP-1")


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
        security=ChargePointSecurity(2, key_hash="a hash that nobody sees"),
        wanted_availability={1: "Inoperative"},
        ratings={2: ConnectorRating("Type2", 22_000)},
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
        "admission": "Accepted",
        "connectors": [
            {
                "id": 1,
                "status": "Charging",
                "error_code": "NoError",
                "info": "warm",
                "last_update": now,
                "stale": False,
                "wanted": "Inoperative",
                "type": None,
                "max_power": None,
            },
            {
                "id": 2,
                "status": "Preparing",
                "error_code": "NoError",
                "info": None,
                "last_update": now,
                "stale": False,
                "wanted": None,
                "type": "Type2",
                "max_power": 22000,
            },
        ],
        "settings": {
            "strict": False,
            "accept_missing_subprotocol": False,
            "ping_interval_s": None,
            "compression": False,
            "time_zone": None,
            "command_timeout_s": None,
        },
        "security": {"profile": 2, "pending_profile": None, "has_key": True},
        "configuration": {"heartbeat_interval": 300},
        "last_seen": now,
        "last_boot": None,
        "created_at": now,
        "revision": 0,
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
        ({"id": "x" * 129}, {"id"}),
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


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("connected=true", ["CP-1"]),
        ("connected=false&prefix=CP-", ["CP-2"]),
        ("prefix=C", ["CP-1", "CP-2"]),
        ("prefix=c", []),
        ("model=M&vendor=V", ["CP-1"]),
        ("model=m", []),
        ("admission=Pending", ["CP-2"]),
    ],
)
def test_filters(operator: Api, world: World, query: str, found: list[str]) -> None:
    world.charge_points.put(busy(world))
    world.add_charge_point("acme", "CP-2")
    world.charge_points.change(ChargePointRef("acme", "CP-2"), {"admission": Registration.PENDING})
    assert [item["id"] for item in operator.get(f"{LIST}?{query}").get_json()["items"]] == found


# --- how it is treated -------------------------------------------------------------------------------


def test_changing_settings_and_ratings(operator: Api, world: World) -> None:
    world.charge_points.put(busy(world))
    body = {
        "settings": {"strict": True, "time_zone": "Europe/Berlin"},
        "connectors": [{"id": 1, "type": "CCS"}, {"id": 2, "max_power": None}],
    }
    changed = operator.patch(f"{LIST}/CP-1", body)
    assert changed.status_code == 200
    assert changed.get_json() == operator.get(f"{LIST}/CP-1").get_json()
    settings = changed.get_json()["settings"]
    assert (settings["strict"], settings["time_zone"]) == (True, "Europe/Berlin")
    assert settings["ping_interval_s"] is None
    ratings = [(one["type"], one["max_power"]) for one in changed.get_json()["connectors"]]
    assert ratings == [("CCS", None), ("Type2", None)]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"settings": {"strict": "yes"}}, "settings.strict"),
        ({"settings": {"time_zone": "Berlin"}}, "settings.time_zone"),
        ({"settings": []}, "settings"),
        ({"strict": True}, "strict"),
        ({"connectors": [{"type": "CCS"}]}, "connectors.0.id"),
        ({"connectors": [{"id": 0}]}, "connectors.0.id"),
        ({"connectors": [{"id": 1, "max_power": "22 kW"}]}, "connectors.0.max_power"),
        ({"security": {"profile": 0}}, "security"),
    ],
)
def test_nonsense_is_told_by_field(operator: Api, world: World, body: dict[str, Any], field: str) -> None:
    world.charge_points.put(busy(world))
    assert_problem(operator.patch(f"{LIST}/CP-1", body), 422, "invalid_input", field)


# --- whether it is admitted --------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["Accepted", "Pending", "Rejected"])
def test_a_decision_is_the_answer_to_the_next_boot(operator: Api, world: World, status: str) -> None:
    world.add_charge_point("acme", "CP-1", Registration.PENDING)
    decided = operator.put(f"{LIST}/CP-1/registration", {"status": status, "trigger_boot": True})
    assert decided.status_code == 200
    assert decided.get_json() == {
        "charge_point_id": "CP-1",
        "admission": status,
        "registration": "Pending",
        "command_id": None,
    }
    shown = operator.get(f"{LIST}/CP-1").get_json()
    assert (shown["admission"], shown["registration"]) == (status, "Pending")


def test_a_pending_one_that_is_connected_is_asked_to_boot(operator: Api, world: World) -> None:
    """A34."""
    world.add_charge_point("acme", "CP-1", Registration.PENDING)
    world.services.charge_points.open_connection(REF, "gw-1", "c-1")
    body = {"status": "Accepted", "trigger_boot": True}
    decided = operator.put(f"{LIST}/CP-1/registration", body)
    assert decided.status_code == 202
    command = world.services.commands.get("acme", decided.get_json()["command_id"])
    assert (command.action, command.payload) == ("TriggerMessage", {"requestedMessage": "BootNotification"})


def test_an_accepted_one_is_not_asked_to_boot(operator: Api, world: World) -> None:
    """A37."""
    world.charge_points.put(busy(world))
    body = {"status": "Rejected", "trigger_boot": True}
    assert operator.put(f"{LIST}/CP-1/registration", body).get_json()["command_id"] is None
    assert world.link.delivered == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "status"),
        ({"status": "accepted"}, "status"),
        ({"status": "Accepted", "trigger_boot": "yes"}, "trigger_boot"),
    ],
)
def test_a_decision_is_one_of_three(operator: Api, world: World, body: dict[str, Any], field: str) -> None:
    world.add_charge_point("acme", "CP-1")
    assert_problem(operator.put(f"{LIST}/CP-1/registration", body), 422, "invalid_input", field)


# --- removing it -------------------------------------------------------------------------------------


def test_removing(tenant_admin: Api, world: World) -> None:
    world.add_charge_point("acme", "CP-1")
    assert tenant_admin.delete(f"{LIST}/CP-1").status_code == 204
    assert_problem(tenant_admin.delete(f"{LIST}/CP-1"), 404, "not_found")


def test_removing_what_is_at_work_takes_force(tenant_admin: Api, world: World) -> None:
    world.charge_points.put(busy(world))
    assert_problem(tenant_admin.delete(f"{LIST}/CP-1"), 409, "needs_force", "force")
    world.charge_points.put(replace(busy(world), connection=None))
    world.sessions.insert(a_session(1), [], 1)
    assert_problem(tenant_admin.delete(f"{LIST}/CP-1"), 409, "needs_force", "force")
    assert tenant_admin.delete(f"{LIST}/CP-1?force=true").status_code == 204


def test_an_operator_does_not_remove(as_user: Callable[..., Api], world: World) -> None:
    world.add_charge_point("acme", "CP-1")
    assert_problem(as_user(Role.OPERATOR).delete(f"{LIST}/CP-1"), 403, "not_permitted")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("PATCH", "", {}), ("PUT", "/registration", {"status": "Accepted"})],
)
def test_nobody_is_not_changed(operator: Api, method: str, path: str, body: dict[str, Any]) -> None:
    assert_problem(operator(method, f"{LIST}/nobody{path}", body), 404, "not_found")
