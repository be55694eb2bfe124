"""Diagnostics over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest

from app.domain.user import Role
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

JOBS = "/api/v1/diagnostics"
FETCH = {"charge_point_id": "CP-1"}


@pytest.fixture(autouse=True)
def _charge_point(world: World) -> None:
    world.add_charge_point("acme", "CP-1")


def begin(api: Api, **body: Any) -> dict[str, Any]:
    answer = api.post(JOBS, FETCH | body)
    assert answer.status_code == 202, answer.get_data(as_text=True)
    job: dict[str, Any] = answer.get_json()
    assert answer.headers["Location"] == f"{JOBS}/{job['id']}"
    return job


def receive(world: World, job: dict[str, Any], name: str, content: bytes) -> None:
    diagnostics = world.services.keepers.diagnostics
    diagnostics.receive(diagnostics.get("acme", job["id"]), name, [content])


def test_diagnostics_come_to_us_unless_told_otherwise(operator: Api, world: World) -> None:
    job = begin(operator, start_time="2026-02-28T00:00:00Z", stop_time="2026-03-01T00:00:00Z", retries=1)
    assert (job["kind"], job["status"], job["files"], job["file_name"]) == (
        "diagnostics",
        "requested",
        [],
        None,
    )
    command = world.services.commands.get("acme", job["command_id"])
    assert command.payload == {
        "location": job["location"],
        "startTime": "2026-02-28T00:00:00.000Z",
        "stopTime": "2026-03-01T00:00:00.000Z",
        "retries": 1,
    }
    elsewhere = begin(operator, location="ftp://example.com/logs")
    assert elsewhere["location"] == "ftp://example.com/logs"


@pytest.mark.parametrize(
    ("kind", "log_type"), [("security_log", "SecurityLog"), ("diagnostics_log", "DiagnosticsLog")]
)
def test_logs(operator: Api, world: World, kind: str, log_type: str) -> None:
    body = {
        "location": "https://x/",
        "start_time": "2026-02-28T00:00:00Z",
        "request_id": 7,
        "retry_interval": 9,
    }
    job = begin(operator, kind=kind, **body)
    assert (job["kind"], job["request_id"]) == (kind, 7)
    assert world.services.commands.get("acme", job["id"]).payload == {
        "logType": log_type,
        "requestId": 7,
        "retryInterval": 9,
        "log": {"remoteLocation": "https://x/", "oldestTimestamp": "2026-02-28T00:00:00.000Z"},
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "charge_point_id"),
        (FETCH | {"kind": "firmware"}, "kind"),
        (FETCH | {"request_id": 7}, "request_id"),
        (FETCH | {"start_time": "yesterday"}, "start_time"),
        (FETCH | {"location": ""}, "location"),
    ],
)
def test_wrong_bodies_are_named(operator: Api, body: dict[str, Any], field: str) -> None:
    assert_problem(operator.post(JOBS, body), 422, "invalid_input", field)


def test_an_unknown_job(operator: Api) -> None:
    assert_problem(operator.get(f"{JOBS}/nobody"), 404, "not_found")
    assert_problem(operator.get(f"{JOBS}/nobody/files/x"), 404, "not_found")


def test_the_list(operator: Api, world: World) -> None:
    first = begin(operator)
    world.clock.advance(1)
    second = begin(operator, kind="security_log")

    def listed(query: str) -> list[str]:
        return [item["id"] for item in operator.get(f"{JOBS}{query}").get_json()["items"]]

    assert listed("") == [second["id"], first["id"]]
    assert listed("?kind=security_log&charge_point_id=CP-1") == [second["id"]]
    assert listed("?status=completed") == []


def test_a_file_that_came_is_shown_and_read(operator: Api, world: World) -> None:
    job = begin(operator)
    receive(world, job, "log.txt", b"0123456789")
    (file,) = operator.get(f"{JOBS}/{job['id']}").get_json()["files"]
    assert (file["name"], file["size"], set(file)) == (
        "log.txt",
        10,
        {"name", "size", "sha256", "received_at"},
    )
    whole = operator.get(f"{JOBS}/{job['id']}/files/log.txt")
    assert (whole.status_code, whole.data) == (200, b"0123456789")
    assert whole.headers["Content-Type"] == "application/octet-stream"
    assert whole.headers["Content-Disposition"] == 'attachment; filename="log.txt"'
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    part = operator.get(f"{JOBS}/{job['id']}/files/log.txt", headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.data) == (206, b"234")
    assert_problem(operator.get(f"{JOBS}/{job['id']}/files/other"), 404, "not_found")


def test_a_file_is_deleted(operator: Api, world: World) -> None:
    job = begin(operator)
    receive(world, job, "log.txt", b"x")
    assert operator("DELETE", f"{JOBS}/{job['id']}/files/log.txt").status_code == 204
    assert operator.get(f"{JOBS}/{job['id']}").get_json()["files"] == []
    assert_problem(operator("DELETE", f"{JOBS}/{job['id']}/files/log.txt"), 404, "not_found")


def test_a_viewer_sees_jobs_and_reads_no_files(
    operator: Api, as_user: Callable[..., Api], world: World
) -> None:
    job = begin(operator)
    receive(world, job, "log.txt", b"x")
    viewer = as_user(Role.VIEWER)
    assert viewer.get(f"{JOBS}/{job['id']}").status_code == 200
    assert_problem(viewer.get(f"{JOBS}/{job['id']}/files/log.txt"), 403, "not_permitted")


def test_a_viewer_cannot_upload_in_the_charge_points_place(
    operator: Api, as_user: Callable[..., Api], world: World
) -> None:
    """Whoever has a signed link can use it, and passwords open more than this system."""
    ours, elsewhere = begin(operator), begin(operator, location="ftp://user:secret@example.com/logs")
    viewer = as_user(Role.VIEWER)
    token = ours["location"].split("/files/")[1].strip("/")
    for path in (JOBS, f"{JOBS}/{ours['id']}", "/api/v1/commands", f"/api/v1/commands/{elsewhere['id']}"):
        shown = viewer.get(path).get_data(as_text=True)
        assert token not in shown
        assert "secret" not in shown
        assert "[hidden]" in shown
    assert operator.get(f"{JOBS}/{ours['id']}").get_json()["location"] == ours["location"]


def test_another_tenant_sees_nothing(operator: Api, as_user: Callable[..., Api], world: World) -> None:
    job = begin(operator)
    receive(world, job, "log.txt", b"x")
    stranger = as_user(Role.OPERATOR, "beta")
    assert_problem(stranger.get(f"{JOBS}/{job['id']}/files/log.txt"), 404, "not_found")
