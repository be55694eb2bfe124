"""Firmware jobs over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.domain.context import ChargePointRef
from app.domain.user import Role
from tests.fakes.world import World
from tests.unit.api.answering import let_answer
from tests.unit.api.calls import Api, assert_problem

JOBS = "/api/v1/firmware-jobs"
REF = ChargePointRef("acme", "CP-1")
UPDATE = {"charge_point_id": "CP-1", "location": "https://example.com/fw.bin"}
SIGNED = {"signed": {"certificate": "no certificate", "signature": "AAAA"}}


@pytest.fixture(autouse=True)
def _charge_point(world: World) -> None:
    world.add_charge_point("acme", "CP-1")


def begin(api: Api, **body: Any) -> dict[str, Any]:
    answer = api.post(JOBS, UPDATE | body)
    assert answer.status_code == 202, answer.get_data(as_text=True)
    job: dict[str, Any] = answer.get_json()
    assert answer.headers["Location"] == f"{JOBS}/{job['id']}"
    return job


def test_an_update_is_a_job_and_a_command(operator: Api, world: World) -> None:
    job = begin(operator, retries=2, retry_interval=60, command_id="mine", expires_in=500)
    assert (job["id"], job["command_id"], job["kind"], job["status"]) == (
        "mine",
        "mine",
        "firmware",
        "requested",
    )
    assert job["history"] == [{"status": "Requested", "at": "2026-03-01T12:00:00.000Z"}]
    command = operator.get("/api/v1/commands/mine").get_json()
    assert (command["action"], command["expires_at"]) == ("UpdateFirmware", "2026-03-01T12:08:20.000Z")
    assert world.services.commands.get("acme", "mine").payload == {
        "location": "https://example.com/fw.bin",
        "retrieveDate": "2026-03-01T12:00:00.000Z",
        "retries": 2,
        "retryInterval": 60,
    }
    assert begin(operator, retries=2, retry_interval=60, command_id="mine") == job
    assert operator.get(f"{JOBS}/mine").get_json() == job


def test_times_are_understood_in_any_offset(operator: Api) -> None:
    job = begin(operator, retrieve_date="2026-03-01T15:00:00+01:00")
    command = operator.get(f"/api/v1/commands/{job['id']}").get_json()
    assert command["parameters"]["retrieve_date"] == "2026-03-01T14:00:00.000Z"


def test_a_signed_update(operator: Api, world: World) -> None:
    body = UPDATE | SIGNED | {"install_date": "2026-03-02T12:00:00Z", "request_id": 7}
    assert_problem(operator.post(JOBS, body), 409, "needs_force", "force")
    job = begin(operator, **body, force=True)
    assert (job["kind"], job["request_id"]) == ("signed_firmware", 7)
    assert world.services.commands.get("acme", job["id"]).payload == {
        "requestId": 7,
        "firmware": {
            "location": "https://example.com/fw.bin",
            "retrieveDateTime": "2026-03-01T12:00:00.000Z",
            "installDateTime": "2026-03-02T12:00:00.000Z",
            "signingCertificate": "no certificate",
            "signature": "AAAA",
        },
    }


def test_a_firmware_file_instead_of_a_location(operator: Api, world: World) -> None:
    image = world.services.keepers.firmware.images.add("acme", "fw.bin", None, [b"x"], "user-1")
    answer = operator.post(JOBS, {"charge_point_id": "CP-1", "firmware_file_id": image.id})
    assert answer.status_code == 202
    job = answer.get_json()
    assert job["firmware_file_id"] == image.id
    assert job["location"].startswith("https://ocpp.example/files/")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"charge_point_id": "CP-1"}, "location"),
        (UPDATE | {"firmware_file_id": "x"}, "location"),
        ({"location": "https://x/"}, "charge_point_id"),
        ({"charge_point_id": "CP-1", "firmware_file_id": "fw-none"}, "firmware_file_id"),
        (UPDATE | {"retrieve_date": "soon"}, "retrieve_date"),
        (UPDATE | {"install_date": "2026-03-02T12:00:00Z"}, "install_date"),
        (UPDATE | {"request_id": 7}, "request_id"),
        (UPDATE | {"retries": "two"}, "retries"),
        (UPDATE | {"signed": {"certificate": "x"}}, "signed.signature"),
        (UPDATE | {"colour": "red"}, "colour"),
    ],
)
def test_wrong_bodies_are_named(operator: Api, body: dict[str, Any], field: str) -> None:
    assert_problem(operator.post(JOBS, body), 422, "invalid_input", field)


def test_an_unknown_charge_point_or_job(operator: Api) -> None:
    assert_problem(operator.post(JOBS, UPDATE | {"charge_point_id": "nobody"}), 404, "not_found")
    assert_problem(operator.get(f"{JOBS}/nobody"), 404, "not_found")


def test_waiting_for_the_answer(app: Flask, operator: Api, world: World) -> None:
    let_answer(app, world, REF, {"status": "RevokedCertificate"})
    answer = operator.post(f"{JOBS}?wait=5", UPDATE | SIGNED | {"force": True})
    assert (answer.status_code, answer.get_json()["status"]) == (200, "failed")
    assert answer.get_json()["error"]["code"] == "RevokedCertificate"


def test_the_list(operator: Api, world: World) -> None:
    world.add_charge_point("acme", "CP-2")
    begin(operator, command_id="first")
    world.clock.advance(1)
    begin(operator, command_id="second", charge_point_id="CP-2", force=True, **SIGNED)

    def listed(query: str) -> list[str]:
        return [item["id"] for item in operator.get(f"{JOBS}{query}").get_json()["items"]]

    assert listed("") == ["second", "first"]
    assert listed("?charge_point_id=CP-1&status=requested&kind=firmware") == ["first"]
    assert listed("?kind=signed_firmware") == ["second"]
    assert_problem(operator.get(f"{JOBS}?kind=diagnostics"), 422, "invalid_input", "kind")


def test_another_tenant_sees_nothing(operator: Api, as_user: Callable[..., Api]) -> None:
    job = begin(operator)
    stranger = as_user(Role.OPERATOR, "beta")
    assert stranger.get(JOBS).get_json()["items"] == []
    assert_problem(stranger.get(f"{JOBS}/{job['id']}"), 404, "not_found")
