"""Diagnostics and logs end to end: files are really sent to a signed link (TC_045_x, TC_079)."""

import hashlib
import secrets
from typing import Any

import httpx
import pytest

from app.clock import SystemClock
from app.files.links import SignedLinks
from app.services.files import Link, Purpose
from tests.e2e.conftest import RestClient, TestTenant
from tests.e2e.file_station import FileStation
from tests.e2e.system import RunningSystem

pytestmark = pytest.mark.e2e
LOG = secrets.token_bytes(2_500_000)
WAIT = "/diagnostics?wait=20"
NOTE, LOG_NOTE = "DiagnosticsStatusNotification", "LogStatusNotification"


async def put(url: str, content: bytes) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.put(url, content=content)


async def test_diagnostics_are_fetched(system: RunningSystem, tenant: TestTenant, rest: RestClient) -> None:
    """TC_045_1."""
    identity = tenant.identity()
    async with FileStation(system.ws_url, identity) as station:
        await station.boot()
        payload, job = await station.take(
            "GetDiagnostics",
            {"fileName": "today.zip"},
            rest.send("POST", WAIT, {"charge_point_id": identity}, 200),
        )
        await station.tell(NOTE, "Uploading")
        assert (await put(f"{payload['location']}today.zip", LOG)).status_code == 201
        await station.tell(NOTE, "Uploaded", "Idle")
    done = await rest.get(f"/diagnostics/{job['id']}")
    assert (done["status"], done["file_name"]) == ("completed", "today.zip")
    (file,) = done["files"]
    assert (file["name"], file["size"]) == ("today.zip", len(LOG))
    assert file["sha256"] == hashlib.sha256(LOG).hexdigest()
    assert await rest.read_file(f"/diagnostics/{job['id']}/files/today.zip") == LOG
    assert payload["location"].split("/")[4] not in system.log("web")


async def test_an_upload_that_fails(system: RunningSystem, tenant: TestTenant, rest: RestClient) -> None:
    """TC_045_2."""
    identity = tenant.identity()
    async with FileStation(system.ws_url, identity) as station:
        await station.boot()
        body = {"charge_point_id": identity, "location": "ftp://127.0.0.1:1/logs"}
        _, job = await station.take("GetDiagnostics", {"fileName": "x"}, rest.send("POST", WAIT, body, 200))
        await station.tell(NOTE, "Uploading", "UploadFailed")
    assert (await rest.get(f"/diagnostics/{job['id']}"))["status"] == "failed"


async def test_nothing_to_upload(system: RunningSystem, tenant: TestTenant, rest: RestClient) -> None:
    """C18."""
    identity = tenant.identity()
    async with FileStation(system.ws_url, identity) as station:
        await station.boot()
        body = {"charge_point_id": identity}
        _, job = await station.take("GetDiagnostics", {}, rest.send("POST", WAIT, body, 200))
    assert job["status"] == "nothing_to_upload"


async def test_the_security_log(system: RunningSystem, tenant: TestTenant, rest: RestClient) -> None:
    """TC_079; sent as a form, in pieces of unknown length, and a second time."""
    identity = tenant.identity()
    async with FileStation(system.ws_url, identity) as station:
        await station.boot()
        payload, job = await station.take(
            "GetLog",
            {"status": "Accepted", "filename": "security.log"},
            rest.send("POST", WAIT, {"charge_point_id": identity, "kind": "security_log"}, 200),
        )
        assert payload["logType"] == "SecurityLog"
        number, location = payload["requestId"], payload["log"]["remoteLocation"]
        await station.tell(LOG_NOTE, "Uploading", requestId=number)
        async with httpx.AsyncClient() as client:
            form = await client.post(location, files={"file": ("security.log", b"first try")})
            chunked = await client.put(f"{location}security.log", content=_pieces())
            empty = await client.put(location)
        assert (form.status_code, chunked.status_code, empty.status_code) == (201, 201, 422)
        await station.tell(LOG_NOTE, "Uploaded", requestId=number)
    done = await rest.get(f"/diagnostics/{job['id']}")
    assert (done["status"], [file["size"] for file in done["files"]]) == ("completed", [30_000])


async def _pieces() -> Any:
    for _ in range(3):
        yield b"x" * 10_000


async def test_notifications_without_a_job_are_answered(system: RunningSystem, tenant: TestTenant) -> None:
    """B15, B16, B53, B56: in every state, and right after a boot."""
    async with FileStation(system.ws_url, tenant.identity()) as station:
        await station.boot()
        await station.tell(NOTE, "Idle", "Uploaded")
        await station.tell("FirmwareStatusNotification", "Idle", "Installed")
        await station.tell(LOG_NOTE, "Idle", "Uploaded", requestId=1)
        await station.tell("SignedFirmwareStatusNotification", "Idle", "Installed", requestId=1)


async def test_links_that_are_forged_or_expired(
    system: RunningSystem, tenant: TestTenant, rest: RestClient
) -> None:
    identity = tenant.identity()
    async with FileStation(system.ws_url, identity) as station:
        await station.boot()
    body = {"charge_point_id": identity}
    location = (await rest.send("POST", "/diagnostics", body, 202))["location"]
    token = location.split("/")[4]
    assert (await put(location.replace(token, f"{token[:-3]}abc"), b"x")).status_code == 403
    async with httpx.AsyncClient() as client:
        assert (await client.get(location)).status_code == 405
        assert (await client.get(f"{location}today.zip")).status_code == 403
    expired = _expired(system, tenant.id)
    assert (await put(expired, b"x")).status_code == 410


def _expired(system: RunningSystem, tenant_id: str) -> str:
    """A link of this installation that has had its time."""
    settings = system.settings
    links = SignedLinks(settings.web.jwt_secret_key, settings.files.public_url, SystemClock())
    return links.url(Link(Purpose.UPLOAD, tenant_id, "cmd-1"), -1)
