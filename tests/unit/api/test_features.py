"""A feature that is switched off is refused by every route that would send one of its commands."""

from typing import Any

import pytest

from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

CP = "/api/v1/chargepoints/CP-1"
COMMANDS = f"{CP}/commands"
PROFILE = {
    "stack_level": 0,
    "charging_profile_purpose": "TxDefaultProfile",
    "charging_profile_kind": "Relative",
    "charging_schedule": {
        "charging_rate_unit": "A",
        "charging_schedule_period": [{"start_period": 0, "limit": 16}],
    },
}
ROUTES: list[tuple[str, str, str, Any]] = [
    ("remote_control", "POST", COMMANDS, {"command_type": "reset", "parameters": {"type": "Soft"}}),
    ("data_transfer", "POST", COMMANDS, {"command_type": "DataTransfer", "parameters": {"vendor_id": "V"}}),
    (
        "remote_trigger",
        "POST",
        COMMANDS,
        {"command_type": "trigger_message", "parameters": {"requested_message": "Heartbeat"}},
    ),
    ("smart_charging", "POST", f"{CP}/charging-profiles", {"connector_id": 1, "profile": PROFILE}),
    ("smart_charging", "DELETE", f"{CP}/charging-profiles", None),
    ("smart_charging", "POST", f"{CP}/composite-schedule", {"connector_id": 1, "duration": 60}),
    (
        "reservations",
        "POST",
        "/api/v1/reservations",
        {
            "charge_point_id": "CP-1",
            "connector_id": 1,
            "id_tag": "TAG",
            "expires_at": "2026-03-01T13:00:00Z",
        },
    ),
    (
        "firmware",
        "POST",
        "/api/v1/firmware-jobs",
        {"charge_point_id": "CP-1", "location": "https://files.example/fw.bin"},
    ),
    ("diagnostics", "POST", "/api/v1/diagnostics", {"charge_point_id": "CP-1"}),
    ("local_lists", "PUT", f"{CP}/local-list", {"all": True}),
    ("local_lists", "POST", f"{CP}/local-list/check", None),
    ("security", "POST", f"{CP}/certificates/read", {}),
]


@pytest.mark.parametrize(
    ("feature", "method", "path", "body"), ROUTES, ids=[f"{m} {p} {f}" for f, m, p, _ in ROUTES]
)
def test_it_is_refused_by_name(
    tenant_admin: Api, world: World, feature: str, method: str, path: str, body: Any
) -> None:
    world.add_charge_point("acme", "CP-1")
    world.services.tenants.configure("acme", {"features": {feature: False}})
    answer = tenant_admin(method, path, body)
    problem = assert_problem(answer, 403, "feature_disabled")
    assert problem["feature"] == feature
    assert feature in problem["detail"]
    assert tenant_admin.get("/api/v1/commands").get_json()["items"] == []
