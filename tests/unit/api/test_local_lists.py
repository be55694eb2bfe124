"""Local lists over HTTP."""

from typing import Any

import pytest
from flask import Flask

from app.api.waiting import Waiting
from app.domain.context import ChargePointRef
from tests.fakes.world import World
from tests.unit.api.answering import let_wait
from tests.unit.api.calls import Api, assert_problem

LIST = "/api/v1/chargepoints/CP-1/local-list"
REF = ChargePointRef("acme", "CP-1")
ACCEPTED = {"status": "Accepted"}


@pytest.fixture(autouse=True)
def _installation(world: World) -> None:
    world.add_charge_point("acme", "CP-1")
    for id_tag in ("A", "B", "C"):
        world.services.id_tags.put("acme", id_tag, parent_id_tag="GROUP" if id_tag == "C" else None)
    world.services.id_tags.put("beta", "OURS")


def answer(world: World, *answers: dict[str, Any]) -> None:
    for given in answers:
        (command,) = world.commands.waiting("acme", ["CP-1"])
        world.clock.advance(1)
        world.services.commands.complete(REF, command.id, given)


def configure(world: World, **keys: str) -> None:
    reported = [{"key": key, "readonly": True, "value": value} for key, value in keys.items()]
    world.services.keepers.configuration.note_reported(REF, reported, ())


def test_of_a_new_charge_point_nothing_is_known(operator: Api) -> None:
    assert operator.get(LIST).get_json() == {
        "charge_point_id": "CP-1",
        "state": "unknown",
        "version": None,
        "size": None,
        "wanted": None,
        "differences": None,
        "last_answer": None,
        "last_answer_at": None,
        "max_entries": None,
        "max_entries_per_message": None,
        "enabled": None,
        "command_id": None,
    }
    assert operator.get(f"{LIST}/entries").get_json() == {"items": [], "next_cursor": None}


def test_updating_a_list(operator: Api, world: World) -> None:
    configure(world, LocalAuthListEnabled="true", LocalAuthListMaxLength="10", SendLocalListMaxLength="2")
    taken = operator.put(LIST, {"all": True})
    assert taken.status_code == 202
    body = taken.get_json()
    assert (body["state"], body["wanted"]) == ("sending", {"all": True})
    assert (
        operator.get(f"/api/v1/commands/{body['command_id']}").get_json()["action"] == "GetLocalListVersion"
    )
    answer(world, {"listVersion": 0}, ACCEPTED, ACCEPTED)
    world.services.id_tags.put("acme", "B", blocked=True)
    world.services.id_tags.put("acme", "D")
    assert operator.get(LIST).get_json() == {
        "charge_point_id": "CP-1",
        "state": "in_sync",
        "version": 2,
        "size": 3,
        "wanted": {"all": True},
        "differences": {"missing": 1, "outdated": 1, "superfluous": 0, "id_tags": ["d", "b"]},
        "last_answer": "Accepted",
        "last_answer_at": "2026-03-01T12:00:03.000Z",
        "max_entries": 10,
        "max_entries_per_message": 2,
        "enabled": True,
        "command_id": None,
    }


def test_the_entries_come_in_pages(operator: Api, world: World) -> None:
    operator.put(LIST, {"all": True})
    answer(world, {"listVersion": 0}, ACCEPTED)
    first = operator.get(f"{LIST}/entries?limit=2").get_json()
    assert [item["id_tag"] for item in first["items"]] == ["A", "B"]
    second = operator.get(f"{LIST}/entries?limit=2&cursor={first['next_cursor']}").get_json()
    assert second == {
        "items": [{"id_tag": "C", "status": "Accepted", "expires_at": None, "parent_id_tag": "GROUP"}],
        "next_cursor": None,
    }


@pytest.mark.parametrize(
    ("body", "held"),
    [
        ({"id_tags": ["b", "A"]}, ["A", "B"]),
        ({"id_tags": []}, []),
        ({"parent_id_tag": "group"}, ["C"]),
        ({"all": True, "update": "full"}, ["A", "B", "C"]),
    ],
)
def test_which_id_tags(operator: Api, world: World, body: dict[str, Any], held: list[str]) -> None:
    assert operator.put(LIST, {"update": "full"} | body).status_code == 202
    answer(world, {"listVersion": 0}, ACCEPTED)
    items = operator.get(f"{LIST}/entries").get_json()["items"]
    assert [item["id_tag"] for item in items] == held
    wanted = {name: value for name, value in body.items() if name != "update"}
    assert operator.get(LIST).get_json()["wanted"] == wanted


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"body"}),
        ({"all": True, "id_tags": ["A"]}, {"body"}),
        ({"all": False}, {"all"}),
        ({"id_tags": ["x" * 21]}, {"id_tags.0"}),
        ({"id_tags": ["A", "OURS"]}, {"id_tags"}),
        ({"all": True, "update": "sometimes"}, {"update"}),
        ({"all": True, "version": 3}, {"version"}),
    ],
)
def test_nonsense_is_told_by_field(operator: Api, body: dict[str, Any], fields: set[str]) -> None:
    assert_problem(operator.put(LIST, body), 422, "invalid_input", *fields)
    assert operator.get(LIST).get_json()["wanted"] is None


def test_differences_from_something_unknown(operator: Api) -> None:
    assert_problem(operator.put(LIST, {"all": True, "update": "differential"}), 409, "conflict")


def test_what_looks_like_a_mistake_takes_force(operator: Api, world: World) -> None:
    configure(world, LocalAuthListEnabled="false", SupportedFeatureProfiles="Core")
    assert_problem(operator.put(LIST, {"all": True}), 409, "needs_force", "force")
    assert_problem(operator.post(f"{LIST}/check"), 409, "needs_force", "force")
    assert operator.put(LIST, {"all": True, "force": True}).status_code == 202
    assert operator.post(f"{LIST}/check", {"force": True}).status_code == 202


def test_a_check(operator: Api, world: World) -> None:
    taken = operator.post(f"{LIST}/check")
    assert (taken.status_code, taken.get_json()["state"]) == (202, "sending")
    answer(world, {"listVersion": 7})
    body = operator.get(LIST).get_json()
    assert (body["state"], body["version"], body["last_answer"]) == ("unknown", 7, "version 7")


@pytest.mark.parametrize(("patience", "status", "state"), [(5, 200, "in_sync"), (0.4, 202, "sending")])
def test_waiting_for_the_last_part(
    app: Flask, operator: Api, world: World, patience: float, status: int, state: str
) -> None:
    configure(world, SendLocalListMaxLength="1")
    answers: list[dict[str, Any]] = [{"listVersion": 0}, ACCEPTED, ACCEPTED, ACCEPTED]
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        if now < 0.2 or patience > 1:
            answer(world, answers.pop(0))

    let_wait(app, Waiting(1, sleep=sleep, monotonic=lambda: now))
    answered = operator.put(f"{LIST}?wait={patience}", {"all": True})
    assert (answered.status_code, answered.get_json()["state"]) == (status, state)
    assert answered.get_json()["command_id"].startswith("cmd-")


def test_an_unknown_charge_point(operator: Api) -> None:
    for method, path, body in (
        ("GET", "", None),
        ("GET", "/entries", None),
        ("PUT", "", {"all": True}),
        ("POST", "/check", None),
    ):
        path = f"/api/v1/chargepoints/nobody/local-list{path}"
        assert_problem(operator(method, path, body), 404, "not_found")
