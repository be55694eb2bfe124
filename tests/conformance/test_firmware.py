"""Certification cases of firmware, diagnostics and logs: jobs that go on over many messages and reboots."""

import base64
from datetime import UTC, datetime
from typing import Any
from unittest.mock import ANY

import pytest

from tests.certificates import Authority
from tests.conformance.central import Operator
from tests.conformance.charge_point import Payload, ScriptedChargePoint, at
from tests.e2e.conftest import TestTenant
from tests.e2e.system import RunningSystem

pytestmark = [pytest.mark.e2e, pytest.mark.conformance]
LOCATION = "https://files.example/firmware-2.0.bin"
UPLOAD = "https://files.example/uploads/"


async def _tell(
    charge_point: ScriptedChargePoint, action: str, *statuses: str, request_id: int | None = None
) -> None:
    """Notifications, each answered with nothing."""
    number = {} if request_id is None else {"requestId": request_id}
    for status in statuses:
        assert await charge_point.call(action, {"status": status} | number) == {}


async def _begin_update(
    charge_point: ScriptedChargePoint, operator: Operator, action: str, body: dict[str, Any], answer: Payload
) -> tuple[Any, Payload]:
    """The job, and what the charge point was sent."""
    body = {"charge_point_id": charge_point.identity, "location": LOCATION} | body
    async with charge_point.expects(action, answer=answer) as sent:
        job = await operator.send("POST", "/firmware-jobs", body, wait=10)
    return job, sent.payload


async def _update(system: RunningSystem, tenant: TestTenant, operator: Operator, *ends: str) -> Any:
    """UpdateFirmware up to these statuses, the last of them after a reboot; the job as it is then."""
    identity, action = tenant.identity(), "FirmwareStatusNotification"
    async with ScriptedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot(firmwareVersion="1.0")
        job, sent = await _begin_update(charge_point, operator, "UpdateFirmware", {}, {})
        assert sent == {"location": LOCATION, "retrieveDate": ANY}
        assert datetime.fromisoformat(sent["retrieveDate"]) <= datetime.now(UTC)
        await _tell(charge_point, action, *ends[:-1])
    async with ScriptedChargePoint(system.ws_url, identity) as charge_point:
        if len(ends) > 2:
            await charge_point.boot(firmwareVersion="2.0" if ends[-1] == "Installed" else "1.0")
        await _tell(charge_point, action, ends[-1])
    return await operator.get(f"/firmware-jobs/{job['id']}")


async def test_tc_044_1_firmware_update(
    system: RunningSystem, tenant: TestTenant, operator: Operator
) -> None:
    job = await _update(system, tenant, operator, "Downloading", "Downloaded", "Installing", "Installed")
    assert (job["status"], job["progress"]) == ("completed", "Installed")
    assert (job["firmware_version_before"], job["firmware_version_after"]) == ("1.0", "2.0")


async def test_tc_044_2_firmware_download_failed(
    system: RunningSystem, tenant: TestTenant, operator: Operator
) -> None:
    job = await _update(system, tenant, operator, "Downloading", "DownloadFailed")
    assert (job["status"], job["progress"]) == ("failed", "DownloadFailed")


async def test_tc_044_3_firmware_installation_failed(
    system: RunningSystem, tenant: TestTenant, operator: Operator
) -> None:
    job = await _update(
        system, tenant, operator, "Downloading", "Downloaded", "Installing", "InstallationFailed"
    )
    assert (job["status"], job["progress"]) == ("failed", "InstallationFailed")


async def _diagnostics(charge_point: ScriptedChargePoint, operator: Operator, end: str) -> Any:
    body = {"charge_point_id": charge_point.identity, "location": UPLOAD}
    wanted, answer = {"location": UPLOAD}, {"fileName": "diagnostics.zip"}
    async with charge_point.expects("GetDiagnostics", wanted, answer=answer):
        job = await operator.send("POST", "/diagnostics", body, wait=10)
    assert job["file_name"] == "diagnostics.zip"
    await _tell(charge_point, "DiagnosticsStatusNotification", "Uploading", end)
    return await operator.get(f"/diagnostics/{job['id']}")


