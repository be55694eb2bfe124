"""Commands over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from app.api.waiting import Waiting, places_for
from app.domain.command import CommandStatus, Outcome
from app.domain.context import ChargePointRef
from app.services.batch import Exchange
from tests.fakes.world import World
from tests.unit.api.answering import let_answer
from tests.unit.api.calls import Api, assert_problem

SEND = "/api/v1/chargepoints/CP-1/commands"
RESET = {"command_type": "reset", "parameters": {"type": "Soft"}}
REF = ChargePointRef("acme", "CP-1")


@pytest.fixture(autouse=True)
def _charge_point(world: World) -> None:
    world.add_charge_point("acme", "CP-1")


def test_a_command_is_taken(operator: Api, world: World) -> None:
    world.services.charge_points.open_connection(REF, "gw-1", "c-1")
    answer = operator.post(SEND, RESET | {"expires_in": 90})
    assert answer.status_code == 202
    body = answer.get_json()
    assert body["id"] == body["command_id"]
    assert (body["status"], body["action"], body["command_type"]) == ("queued", "Reset", "reset")
    assert body["expires_at"] == "2026-03-01T12:01:30.000Z"
    assert body["requested_by"].startswith("user-")
    assert operator.get(answer.headers["Location"]).get_json() == body
    assert [delivery.command_id for _, delivery in world.link.delivered] == [body["id"]]


def test_an_own_id_sent_again_is_the_same_command(operator: Api, world: World) -> None:
    world.add_charge_point("acme", "CP-2")
    first = operator.post(SEND, RESET | {"command_id": "mine-1"}).get_json()
    assert operator.post(SEND, RESET | {"command_id": "mine-1"}).get_json() == first
    other_body = RESET | {"parameters": {"type": "Hard"}, "command_id": "mine-1"}
    assert_problem(operator.post(SEND, other_body), 409, "conflict")
    elsewhere = operator.post("/api/v1/chargepoints/CP-2/commands", RESET | {"command_id": "mine-1"})
    assert_problem(elsewhere, 409, "conflict")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"command_type"}),
        ({"command_type": "dance"}, {"command_type"}),
        ({"command_type": "reset"}, {"parameters.type"}),
        (RESET | {"parameters": {"type": "Soft", "colour": "red"}}, {"parameters.colour"}),
        (RESET | {"parameters": []}, {"parameters"}),
        (RESET | {"parameters": None}, {"parameters"}),
        (RESET | {"parameter": {}}, {"parameter"}),
        (RESET | {"expires_in": 0}, {"expires_in"}),
        (RESET | {"expires_in": 604_801}, {"expires_in"}),
        (RESET | {"expires_in": "60"}, {"expires_in"}),
        (RESET | {"expires_in": True}, {"expires_in"}),
        (RESET | {"command_id": ""}, {"command_id"}),
        (RESET | {"command_id": "a/b"}, {"command_id"}),
        (RESET | {"command_id": 7}, {"command_id"}),
    ],
)
def test_nonsense_is_told_by_field(operator: Api, body: dict[str, Any], fields: set[str]) -> None:
    assert_problem(operator.post(SEND, body), 422, "invalid_input", *fields)


@pytest.mark.parametrize("wait", ["-1", "61", "soon", "nan"])
def test_a_wrong_wait(operator: Api, wait: str) -> None:
    assert_problem(operator.post(f"{SEND}?wait={wait}", RESET), 422, "invalid_input", "wait")


def test_an_unknown_charge_point(operator: Api) -> None:
    assert_problem(operator.post("/api/v1/chargepoints/nobody/commands", RESET), 404, "not_found")
    assert_problem(operator.get("/api/v1/commands/nobody"), 404, "not_found")


def test_the_list(operator: Api, world: World) -> None:
    world.add_charge_point("acme", "CP-2")
    operator.post(SEND, RESET | {"command_id": "first"})
    world.clock.advance(1)
    operator.post("/api/v1/chargepoints/CP-2/commands", RESET | {"command_id": "second"})

    def listed(query: str) -> list[str]:
        return [item["id"] for item in operator.get(f"/api/v1/commands{query}").get_json()["items"]]

    assert listed("") == ["second", "first"]
    assert listed("?charge_point_id=CP-1&status=queued&action=Reset") == ["first"]
    assert listed("?status=accepted") == []
    assert_problem(operator.get("/api/v1/commands?status=lost"), 422, "invalid_input", "status")


def test_waiting_for_the_end(app: Flask, operator: Api, world: World) -> None:
    let_answer(app, world, REF, {"status": "Accepted"})
    answered = operator.post(f"{SEND}?wait=5", RESET)
    assert answered.status_code == 200
    assert (answered.get_json()["status"], answered.get_json()["result"]) == (
        "accepted",
        {"status": "Accepted"},
    )
    assert answered.get_json()["completed_at"] is not None


def test_waiting_in_vain(operator: Api) -> None:
    answered = operator.post(f"{SEND}?wait=0.1", RESET)
    assert (answered.status_code, answered.get_json()["status"]) == (202, "queued")


class Ticks:
    """A monotonic clock that moves by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)

    def __call__(self) -> float:
        return self.now


def test_the_pauses_grow_and_stay_within_the_time(operator: Api, world: World) -> None:
    command = world.services.commands.get("acme", operator.post(SEND, RESET).get_json()["id"])
    ticks = Ticks()
    waiting = Waiting(1, ticks.sleep, ticks)
    assert waiting.until_final(command, 2.0, lambda: command) is command
    assert ticks.pauses[0] == 0.05
    assert max(ticks.pauses) == 0.25
    assert sum(ticks.pauses) == pytest.approx(2.0)


def test_who_finds_no_place_is_answered_at_once(operator: Api, world: World) -> None:
    command = world.services.commands.get("acme", operator.post(SEND, RESET).get_json()["id"])
    ticks = Ticks()
    waiting = Waiting(1, ticks.sleep, ticks)

    def looks() -> Iterator[Any]:
        assert waiting.until_final(command, 60, lambda: command) is command
        world.services.commands.fail(REF, command.id, Outcome(CommandStatus.TIMED_OUT))
        yield world.services.commands.get("acme", command.id)

    found = looks()
    assert waiting.until_final(command, 60, lambda: next(found)).status is CommandStatus.TIMED_OUT
    assert len(ticks.pauses) == 1


def test_some_threads_stay_free() -> None:
    assert [places_for(threads) for threads in (1, 2, 8, 32)] == [1, 1, 2, 20]


def test_what_came_of_it(operator: Api, world: World) -> None:
    """C3: the proof stands in the message log; `tests/unit/ocpp/test_effects.py` says which."""
    command_id = operator.post(SEND, RESET).get_json()["id"]
    unseen = {"command_id": command_id, "seen_at": None, "what": None, "message_id": None}
    assert operator.get(f"/api/v1/commands/{command_id}/effect").get_json() == unseen
    now = world.clock.now()
    world.services.commands.mark_sent(REF, command_id, now)
    world.services.commands.complete(REF, command_id, {"status": "Accepted"})
    boot = '[2,"1","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]'
    world.batches.exchanges.append(Exchange(REF, "in", "BootNotification", "1", now, boot, ""))
    effect = operator.get(f"/api/v1/commands/{command_id}/effect").get_json()
    assert (effect["what"], effect["seen_at"]) == ("BootNotification", "2026-03-01T12:00:00.000Z")
    assert operator.get(f"/api/v1/messages/{effect['message_id']}").get_json()["request"] == boot
    assert_problem(operator.get("/api/v1/commands/nobody/effect"), 404, "not_found")
