"""The configuration of charge points over HTTP."""

from typing import Any

import pytest
from flask import Flask

from app.domain.context import ChargePointRef
from app.services.ports import PageRequest
from tests.fakes.world import World
from tests.unit.api.answering import let_answer
from tests.unit.api.calls import Api, assert_problem

PATH = "/api/v1/chargepoints/CP-1/configuration"
REF = ChargePointRef("acme", "CP-1")
NOW = "2026-03-01T12:00:00.000Z"


@pytest.fixture(autouse=True)
def _charge_point(world: World) -> None:
    world.add_charge_point("acme", "CP-1")


def page() -> PageRequest:
    return PageRequest(200)


def test_what_is_known(operator: Api, world: World) -> None:
    keepers = world.services.keepers.configuration
    reported = [{"key": "HeartbeatInterval", "value": 300}, {"key": "b", "readonly": True}]
    keepers.note_reported(REF, reported, ["Nonsense"], everything=True)
    keepers.note_changed(REF, "A", "1", reboot_required=True)
    keepers.note_refused(REF, "B", "2", answered=False)
    assert operator.get(PATH).get_json() == {
        "charge_point_id": "CP-1",
        "read_at": NOW,
        "reported_at": NOW,
        "reset_needed": True,
        "keys": [
            {"key": "A", "value": "1", "readonly": False, "reported_at": NOW, "reset_needed": True},
            {"key": "b", "value": None, "readonly": True, "reported_at": NOW, "reset_needed": False},
            {
                "key": "HeartbeatInterval",
                "value": "300",
                "readonly": False,
                "reported_at": NOW,
                "reset_needed": False,
            },
        ],
        "unknown_keys": ["Nonsense"],
        "refused": [{"key": "b", "value": "2", "answered": False, "at": NOW}],
        "command_id": None,
    }


def test_nothing_is_known_of_a_new_one(operator: Api) -> None:
    body = operator.get(PATH).get_json()
    assert (body["keys"], body["read_at"], body["reported_at"], body["reset_needed"]) == (
        [],
        None,
        None,
        False,
    )


@pytest.mark.parametrize("body", [None, {}, {"keys": ["A", "B"]}])
def test_reading(operator: Api, world: World, body: dict[str, Any] | None) -> None:
    taken = operator.post(f"{PATH}/read", body)
    assert taken.status_code == 202
    command = world.services.commands.get("acme", taken.get_json()["command_id"])
    assert command.payload == ({"key": ["A", "B"]} if body else {})


def test_reading_and_waiting_to_the_last_part(app: Flask, operator: Api, world: World) -> None:
    """More than it takes at once: the answer is held until all have come."""
    limit = [{"key": "GetConfigurationMaxKeys", "value": "1"}]
    world.services.keepers.configuration.note_reported(REF, limit, [])
    told = [{"key": "A", "readonly": False, "value": "1"}]
    let_answer(app, world, REF, {"configurationKey": told, "unknownKey": ["B"]})
    read = operator.post(f"{PATH}/read?wait=5", {"keys": ["A", "B", "C"]})
    assert read.status_code == 200
    assert [key["key"] for key in read.get_json()["keys"]] == ["A", "GetConfigurationMaxKeys"]
    assert len(world.services.commands.list_page("acme", page()).items) == 2


def test_changing_some_keys(app: Flask, operator: Api, world: World) -> None:
    let_answer(app, world, REF, {"status": "RebootRequired"})
    changed = operator.patch(
        f"{PATH}?wait=5", {"values": {"HeartbeatInterval": 60, "LocalPreAuthorize": True}}
    )
    assert changed.status_code == 200
    first, second = changed.get_json()["results"]
    assert (first["key"], first["status"], first["result"]) == (
        "HeartbeatInterval",
        "accepted",
        {"status": "RebootRequired"},
    )
    assert (second["key"], second["status"]) == ("LocalPreAuthorize", "accepted")
    assert operator.get(PATH).get_json()["reset_needed"] is True


def test_changing_without_waiting(operator: Api, world: World) -> None:
    changed = operator.patch(PATH, {"values": {"HeartbeatInterval": 60}})
    assert changed.status_code == 202
    (result,) = changed.get_json()["results"]
    assert result["status"] == "queued"
    assert world.services.commands.get("acme", result["command_id"]).payload["value"] == "60"


def test_one_key_that_takes_force_does_not_keep_the_others_back(tenant_admin: Api, world: World) -> None:
    values = {"HeartbeatInterval": "soon", "BlinkRepeat": 1, "SecurityProfile": 0}
    changed = tenant_admin.patch(PATH, {"values": values})
    doubtful, taken, refused = changed.get_json()["results"]
    assert (doubtful["status"], doubtful["error"]["code"], doubtful["command_id"]) == (
        "not_taken",
        "needs_force",
        None,
    )
    assert taken["status"] == "queued"
    assert (refused["status"], refused["error"]["code"]) == ("not_taken", "invalid_input")
    forced = tenant_admin.patch(PATH, {"values": values, "force": True}).get_json()["results"]
    assert [result["status"] for result in forced] == ["queued", "queued", "not_taken"]
    assert forced[0]["warnings"] == ["This key takes a whole number."]


def test_where_no_key_can_be_sent_the_first_reason_is_the_answer(tenant_admin: Api) -> None:
    doubtful = {"values": {"HeartbeatInterval": "soon"}}
    assert_problem(tenant_admin.patch(PATH, doubtful), 409, "needs_force", "force")
    wrong = {"values": {"SecurityProfile": 0}}
    assert_problem(tenant_admin.patch(PATH, wrong), 422, "invalid_input", "parameters.value")


@pytest.mark.parametrize("key", ["AuthorizationKey", "securityPROFILE"])
def test_keys_of_security_are_for_who_manages_it(operator: Api, world: World, key: str) -> None:
    """Else whoever sends commands could give the charge point a key of their own. Nothing is sent then."""
    values = {"BlinkRepeat": 1, key: "ca" * 20}
    assert_problem(operator.patch(PATH, {"values": values, "force": True}), 403, "not_permitted")
    assert world.services.commands.list_page("acme", page()).items == ()


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("PATCH", PATH, {}, "values"),
        ("PATCH", PATH, {"values": {}}, "values"),
        ("PATCH", PATH, {"values": {"": "1"}}, "values..key"),
        ("PATCH", PATH, {"values": {"A": "1"}, "force": "yes"}, "force"),
        ("PATCH", PATH, {"HeartbeatInterval": 60, "values": {"A": "1"}}, "HeartbeatInterval"),
        ("POST", f"{PATH}/read", {"keys": []}, "keys"),
        ("POST", f"{PATH}/read", {"keys": [5]}, "keys.0"),
    ],
)
def test_nonsense_is_told_by_field(operator: Api, method: str, path: str, body: Any, field: str) -> None:
    assert_problem(operator(method, path, body), 422, "invalid_input", field)


def test_an_unknown_charge_point(operator: Api) -> None:
    nobody = "/api/v1/chargepoints/nobody/configuration"
    assert_problem(operator.get(nobody), 404, "not_found")
    assert_problem(operator.post(f"{nobody}/read"), 404, "not_found")
    assert_problem(operator.patch(nobody, {"values": {"A": "1"}}), 404, "not_found")
