"""Charging profiles over HTTP: templates, assignments, clearing, composite schedules."""

from typing import Any

import pytest
from flask import Flask

from app.domain.context import ChargePointRef
from tests.builders import a_profile, a_schedule, a_session, an_installed_profile
from tests.fakes.world import World
from tests.unit.api.answering import let_answer
from tests.unit.api.calls import Api, assert_problem

TEMPLATES = "/api/v1/charging-profiles"
INSTALLED = "/api/v1/chargepoints/CP-1/charging-profiles"
COMPOSITE = "/api/v1/chargepoints/CP-1/composite-schedule"
REF = ChargePointRef("acme", "CP-1")
PROFILE = a_profile()
del PROFILE["charging_profile_id"]
NOON = "2026-03-01T12:00:00.000Z"


@pytest.fixture(autouse=True)
def _charge_point(world: World) -> None:
    world.add_charge_point("acme", "CP-1")
    world.services.charge_points.open_connection(REF, "gw-1", "c-1")


def install(world: World, number: int = 1, **fields: Any) -> None:
    world.services.keepers.charging_profiles.note_installed(an_installed_profile(number, **fields))


def sent(world: World) -> list[tuple[str, dict[str, Any]]]:
    return [(delivery.action, delivery.payload) for _, delivery in world.link.delivered]


# --- templates -----------------------------------------------------------------------------------


def test_a_template_is_made_shown_changed_and_removed(operator: Api) -> None:
    made = operator.post(TEMPLATES, {"name": "night", "profile": PROFILE, "description": "Less at night"})
    assert made.status_code == 201
    assert made.get_json() == {
        "name": "night",
        "description": "Less at night",
        "profile": PROFILE,
        "created_at": NOON,
        "updated_at": NOON,
    }
    address = made.headers["Location"]
    assert operator.get(address).get_json() == made.get_json()
    assert_problem(operator.post(TEMPLATES, {"name": "night", "profile": PROFILE}), 409, "conflict")
    changed = operator.put(address, {"profile": {**PROFILE, "stack_level": 3}})
    assert (changed.get_json()["profile"]["stack_level"], changed.get_json()["description"]) == (3, None)
    assert [one["name"] for one in operator.get(TEMPLATES).get_json()["items"]] == ["night"]
    assert operator("DELETE", address).status_code == 204
    assert_problem(operator.get(address), 404, "not_found")
    assert_problem(operator("DELETE", address), 404, "not_found")


@pytest.mark.parametrize(
    ("profile", "field"),
    [
        ({**PROFILE, "charging_profile_id": 7}, "profile.charging_profile_id"),
        ({**PROFILE, "stack_level": -1}, "profile.stack_level"),
        ({**PROFILE, "colour": "red"}, "profile.colour"),
        ({**PROFILE, "charging_profile_kind": "Never"}, "profile.charging_profile_kind"),
        (
            {**PROFILE, "charging_schedule": a_schedule((0, 16.15))},
            "profile.charging_schedule.charging_schedule_period.0.limit",
        ),
        (
            {**PROFILE, "charging_schedule": a_schedule(start_schedule=None)},
            "profile.charging_schedule.start_schedule",
        ),
    ],
)
def test_what_is_wrong_with_a_profile_is_told_by_its_place(
    operator: Api, profile: dict[str, Any], field: str
) -> None:
    wrong = operator.post(TEMPLATES, {"name": "night", "profile": profile})
    assert_problem(wrong, 422, "invalid_input", field)
    if "charging_profile_id" not in profile:
        wrong = operator.post(INSTALLED, {"connector_id": 1, "profile": profile})
        assert_problem(wrong, 422, "invalid_input", field)


# --- assignments ---------------------------------------------------------------------------------


def test_a_profile_is_assigned(app: Flask, operator: Api, world: World) -> None:
    let_answer(app, world, REF, {"status": "Accepted"})
    answer = operator.post(f"{INSTALLED}?wait=5", {"connector_id": 1, "profile": PROFILE})
    assert answer.status_code == 200
    body = answer.get_json()
    command = body["command_id"]
    assert body == {
        "charge_point_id": "CP-1",
        "command_id": command,
        "status": "accepted",
        "result": {"status": "Accepted"},
        "error": None,
        "warnings": [],
        "installed": [
            {
                "connector_id": 1,
                "profile": a_profile(1),
                "template": None,
                "installed_at": NOON,
                "command_id": command,
            }
        ],
    }
    assert operator.get(INSTALLED).get_json() == {"items": body["installed"]}


def test_a_template_is_assigned_by_name(operator: Api, world: World) -> None:
    operator.post(TEMPLATES, {"name": "night", "profile": PROFILE})
    answer = operator.post(INSTALLED, {"connector_id": 2, "template": "night", "charging_profile_id": 70})
    assert (answer.status_code, answer.get_json()["status"]) == (202, "queued")
    ((action, payload),) = sent(world)
    assert (action, payload["connectorId"]) == ("SetChargingProfile", 2)
    assert payload["csChargingProfiles"]["chargingProfileId"] == 70
    assert_problem(operator.post(INSTALLED, {"connector_id": 1, "template": "day"}), 404, "not_found")


