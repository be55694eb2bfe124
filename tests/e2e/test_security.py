"""Keys, certificates and profiles, from REST to the charge point and back (TC_073 to TC_078, TC_083)."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from ocpp.v16 import call
from websockets.exceptions import InvalidStatus

from app.services import Services
from app.storage.mongo import Databases
from bench.charge_point import SimulatedChargePoint
from bench.raw_client import RawClient
from bench.station_calls import wire_time
from tests.certificates import Authority
from tests.e2e.conftest import RestClient, TestTenant
from tests.e2e.mqtt_listener import MqttListener
from tests.e2e.system import RunningSystem
from tests.tls import Tls

pytestmark = pytest.mark.e2e
BOOT = [2, "boot", "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}]
CPO = "Acme Charging"
CSMS = "CentralSystemRootCertificate"


@pytest_asyncio.fixture
async def admin(system: RunningSystem, tenant: TestTenant) -> AsyncIterator[RestClient]:
    """The tenant's."""
    client = RestClient(system, f"tenant_admin@{tenant.id}.example")
    await client.login()
    yield client
    await client.close()


@pytest.fixture
def named(tenant: TestTenant, services: Services) -> Iterator[None]:
    """The tenant says who it is, until the other tests come, which share it."""
    services.tenants.configure(tenant.id, {"cpo_name": CPO})
    yield
    services.tenants.configure(tenant.id, {"cpo_name": ""})


def with_key(identity: str, key: str) -> dict[str, str]:
    text = identity.encode() + b":" + bytes.fromhex(key)
    return {"Authorization": f"Basic {b64encode(text).decode()}"}


async def refused(client: RawClient) -> int:
    """With which status."""
    with pytest.raises(InvalidStatus) as refusal:
        async with client:
            pass
    return int(refusal.value.response.status_code)


async def eventually(look: Callable[[], Awaitable[Any]], is_so: Callable[[Any], bool]) -> Any:
    """What `look` finds once it is so."""
    for _ in range(200):
        found = await look()
        if is_so(found):
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"It never came to be so: {found}")


async def test_a_key_is_rotated_and_is_nowhere_to_be_found(
    system: RunningSystem, tenant: TestTenant, admin: RestClient, databases: Databases, mqtt: MqttListener
) -> None:
    """TC_073, E5-E7: only the new key opens the door, and only the charge point knows it."""
    identity = tenant.identity()
    path = f"/chargepoints/{identity}/security"
    await admin.send("POST", "/chargepoints", {"id": identity}, 201)
    old = (await admin.send("POST", f"{path}/key", {"mode": "set"}, 200))["key"]
    assert (await admin.send("PUT", path, {"profile": 1}, 200))["profile"] == 1
    assert await refused(RawClient(system.ws_url, identity)) == 401
    async with SimulatedChargePoint(system.ws_url, identity, headers=with_key(identity, old)) as station:
        station.configuration.add("AuthorizationKey", "")
        await station.boot()
        shown = await admin.send("POST", f"{path}/key?wait=20", {"mode": "rotate"}, 200)
        assert (shown["has_key"], shown["key_pending"]) == (True, False)
        ((action, parameters),) = station.commands
        assert action == "ChangeConfiguration"
        new = parameters["value"]
        read = {"command_type": "GetConfiguration", "parameters": {"key": ["AuthorizationKey"]}}
        await admin.send("POST", f"/chargepoints/{identity}/commands?wait=20", read, 200)
    assert await refused(RawClient(system.ws_url, identity, headers=with_key(identity, old))) == 401
    async with RawClient(system.ws_url, identity, headers=with_key(identity, new)) as client:
        assert (await client.call_raw(BOOT))[2]["status"] == "Accepted"
    places = {name: system.log(name) for name in system.names}
    for name in databases.of(tenant.id).list_collection_names():
        places[name] = str(list(databases.of(tenant.id)[name].find()))
    places["mqtt"] = json.dumps([message.body for message in mqtt.heard])
    assert "AuthorizationKey" in places["ocpp_messages"]
    assert [name for name, text in places.items() if new in text.lower() or old in text.lower()] == []


async def test_from_no_security_to_a_certificate_of_its_own(
    system: RunningSystem,
    tls: Tls,
    tenant: TestTenant,
    admin: RestClient,
    named: None,
    tmp_path: Path,
) -> None:
    """TC_074, TC_083, E22-E26: root, certificate, profile 3, and never below again; until it is revoked."""
    identity = tenant.identity()
    path = f"/chargepoints/{identity}"
    async with SimulatedChargePoint(system.ws_url, identity) as station:
        station.configuration.add("CpoName", CPO)
        station.configuration.add("SecurityProfile", "0")
        await station.boot()
        await admin.send("POST", f"{path}/security/upgrade", {"profile": 3}, 409)
        pem = tls.servers.pem.decode()
        root = await admin.send("POST", f"{path}/certificates?wait=20", {"pem": pem}, 200)
        assert (root["state"], root["kind"]) == ("installed", "central_system_root")
        asked = await admin.send("POST", f"{path}/certificates/renew?wait=20", None, 200)
        assert asked["status"] == "accepted"
        (certificate,) = await eventually(lambda: own(admin, identity), lambda found: _all(found, "accepted"))
        assert certificate["facts"]["subject"] == f"CN={identity},O={CPO}"
        upgrade = await admin.send("POST", f"{path}/security/upgrade?wait=20", {"profile": 3}, 200)
        assert (upgrade["profile"], upgrade["pending_profile"]) == (0, 3)
        assert station.background_errors == []
    context = tls.client()
    context.load_cert_chain(station.trust.write(tmp_path / "own.pem"))
    async with RawClient(tls.url, identity, ssl=context) as client:
        assert (await client.call_raw(BOOT))[2]["status"] == "Accepted"
        shown = await eventually(
            lambda: admin.get(f"{path}/security"), lambda found: _all(found["certificates"], "in_use")
        )
        assert (shown["profile"], shown["pending_profile"]) == (3, None)
    assert await refused(RawClient(system.ws_url, identity)) == 403
    await admin.send("POST", f"/certificates/{certificate['id']}/revoke", None, 200)
    assert await refused(RawClient(tls.url, identity, ssl=context)) == 403
    await eventually(  # E3
        lambda: noticed(admin, identity),
        lambda types: types == {"WrongSecurityProfile", "InvalidChargePointCertificate"},
    )