async def test_tc_045_1_get_diagnostics(charge_point: ScriptedChargePoint, operator: Operator) -> None:
    job = await _diagnostics(charge_point, operator, "Uploaded")
    assert (job["status"], job["progress"]) == ("completed", "Uploaded")


async def test_tc_045_2_diagnostics_upload_failed(
    charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    job = await _diagnostics(charge_point, operator, "UploadFailed")
    assert (job["status"], job["progress"]) == ("failed", "UploadFailed")


async def test_tc_079_get_security_log(charge_point: ScriptedChargePoint, operator: Operator) -> None:
    body = {"charge_point_id": charge_point.identity, "kind": "security_log", "location": UPLOAD}
    wanted = {"logType": "SecurityLog", "requestId": ANY, "log": {"remoteLocation": UPLOAD}}
    answer = {"status": "Accepted", "filename": "security.log"}
    async with charge_point.expects("GetLog", wanted, answer=answer) as sent:
        job = await operator.send("POST", "/diagnostics", body, wait=10)
    assert job["request_id"] == sent.payload["requestId"]
    await _tell(charge_point, "LogStatusNotification", "Uploading", "Uploaded", request_id=job["request_id"])
    job = await operator.get(f"/diagnostics/{job['id']}")
    assert (job["status"], job["file_name"]) == ("completed", "security.log")


def _signed(signature: bytes) -> dict[str, Any]:
    certificate = Authority("Manufacturer").pem.decode()
    return {"signed": {"certificate": certificate, "signature": base64.b64encode(signature).decode()}}


async def test_tc_080_secure_firmware_update(
    system: RunningSystem, tenant: TestTenant, operator: Operator
) -> None:
    identity, action = tenant.identity(), "SignedFirmwareStatusNotification"
    body, accepted = _signed(b"a signature"), {"status": "Accepted"}
    async with ScriptedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot(firmwareVersion="1.0")
        job, sent = await _begin_update(charge_point, operator, "SignedUpdateFirmware", body, accepted)
        assert sent == {
            "requestId": job["request_id"],
            "firmware": {
                "location": LOCATION,
                "retrieveDateTime": ANY,
                "signingCertificate": body["signed"]["certificate"],
                "signature": body["signed"]["signature"],
            },
        }
        on_the_way = ("Downloading", "Downloaded", "SignatureVerified", "Installing", "InstallRebooting")
        await _tell(charge_point, action, *on_the_way, request_id=job["request_id"])
    async with ScriptedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot(firmwareVersion="2.0")
        event = {"type": "FirmwareUpdated", "timestamp": at(), "techInfo": "2.0"}
        assert await charge_point.call("SecurityEventNotification", event) == {}
        await _tell(charge_point, action, "Installed", request_id=job["request_id"])
        job = await operator.get(f"/firmware-jobs/{job['id']}")
        assert (job["status"], job["progress"]) == ("completed", "Installed")
        assert await operator.security_events(charge_point) == ["FirmwareUpdated"]


async def test_tc_081_secure_firmware_update_with_a_bad_signature(
    charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    """The system doubts what is no signature at all; who insists may send it."""
    body = {"signed": {"certificate": "no certificate", "signature": "no signature"}}
    answer = await operator.request(
        "POST", "/firmware-jobs", {"charge_point_id": charge_point.identity, "location": LOCATION} | body
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "needs_force")
    job, _ = await _begin_update(
        charge_point, operator, "SignedUpdateFirmware", body | {"force": True}, {"status": "Accepted"}
    )
    action = "SignedFirmwareStatusNotification"
    statuses = ("Downloading", "Downloaded", "InvalidSignature")
    await _tell(charge_point, action, *statuses, request_id=job["request_id"])
    event = {"type": "InvalidFirmwareSignature", "timestamp": at()}
    assert await charge_point.call("SecurityEventNotification", event) == {}
    job = await operator.get(f"/firmware-jobs/{job['id']}")
    assert (job["status"], job["progress"]) == ("failed", "InvalidSignature")