def test_a_tx_profile_is_for_what_runs_there(operator: Api, world: World) -> None:
    world.sessions.insert(a_session(9), [], 1)
    profile = {**PROFILE, "charging_profile_purpose": "TxProfile"}
    operator.post(INSTALLED, {"connector_id": 1, "profile": profile})
    assert sent(world)[0][1]["csChargingProfiles"]["transactionId"] == 9
    nothing_runs = operator.post(INSTALLED, {"connector_id": 2, "profile": profile})
    assert_problem(nothing_runs, 422, "invalid_input", "profile.transaction_id")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"connector_id": 1}, {"profile"}),
        ({"connector_id": 1, "profile": PROFILE, "template": "night"}, {"profile"}),
        ({"profile": PROFILE}, {"connector_id"}),
        ({"connector_id": 1, "profile": PROFILE, "retry_lower": "yes"}, {"retry_lower"}),
        ({"connector_id": 1, "profile": PROFILE, "colour": "red"}, {"colour"}),
    ],
)
def test_nonsense_is_told_by_field(operator: Api, body: dict[str, Any], fields: set[str]) -> None:
    assert_problem(operator.post(INSTALLED, body), 422, "invalid_input", *fields)


def test_what_the_charge_point_will_not_take_takes_force(operator: Api, world: World) -> None:
    """D8."""
    key = {"key": "ChargeProfileMaxStackLevel", "value": "3", "readonly": True}
    world.services.keepers.configuration.note_reported(REF, [key], [])
    body = {"connector_id": 1, "profile": {**PROFILE, "stack_level": 4}}
    assert_problem(operator.post(INSTALLED, body), 409, "needs_force", "force")
    forced = operator.post(INSTALLED, body | {"force": True}).get_json()
    assert len(forced["warnings"]) == 1


def test_the_list_with_its_filters(operator: Api, world: World) -> None:
    install(world, 1)
    install(world, 2, connector_id=2)
    install(world, 3, stack_level=3)

    def listed(query: str) -> list[int]:
        items = operator.get(f"{INSTALLED}{query}").get_json()["items"]
        return [item["profile"]["charging_profile_id"] for item in items]

    assert listed("") == [1, 3, 2]
    assert listed("?connector_id=1&stack_level=3") == [3]
    assert listed("?purpose=TxProfile") == []
    assert listed("?charging_profile_id=2") == [2]
    assert_problem(operator.get(f"{INSTALLED}?purpose=Mine"), 422, "invalid_input", "purpose")
    assert_problem(operator.get("/api/v1/chargepoints/nobody/charging-profiles"), 404, "not_found")


@pytest.mark.parametrize(
    ("query", "payload", "left"),
    [
        ("", {}, []),
        ("charging_profile_id=1", {"id": 1}, [3]),
        (
            "purpose=TxDefaultProfile&connector_id=1&stack_level=3",
            {"chargingProfilePurpose": "TxDefaultProfile", "connectorId": 1, "stackLevel": 3},
            [1],
        ),
    ],
)
@pytest.mark.parametrize("word", ["Accepted", "Unknown"])
def test_clearing(
    app: Flask, operator: Api, world: World, query: str, payload: dict[str, Any], left: list[int], word: str
) -> None:
    """C31."""
    install(world, 1)
    install(world, 3, stack_level=3)
    let_answer(app, world, REF, {"status": word})
    answer = operator("DELETE", f"{INSTALLED}?wait=5&{query}")
    assert answer.status_code == 200
    assert sent(world) == [("ClearChargingProfile", payload)]
    installed = answer.get_json()["installed"]
    assert [one["profile"]["charging_profile_id"] for one in installed] == left


def test_clearing_by_id_and_criteria_is_one_too_many(operator: Api) -> None:
    wrong = operator("DELETE", f"{INSTALLED}?charging_profile_id=1&stack_level=2")
    assert_problem(wrong, 422, "invalid_input", "charging_profile_id")


# --- composite schedules -------------------------------------------------------------------------


def test_the_estimate_sends_nothing(operator: Api, world: World) -> None:
    """D5, D6."""
    install(world, 1, charging_schedule=a_schedule((0, 16.1), (600, 6), duration=3600))
    answer = operator.get(f"{COMPOSITE}?connector_id=1&duration=7200").get_json()
    assert answer == {
        "connector_id": 1,
        "start": NOON,
        "duration": 7200,
        "charging_rate_unit": "A",
        "limit_now": 16.1,
        "periods": [
            {"start_period": 0, "limit": 16.1, "number_phases": None},
            {"start_period": 600, "limit": 6.0, "number_phases": None},
            {"start_period": 3600, "limit": None, "number_phases": None},
        ],
    }
    assert operator.get(f"{COMPOSITE}?unit=W").get_json()["limit_now"] is None
    assert sent(world) == []
    assert_problem(operator.get(f"{COMPOSITE}?unit=kW"), 422, "invalid_input", "unit")
    assert_problem(operator.get("/api/v1/chargepoints/nobody/composite-schedule"), 404, "not_found")


def test_the_charge_points_own_word_beside_the_estimate(app: Flask, operator: Api, world: World) -> None:
    """C32."""
    install(world, 1)
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}]}
    let_answer(
        app,
        world,
        REF,
        {
            "status": "Accepted",
            "connectorId": 1,
            "scheduleStart": "2026-03-01T12:00:00Z",
            "chargingSchedule": schedule,
        },
    )
    answer = operator.post(f"{COMPOSITE}?connector_id=1&duration=3600&unit=A")
    assert answer.status_code == 200
    body = answer.get_json()
    assert body["reported"]["charging_schedule"]["charging_schedule_period"] == [
        {"start_period": 0, "limit": 10.0}
    ]
    assert (body["status"], body["estimate"]["limit_now"]) == ("accepted", 16.1)
    assert sent(world) == [
        ("GetCompositeSchedule", {"connectorId": 1, "duration": 3600, "chargingRateUnit": "A"})
    ]


def test_a_refusal_with_junk_beside_it(app: Flask, operator: Api, world: World) -> None:
    """G29."""
    let_answer(app, world, REF, {"status": "Rejected", "scheduleStart": "0"})
    body = operator.post(f"{COMPOSITE}?connector_id=1").get_json()
    assert (body["status"], body["reported"], body["error"]["code"]) == ("rejected", None, "refused")