async def noticed(admin: RestClient, identity: str) -> set[str]:
    """Types of the system's own security events about a charge point."""
    page = await admin.get("/security-events", charge_point_id=identity, source="central_system")
    return {event["type"] for event in page["items"]}


async def own(admin: RestClient, identity: str) -> list[dict[str, Any]]:
    """A charge point's own certificates."""
    page = await admin.get("/certificates", charge_point_id=identity, kind="charge_point")
    items: list[dict[str, Any]] = page["items"]
    return items


def _all(certificates: list[dict[str, Any]], state: str) -> bool:
    return bool(certificates) and all(one["state"] == state for one in certificates)


async def test_a_request_that_is_no_good_is_rejected(
    system: RunningSystem, tenant: TestTenant, admin: RestClient, mqtt: MqttListener
) -> None:
    """E24."""
    identity = tenant.identity()
    async with SimulatedChargePoint(system.ws_url, identity) as station:
        await station.boot()
        csr = station.trust.request("somebody-else", CPO)
        assert (await station.call(call.SignCertificate(csr=csr))).status == "Rejected"
    assert await own(admin, identity) == []
    topic = f"ocpp/events/{tenant.id}/{identity}/fault"
    told = await mqtt.wait_for(lambda m: m.topic == topic)
    assert told.body["data"]["type"] == "CertificateRequestRejected"


async def test_roots_are_installed_read_and_deleted(
    system: RunningSystem, tenant: TestTenant, admin: RestClient
) -> None:
    """TC_075, TC_076."""
    identity = tenant.identity()
    path = f"/chargepoints/{identity}/certificates"
    async with SimulatedChargePoint(system.ws_url, identity) as station:
        station.trust.hash_algorithm = "SHA384"
        await station.boot()
        pems = [Authority(name).pem.decode() for name in ("One", "Two")]
        ids = [(await admin.send("POST", f"{path}?wait=20", {"pem": pem}, 200))["id"] for pem in pems]
        assert (await admin.send("POST", f"{path}/read?wait=20", {}, 200))["status"] == "accepted"
        shown = await admin.get(f"/certificates/{ids[0]}")
        assert (shown["state"], shown["hash_data"]["hash_algorithm"]) == ("installed", "SHA384")
        station.trust.in_use = pems[0]
        kept = await admin.send("DELETE", f"{path}/{ids[0]}?wait=20", None, 200)
        assert kept["status"] == "rejected"  # in use
        gone = await admin.send("DELETE", f"{path}/{ids[1]}?wait=20", None, 200)
        assert gone["status"] == "accepted"
        assert (await admin.get(f"/certificates/{ids[1]}"))["state"] == "deleted"
        station.trust.in_use = None
        await admin.send("DELETE", f"{path}/{ids[0]}", None, 409)
        await admin.send("DELETE", f"{path}/{ids[0]}?wait=20&force=true", None, 200)
        assert station.trust.roots == {CSMS: []}


async def test_certificates_that_are_no_good_are_sent_if_an_operator_insists(
    system: RunningSystem, tenant: TestTenant, admin: RestClient, mqtt: MqttListener
) -> None:
    """TC_077, TC_078: the charge point refuses them, and says so in a security event."""
    identity = tenant.identity()
    async with SimulatedChargePoint(system.ws_url, identity) as station:
        await station.boot()
        path = f"/chargepoints/{identity}"
        await admin.send("POST", f"{path}/certificates", {"pem": "nonsense"}, 409)
        root = await admin.send(
            "POST", f"{path}/certificates?wait=20", {"pem": "nonsense", "force": True}, 200
        )
        assert root["state"] == "rejected"
        body = {"command_type": "CertificateSigned", "parameters": {"certificate_chain": "nonsense"}}
        await admin.send("POST", f"{path}/commands", body, 409)
        sent = await admin.send("POST", f"{path}/commands?wait=20", body | {"force": True}, 200)
        assert (sent["status"], len(sent["warnings"])) == ("rejected", 1)
        for kind in ("InvalidChargePointCertificate", "TamperDetectionActivated"):
            event = call.SecurityEventNotification(type=kind, timestamp=wire_time(), tech_info="test")
            await station.call(event)
        topic = f"ocpp/events/{tenant.id}/{identity}/fault"
        told = await mqtt.wait_for(lambda m: m.topic == topic)
        assert told.body["data"]["type"] == "TamperDetectionActivated"  # the other is not critical
        items = (await admin.get("/security-events", charge_point_id=identity))["items"]
        assert [item["type"] for item in items] == [
            "TamperDetectionActivated",
            "InvalidChargePointCertificate",
        ]
