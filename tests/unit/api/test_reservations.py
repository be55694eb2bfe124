"""Reservations over HTTP."""

from typing import Any

import pytest
from flask import Flask

from app.domain.context import ChargePointRef
from tests.fakes.world import World
from tests.unit.api.answering import let_answer
from tests.unit.api.calls import Api, assert_problem

RESERVATIONS = "/api/v1/reservations"
NEW = {
    "charge_point_id": "CP-1",
    "connector_id": 1,
    "id_tag": "TAG-1",
    "expires_at": "2026-03-01T13:00:00Z",
}
REF = ChargePointRef("acme", "CP-1")


@pytest.fixture(autouse=True)
def _charge_point(world: World) -> None:
    world.add_charge_point("acme", "CP-1")
    world.services.charge_points.open_connection(REF, "gw-1", "c-1")


def test_a_reservation_is_asked_for(operator: Api, world: World) -> None:
    answer = operator.post(RESERVATIONS, NEW | {"command_id": "mine-1", "parent_id_tag": "GROUP"})
    assert answer.status_code == 202
    assert answer.get_json() == {
        "id": "mine-1",
        "command_id": "mine-1",
        "tenant_id": "acme",
        "charge_point_id": "CP-1",
        "connector_id": 1,
        "reservation_id": 1,
        "id_tag": "TAG-1",
        "parent_id_tag": "GROUP",
        "expires_at": "2026-03-01T13:00:00.000Z",
        "status": "requested",
        "reason": None,
        "transaction_id": None,
        "created_at": "2026-03-01T12:00:00.000Z",
        "changed_at": "2026-03-01T12:00:00.000Z",
    }
    assert operator.get(answer.headers["Location"]).get_json() == answer.get_json()
    (_, delivery) = world.link.delivered[-1]
    assert delivery.action == "ReserveNow"


@pytest.mark.parametrize(
    ("word", "status", "reason"), [("Accepted", "accepted", None), ("Occupied", "refused", "Occupied")]
)
def test_whoever_waits_hears_what_the_charge_point_said(
    app: Flask, world: World, operator: Api, word: str, status: str, reason: str | None
) -> None:
    let_answer(app, world, REF, {"status": word})
    answer = operator.post(f"{RESERVATIONS}?wait=5", NEW)
    assert answer.status_code == 200
    assert (answer.get_json()["status"], answer.get_json()["reason"]) == (status, reason)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, set(NEW)),
        (NEW | {"expires_at": "2026-03-01T12:00:00Z"}, {"expires_at"}),
        (NEW | {"expires_at": "tomorrow"}, {"expires_at"}),
        (NEW | {"connector_id": -1}, {"connector_id"}),
        (NEW | {"connector_id": "1"}, {"connector_id"}),
        (NEW | {"reservation_id": 2**31}, {"reservation_id"}),
        (NEW | {"id_tag": "x" * 21}, {"id_tag"}),
        (NEW | {"colour": "red"}, {"colour"}),
    ],
)
def test_nonsense_is_told_by_field(operator: Api, body: dict[str, Any], fields: set[str]) -> None:
    assert_problem(operator.post(RESERVATIONS, body), 422, "invalid_input", *fields)


def test_what_looks_like_a_mistake_takes_force(operator: Api, world: World) -> None:
    world.services.keepers.configuration.note_reported(
        REF, [{"key": "ReserveConnectorZeroSupported", "value": "false", "readonly": True}], []
    )
    anywhere = NEW | {"connector_id": 0}
    assert_problem(operator.post(RESERVATIONS, anywhere), 409, "needs_force", "force")
    assert operator.post(RESERVATIONS, anywhere | {"force": True}).status_code == 202


def test_the_list_with_its_filters(operator: Api, world: World) -> None:
    world.add_charge_point("acme", "CP-2")
    operator.post(RESERVATIONS, NEW | {"command_id": "first"})
    world.clock.advance(1)
    second = NEW | {"command_id": "second", "charge_point_id": "CP-2", "id_tag": "TAG-2"}
    operator.post(RESERVATIONS, second)

    def listed(query: str) -> list[str]:
        return [item["id"] for item in operator.get(f"{RESERVATIONS}{query}").get_json()["items"]]

    assert listed("") == ["second", "first"]
    assert listed("?charge_point_id=CP-2") == ["second"]
    assert listed("?id_tag=tag-1&status=requested") == ["first"]
    assert listed("?status=used") == []
    assert_problem(operator.get(f"{RESERVATIONS}?status=lost"), 422, "invalid_input", "status")


def test_cancelling(app: Flask, world: World, operator: Api) -> None:
    let_answer(app, world, REF, {"status": "Accepted"})
    address = f"{RESERVATIONS}/{operator.post(f'{RESERVATIONS}?wait=5', NEW).get_json()['id']}"
    answer = operator("DELETE", f"{address}?wait=5")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "cancelled")
    assert_problem(operator("DELETE", address), 409, "needs_force", "force")
    assert operator("DELETE", f"{address}?force=true").status_code == 202


def test_cancelling_without_waiting(operator: Api) -> None:
    address = operator.post(RESERVATIONS, NEW).headers["Location"]
    answer = operator("DELETE", address)
    assert (answer.status_code, answer.get_json()["status"]) == (202, "requested")


def test_what_nobody_knows(operator: Api) -> None:
    assert_problem(operator.get(f"{RESERVATIONS}/nobody"), 404, "not_found")
    assert_problem(operator("DELETE", f"{RESERVATIONS}/nobody"), 404, "not_found")
    nowhere = NEW | {"charge_point_id": "nowhere"}
    assert_problem(operator.post(RESERVATIONS, nowhere), 404, "not_found")
