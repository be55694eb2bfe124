"""Who comes in, how, and what a connection is like then (sections A and G), over real sockets."""

import asyncio
import json
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.extensions.permessage_deflate import PerMessageDeflate

from app.domain.context import ChargePointRef
from app.services import Services
from app.storage.mongo import Databases
from bench.raw_client import RawClient
from tests.e2e.conftest import RestClient, TestTenant, make_tenant
from tests.e2e.system import HOST, RunningSystem

pytestmark = pytest.mark.e2e
BOOT = [2, "boot", "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}]
HEARTBEAT = [2, "h", "Heartbeat", {}]
STARTED = {"connectorId": 1, "meterStart": 5, "timestamp": "2026-01-01T00:00:00Z"}


async def eventually(found: Callable[[], Any], timeout_s: float = 10) -> Any:
    """What `found` answers once it is something."""
    async with asyncio.timeout(timeout_s):
        while not (it := found()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return it


async def refusal(url: str, identity: str, **options: Any) -> int:
    """The status with which the upgrade is refused."""
    with pytest.raises(InvalidStatus) as refused:
        async with RawClient(url, identity, **options):
            pass
    return int(refused.value.response.status_code)


def change(services: Services, tenant: TestTenant, identity: str, **settings: Any) -> None:
    """Make a charge point known with these settings."""
    services.charge_points.register(services.tenants.get(tenant.id), identity)
    services.keepers.charge_points.change(ChargePointRef(tenant.id, identity), {"settings": settings})


# --- identities --------------------------------------------------------------------------------------


async def test_another_case_is_the_same_charge_point_under_its_stored_name(
    system: RunningSystem, services: Services, tenant: TestTenant, rest: RestClient
) -> None:
    """A4: and what was forgiven is counted."""
    identity = f"{tenant.prefix}ab-{uuid.uuid4().hex[:6]}x"
    async with RawClient(system.ws_url, identity) as charge_point:
        assert (await charge_point.call_raw(BOOT))[2]["status"] == "Accepted"
    async with RawClient(system.ws_url, identity.upper()) as charge_point:
        assert (await charge_point.call_raw(HEARTBEAT))[0] == 3
        shown = await rest.get(f"/chargepoints/{identity}")
        assert (shown["id"], shown["connected"]) == (identity, True)
    counts = (await rest.get(f"/chargepoints/{identity}/deviations"))["counts"]
    assert counts == {"identity_in_other_case": 1}


async def test_a_refused_identity_is_listed_and_comes_in_once_it_is_registered(
    system: RunningSystem, services: Services
) -> None:
    """A5."""
    strict = make_tenant(system, services, "queue", unknown_charge_points="refuse")
    identity = strict.identity()
    for _ in range(3):
        assert await refusal(system.ws_url, identity) == 404
    rest = RestClient(system, f"operator@{strict.id}.example")
    await rest.login()

    async def listed() -> list[dict[str, Any]]:
        found: dict[str, Any] = await rest.get("/refused-identities", reason="unknown")
        return [item for item in found["items"] if item["identity"] == identity]

    async with asyncio.timeout(10):
        while not (items := await listed()):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert (items[0]["count"], items[0]["peer"]) == (3, HOST)
    await rest.send("POST", "/chargepoints", {"id": identity}, 201)
    async with RawClient(system.ws_url, identity) as charge_point:
        assert (await charge_point.call_raw(BOOT))[2]["status"] == "Accepted"
    await rest.delete(f"/refused-identities/{identity}")
    assert await listed() == []
    await rest.close()


# --- the subprotocol ---------------------------------------------------------------------------------


async def test_a_tenant_may_accept_charge_points_without_a_subprotocol(
    system: RunningSystem, services: Services
) -> None:
    """G1."""
    lenient = make_tenant(system, services, "bypass", accept_missing_subprotocol=True)
    identity = lenient.identity()
    async with RawClient(system.ws_url, identity, subprotocols=()) as charge_point:
        assert charge_point.connection.subprotocol is None
        assert (await charge_point.call_raw(BOOT))[2]["status"] == "Accepted"
    async with RawClient(system.ws_url, identity, subprotocols=("OCPP1.6J",)) as charge_point:
        assert charge_point.connection.subprotocol == "OCPP1.6J"
        assert (await charge_point.call_raw(HEARTBEAT))[0] == 3
    ref = ChargePointRef(lenient.id, identity)
    assert services.deviations.find(ref).counts == {"missing_subprotocol": 2}
    change(services, lenient, identity, strict=True)
    assert await refusal(system.ws_url, identity, subprotocols=()) == 400


# --- settings of one charge point --------------------------------------------------------------------


async def test_compression_is_negotiated_only_where_it_is_wanted(
    system: RunningSystem, services: Services, tenant: TestTenant
) -> None:
    """A13, G30."""
    for identity, wanted in ((tenant.identity(), False), (tenant.identity(), True)):
        change(services, tenant, identity, compression=wanted)
        async with RawClient(system.ws_url, identity, compression="deflate") as charge_point:
            negotiated = charge_point.connection.protocol.extensions
            assert [type(extension) for extension in negotiated] == [PerMessageDeflate] * wanted
            assert (await charge_point.call_raw(BOOT))[2]["status"] == "Accepted"


async def test_an_operator_can_make_a_charge_point_come_back(
    system: RunningSystem, services: Services, tenant: TestTenant, rest: RestClient
) -> None:
    identity = tenant.identity()
    async with RawClient(system.ws_url, identity) as charge_point:
        await charge_point.call_raw(BOOT)
        await rest.send("POST", f"/chargepoints/{identity}/disconnect", {}, 202)
        code, reason = await charge_point.wait_closed()
        assert (code, "connect again" in (reason or "")) == (1008, True)
    async with RawClient(system.ws_url, identity) as charge_point:
        assert (await charge_point.call_raw(HEARTBEAT))[0] == 3


async def test_a_tenant_may_want_the_status_after_a_reconnect(
    system: RunningSystem, services: Services
) -> None:
    curious = make_tenant(system, services, "queue", status_after_reconnect_s=1)
    async with RawClient(system.ws_url, curious.identity()) as charge_point:
        await charge_point.call_raw(BOOT)
        asked = await charge_point.recv(10)
        assert asked[2:] == ["TriggerMessage", {"requestedMessage": "StatusNotification"}]


async def test_no_command_is_sent_before_the_first_answer(
    system: RunningSystem, tenant: TestTenant, rest: RestClient
) -> None:
    """G8: of a known charge point that reconnects, the boot comes first."""
    identity = tenant.identity()
    async with RawClient(system.ws_url, identity) as charge_point:
        await charge_point.call_raw(BOOT)
    body = {"command_type": "reset", "parameters": {"type": "Soft"}}
    await rest.send("POST", f"/chargepoints/{identity}/commands", body, 202)
    async with RawClient(system.ws_url, identity) as charge_point:
        await asyncio.sleep(0.5)
        await charge_point.send_raw(json.dumps(BOOT))
        assert (await charge_point.recv())[:2] == [3, "boot"]
        assert (await charge_point.recv())[2] == "Reset"


# --- frames ------------------------------------------------------------------------------------------


async def test_what_is_no_call_is_kept_and_counted(
    system: RunningSystem, services: Services, databases: Databases, tenant: TestTenant
) -> None:
    """G23, A19, A25, A31."""
    identity = tenant.identity()
    async with RawClient(system.ws_url, identity) as charge_point:
        await charge_point.call_raw(BOOT)
        for text in ("", "rubbish", '[9,"1"]', '[3,"nope",{}]'):
            await charge_point.send_raw(text)
        assert await charge_point.call_raw('[2,"n","Heartbeat",null]')
    log = databases.collection(tenant.id, "ocpp_messages")
    query = {"charge_point_id": identity, "action": "(stray)"}
    await eventually(lambda: log.count_documents(query) == 3)
    counts = services.deviations.find(ChargePointRef(tenant.id, identity)).counts
    assert counts == {"empty_frame": 1, "stray_frame": 3, "null_payload": 1}


@dataclass
class BareSocket:
    """A WebSocket client that sends any bytes, and answers no ping."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def open(cls, port: int, identity: str) -> "BareSocket":
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(
            f"GET /ocpp/{identity} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n".encode()
        )
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        return cls(reader, writer)

    def send(self, text: bytes, first_byte: int = 0x81) -> None:
        """One masked frame; the lower bits of the first byte are its kind, 0x40 is a reserved one."""
        mask = os.urandom(4)
        size = bytes([0x80 | len(text)]) if len(text) < 126 else bytes([0xFE, *len(text).to_bytes(2, "big")])
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(text))
        self.writer.write(bytes([first_byte]) + size + mask + masked)

    async def receive(self) -> tuple[int, bytes]:
        """The kind of the next frame, and what it holds."""
        async with asyncio.timeout(10):
            first, size = await self.reader.readexactly(2)
            if size == 126:
                size = int.from_bytes(await self.reader.readexactly(2), "big")
            return first & 0x0F, await self.reader.readexactly(size)


@pytest.mark.parametrize(
    ("text", "first_byte", "code"),
    [(b"[2]", 0xC1, 1002), (b"[2]", 0xA1, 1002), (b"[2]", 0x83, 1002), (b'["\xff\xfe"]', 0x81, 1007)],
    ids=["deflated", "reserved bit", "reserved kind", "not UTF-8"],
)
async def test_a_broken_frame_closes_its_connection_and_costs_nothing_else(
    system: RunningSystem, services: Services, tenant: TestTenant, text: bytes, first_byte: int, code: int
) -> None:
    """G30, A31: a transaction goes on."""
    identity = tenant.identity()
    bare = await BareSocket.open(system.gateway_port, identity)
    bare.send(json.dumps(BOOT).encode())
    assert json.loads((await bare.receive())[1])[0] == 3
    start = [2, "s", "StartTransaction", STARTED | {"idTag": tenant.id_tag}]
    bare.send(json.dumps(start).encode())
    transaction_id = json.loads((await bare.receive())[1])[2]["transactionId"]
    bare.send(text, first_byte)
    kind, body = await bare.receive()
    assert (kind, int.from_bytes(body[:2], "big")) == (8, code)
    bare.writer.close()
    async with RawClient(system.ws_url, identity) as charge_point:
        stop = {"transactionId": transaction_id, "meterStop": 9, "timestamp": "2026-01-01T01:00:00Z"}
        assert (await charge_point.call_raw([2, "e", "StopTransaction", stop]))[0] == 3
    (session,) = [
        one
        for one in services.sessions.list_page(tenant.id, _first_page()).items
        if one.charge_point_id == identity
    ]
    assert (session.transaction_id, session.status) == (transaction_id, "completed")


def _first_page() -> Any:
    from app.services.ports import PageRequest

    return PageRequest(limit=200)


async def test_an_upgrade_that_is_none_is_logged_without_its_secret(
    system: RunningSystem, tenant: TestTenant
) -> None:
    """G2, E7."""
    reader, writer = await asyncio.open_connection(HOST, system.gateway_port)
    identity = tenant.identity()
    writer.write(
        f"GET /ocpp/{identity} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nX-Firmware: 7\r\n"
        "Authorization: Basic c2VjcmV0\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n".encode()
    )
    assert b" 426 " in await reader.readline()
    writer.close()
    (told,) = await eventually(
        lambda: [
            line for line in system.log("gateway").splitlines() if identity in line and "upgrade_fai" in line
        ]
    )
    assert "X-Firmware" in told
    assert "c2VjcmV0" not in told
