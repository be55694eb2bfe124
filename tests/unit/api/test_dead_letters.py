"""Dead letters over HTTP: looked at by operators, replayed and discarded by administrators."""

import json

import pytest

from app.domain.context import ChargePointRef
from tests.builders import a_dead_letter, at
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

LIST = "/api/v1/dead-letters"
START = '[2,"u-1","StartTransaction",{"connectorId":1,"idTag":"T","meterStart":0,"timestamp":"%s"}]'


@pytest.fixture(autouse=True)
def _parked(world: World) -> None:
    world.add_charge_point("acme", "CP-1")
    frame = START % "2026-03-01T11:59:00Z"
    start = a_dead_letter("dead-start", action="StartTransaction", frame=frame, first_at=at(1))
    other = a_dead_letter("dead-other", ChargePointRef("acme", "CP-2"))
    world.dead_letters.park("acme", [start, other])
    world.dead_letters.park("beta", [a_dead_letter("dead-beta", ChargePointRef("beta", "CP-1"))])


def test_a_dead_letter_is_shown(operator: Api) -> None:
    shown = operator.get(f"{LIST}/dead-other").get_json()
    assert shown == {
        "id": "dead-other",
        "tenant_id": "acme",
        "charge_point_id": "CP-2",
        "kind": "call",
        "action": "MeterValues",
        "frame": '[2,"u-1","MeterValues",{"connectorId":1,"meterValue":[]}]',
        "connection_id": "c-1",
        "epoch": 1,
        "sequence": 1,
        "received_at": "2026-03-01T12:00:00.000Z",
        "error": "ZeroDivisionError",
        "reason": "division by zero",
        "count": 1,
        "first_at": "2026-03-01T12:00:00.000Z",
        "last_at": "2026-03-01T12:00:00.000Z",
        "status": "parked",
        "answer": None,
        "settled_at": None,
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["dead-start", "dead-other"]),
        ("sort=first_at", ["dead-other", "dead-start"]),
        ("charge_point_id=CP-2", ["dead-other"]),
        ("action=StartTransaction&status=parked", ["dead-start"]),
        ("status=replayed", []),
    ],
)
def test_filters(operator: Api, query: str, found: list[str]) -> None:
    assert [item["id"] for item in operator.get(f"{LIST}?{query}").get_json()["items"]] == found


def test_a_replay_applies_the_call_and_says_what_would_have_been_answered(
    tenant_admin: Api, world: World
) -> None:
    replayed = tenant_admin.post(f"{LIST}/dead-start/replay").get_json()
    assert replayed["status"] == "replayed"
    assert json.loads(replayed["answer"])[2]["transactionId"] == 1
    assert world.services.sessions.get("acme", "session-1").charge_point_id == "CP-1"
    assert tenant_admin.post(f"{LIST}/dead-start/replay").get_json() == replayed
    assert_problem(tenant_admin.post(f"{LIST}/dead-start/discard"), 409, "conflict")


def test_discarding(tenant_admin: Api) -> None:
    assert tenant_admin.post(f"{LIST}/dead-other/discard").get_json()["status"] == "discarded"
    assert tenant_admin.post(f"{LIST}/dead-other/discard").status_code == 200


@pytest.mark.parametrize("verb", ["replay", "discard"])
def test_operators_may_only_look(operator: Api, verb: str) -> None:
    assert_problem(operator.post(f"{LIST}/dead-start/{verb}"), 403, "not_permitted")


@pytest.mark.parametrize("name", ["dead-nine", "dead-beta"])
def test_an_unknown_one_or_anothers_is_not_found(tenant_admin: Api, name: str) -> None:
    assert_problem(tenant_admin.get(f"{LIST}/{name}"), 404, "not_found")
    assert_problem(tenant_admin.post(f"{LIST}/{name}/replay"), 404, "not_found")


def test_what_is_done_is_on_record(tenant_admin: Api, world: World) -> None:
    tenant_admin.post(f"{LIST}/dead-start/replay")
    entries = [entry for entry in world.audit.of("acme") if "dead" in entry.action]
    assert [entry.target["dead_letter_id"] for entry in entries] == ["dead-start"]
