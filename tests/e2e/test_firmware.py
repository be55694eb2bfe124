"""Firmware updates end to end: the file is really fetched from a signed link (TC_044_x, TC_080, TC_081)."""

import base64
import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.e2e.conftest import RestClient, TestTenant
from tests.e2e.file_station import FileStation
from tests.e2e.system import RunningSystem

pytestmark = pytest.mark.e2e
IMAGE = secrets.token_bytes(3_000_000)
WAIT = "/firmware-jobs?wait=20"
NOTE = "FirmwareStatusNotification"
SIGNED_NOTE = "SignedFirmwareStatusNotification"


@pytest.fixture(scope="module")
def signed() -> dict[str, str]:
    """A manufacturer's certificate, and its signature of the image."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Manufacturer")])
    now = datetime.now(UTC)
    day = timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now - day, now + day)
    signature = key.sign(IMAGE, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())
    certificate = builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()
    return {"certificate": certificate, "signature": base64.b64encode(signature).decode()}


async def upload(rest: RestClient) -> dict[str, Any]:
    image: dict[str, Any] = await rest.send_file("/firmware-files", IMAGE, name="fw-2.0.bin", version="2.0")
    assert image["sha256"] == hashlib.sha256(IMAGE).hexdigest()
    return image


async def fetch(location: str) -> bytes:
    """In two parts, as a charge point does whose connection broke."""
    async with httpx.AsyncClient() as client:
        size = int((await client.head(location)).headers["Content-Length"])
        first = await client.get(location, headers={"Range": "bytes=0-999999"})
        rest = await client.get(location, headers={"Range": f"bytes=1000000-{size - 1}"})
        assert (first.status_code, rest.status_code) == (206, 206)
    return first.content + rest.content


async def test_an_update_from_a_file_of_ours(
    system: RunningSystem, tenant: TestTenant, rest: RestClient
) -> None:
    """TC_044_1, with the reboot in between (B12, B16)."""
    image, identity = await upload(rest), tenant.identity()
    async with FileStation(system.ws_url, identity) as station:
        await station.boot("1.0")
        body = {"charge_point_id": identity, "firmware_file_id": image["id"]}
        payload, job = await station.take("UpdateFirmware", {}, rest.send("POST", WAIT, body, 200))
        assert list(payload) == ["location", "retrieveDate"]
        await station.tell(NOTE, "Downloading")
        content = await fetch(payload["location"])
        assert hashlib.sha256(content).hexdigest() == image["sha256"]
        await station.tell(NOTE, "Downloaded", "Installing")
    async with FileStation(system.ws_url, identity) as station:
        await station.boot("2.0")
        await station.tell(NOTE, "Installed")
    done = await rest.get(f"/firmware-jobs/{job['id']}")
    assert (done["status"], done["firmware_version_before"]) == ("completed", "1.0")
    words = [step["status"] for step in done["history"]]
    assert words[:4] == ["Requested", "Downloading", "Downloaded", "Installing"]
    assert words[-1] == "Installed"


@pytest.mark.parametrize("end", ["DownloadFailed", "InstallationFailed"])
async def test_an_update_that_fails(
    system: RunningSystem, tenant: TestTenant, rest: RestClient, end: str
) -> None:
    """TC_044_2, TC_044_3."""
    identity = tenant.identity()
    async with FileStation(system.ws_url, identity) as station:
        await station.boot()
        body = {"charge_point_id": identity, "location": "https://example.com/fw.bin"}
        _, job = await station.take("UpdateFirmware", {}, rest.send("POST", WAIT, body, 200))
        await station.tell(NOTE, "Downloading", end, "Idle")
    done = await rest.get(f"/firmware-jobs/{job['id']}")
    assert (done["status"], done["progress"]) == ("failed", end)


async def test_a_signed_update(
    system: RunningSystem, tenant: TestTenant, rest: RestClient, signed: dict[str, str]
) -> None:
    """TC_080: the certificate and signature are good, so nobody has to insist."""
    image, identity = await upload(rest), tenant.identity()
    async with FileStation(system.ws_url, identity) as station:
        await station.boot()
        body = {"charge_point_id": identity, "firmware_file_id": image["id"], "signed": signed}
        payload, job = await station.take(
            "SignedUpdateFirmware", {"status": "Accepted"}, rest.send("POST", WAIT, body, 200)
        )
        firmware, number = payload["firmware"], payload["requestId"]
        assert firmware["signingCertificate"] == signed["certificate"]
        assert hashlib.sha256(await fetch(firmware["location"])).hexdigest() == image["sha256"]
        train = ("Downloading", "Downloaded", "SignatureVerified", "Installing", "InstallRebooting")
        await station.tell(SIGNED_NOTE, *train, requestId=number)
        await station.boot()
        await station.tell(SIGNED_NOTE, "Installed", requestId=number)
    assert (await rest.get(f"/firmware-jobs/{job['id']}"))["status"] == "completed"


async def test_a_bad_signature_is_sent_if_the_operator_insists(
    system: RunningSystem, tenant: TestTenant, rest: RestClient, signed: dict[str, str]
) -> None:
    """TC_081."""
    image, identity = await upload(rest), tenant.identity()
    bad = {**signed, "signature": base64.b64encode(b"no signature").decode()}
    body = {"charge_point_id": identity, "firmware_file_id": image["id"], "signed": bad}
    async with FileStation(system.ws_url, identity) as station:
        await station.boot()
        refusal = await rest.send("POST", WAIT, body, 409)
        assert refusal["code"] == "needs_force"
        payload, job = await station.take(
            "SignedUpdateFirmware",
            {"status": "Accepted"},
            rest.send("POST", WAIT, body | {"force": True}, 200),
        )
        assert payload["firmware"]["signature"] == bad["signature"]
        await station.tell(
            SIGNED_NOTE, "Downloading", "Downloaded", "InvalidSignature", requestId=payload["requestId"]
        )
    done = await rest.get(f"/firmware-jobs/{job['id']}")
    assert (done["status"], done["progress"]) == ("failed", "InvalidSignature")


async def test_forged_links_and_deleted_files_lead_nowhere(
    system: RunningSystem, tenant: TestTenant, rest: RestClient
) -> None:
    image, identity = await upload(rest), tenant.identity()
    async with FileStation(system.ws_url, identity) as station:
        await station.boot()
    body = {"charge_point_id": identity, "firmware_file_id": image["id"]}
    location = (await rest.send("POST", "/firmware-jobs", body, 202))["location"]
    assert location.startswith(f"{system.rest_url}/files/")
    token = location.split("/")[4]
    async with httpx.AsyncClient() as client:
        forged = location.replace(token, f"{token[:-3]}abc")
        assert (await client.get(forged)).status_code == 403
        assert (await client.get(f"{system.rest_url}/files/{token}/other.bin")).status_code == 404
        assert (await client.put(location, content=b"x")).status_code == 403
        await rest.delete(f"/firmware-files/{image['id']}")
        assert (await client.get(location)).status_code == 404
    assert token not in system.log("web")
