"""Handshake, framing and wire vectors (sections A and H of the obligations), over real sockets."""

import asyncio
import contextlib
import json
import socket
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from app.services import Services
from bench.raw_client import RawClient
from tests.e2e.conftest import TestTenant, make_tenant
from tests.e2e.system import RunningSystem

pytestmark = pytest.mark.e2e
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


async def _refusal(system: RunningSystem, path: str, subprotocols: tuple[str, ...] = ("ocpp1.6",)) -> int:
    with pytest.raises(InvalidStatus) as refused:
        async with RawClient(system.ws_url, path=path, subprotocols=subprotocols):
            pass
    return int(refused.value.response.status_code)


async def test_unknown_tenants_and_paths_are_refused_before_the_upgrade(system: RunningSystem) -> None:
    for path in ("NO-SUCH-PREFIX-1", "no-such-tenant/CP-1", "a/b/c/d", "", "%FF"):
        assert await _refusal(system, path) == 404


async def test_an_unknown_charge_point_is_refused_where_the_tenant_wants_that(
    system: RunningSystem, services: Services
) -> None:
    strict = make_tenant(system, services, "queue", unknown_charge_points="refuse")
    assert await _refusal(system, f"{strict.prefix}stranger") == 404
    services.charge_points.register(services.tenants.get(strict.id), f"{strict.prefix}1")
    async with RawClient(system.ws_url, f"{strict.prefix}1") as known:
        assert (await known.call_raw([2, "1", "BootNotification", BOOT]))[2]["status"] == "Accepted"


async def test_the_tenant_may_stand_in_the_path(system: RunningSystem, tenant: TestTenant) -> None:
    async with RawClient(system.ws_url, path=f"{tenant.id}/ANY%20NAME%231") as charge_point:
        answer = await charge_point.call_raw([2, "1", "BootNotification", BOOT])
        assert answer[2]["status"] == "Accepted"


async def test_the_subprotocol_is_negotiated(system: RunningSystem, tenant: TestTenant) -> None:
    identity = tenant.identity()
    assert await _refusal(system, identity, ()) == 400
    assert await _refusal(system, identity, ("ocpp0.1",)) == 400
    async with RawClient(system.ws_url, identity, subprotocols=("ocpp0.1", "ocpp1.6")) as charge_point:
        assert charge_point.connection.subprotocol == "ocpp1.6"


async def test_the_newest_connection_wins(system: RunningSystem, tenant: TestTenant) -> None:
    """A39: the old socket is closed, and its end does not disturb the new one."""
    identity = tenant.identity()
    async with RawClient(system.ws_url, identity) as old:
        await old.call_raw([2, "1", "BootNotification", BOOT])
        async with RawClient(system.ws_url, identity) as new:
            code, reason = await old.wait_closed()
            assert code == 1008
            assert "replaced" in (reason or "")
            assert (await new.call_raw([2, "2", "Heartbeat", {}]))[0] == 3
            shown = await _charge_point(system, tenant, identity)
            assert shown["connected"] is True


async def _charge_point(system: RunningSystem, tenant: TestTenant, identity: str) -> dict[str, Any]:
    from tests.e2e.conftest import RestClient

    client = RestClient(system, f"viewer@{tenant.id}.example")
    await client.login()
    shown: dict[str, Any] = await client.get(f"/chargepoints/{identity}")
    await client.close()
    return shown


async def test_health_is_told_on_the_same_port(system: RunningSystem) -> None:
    async with httpx.AsyncClient() as client:
        health = await client.get(f"{system.gateway_url}/health")
        assert (health.status_code, health.json()["status"]) == (200, "ok")
        assert "ocpp_gateway_connections" in (await client.get(f"{system.gateway_url}/metrics")).text


async def test_nothing_but_a_boot_is_answered_before_acceptance(
    system: RunningSystem, tenant: TestTenant
) -> None:
    """Vector H3, A33, A38."""
    identity = tenant.identity()
    status = {"connectorId": 1, "status": "Available", "errorCode": "NoError"}
    async with RawClient(system.ws_url, identity) as charge_point:
        refused = await charge_point.call_raw([2, "1", "StatusNotification", status])
        assert (refused[0], refused[2], refused[4]) == (4, "SecurityError", {})
        boot = await charge_point.call_raw([2, "2", "BootNotification", BOOT])
        assert set(boot[2]) == {"status", "currentTime", "interval"}
        assert type(boot[2]["interval"]) is int
    async with RawClient(system.ws_url, identity) as charge_point:
        assert await charge_point.call_raw([2, "1", "StatusNotification", status]) == [3, "1", {}]


VECTORS: list[tuple[str, str | None]] = [
    ('[2,"1","Foo",{}]', "NotImplemented"),
    ('[2,"1","Reset",{"type":"Hard"}]', "NotSupported"),
    ('[2,"1","Authorize",{}]', "ProtocolError"),
    ('[2,"1","Heartbeat"]', "FormationViolation"),
    ('[2,"1","Heartbeat",[]]', "FormationViolation"),
    ('[2,"1",7,{}]', "FormationViolation"),
    (f'[2,"{"x" * 37}","Heartbeat",{{}}]', "FormationViolation"),
    ('[2,"1","MeterValues",{"connectorId":"one","meterValue":[]}]', "TypeConstraintViolation"),
    (
        '[2,"1","StatusNotification",{"connectorId":-1,"status":"Available","errorCode":"NoError"}]',
        "PropertyConstraintViolation",
    ),
    (
        '[2,"1","StatusNotification",{"connectorId":1800000000,"status":"Available","errorCode":"NoError"}]',
        "PropertyConstraintViolation",
    ),
    ('[2,"1","Heartbeat",null]', None),
    ('[2,"1","Heartbeat",{"extra":1}]', None),
    ('[2,"1","DataTransfer",{"vendorId":"unknown.vendor"}]', None),
    ('[2,"1","Authorize",{"idTag":12}]', None),
    ('[2,"1","StopTransaction",{"transactionId":-1,"meterStop":1,"timestamp":"2026-01-01T00:00:00Z"}]', None),
    ('[2,"1","StopTransaction",{"transactionId":99,"meterStop":1,"timestamp":"no time at all"}]', None),
    (
        '[2,"1","MeterValues",{"connectorId":0,"transactionId":5,"meterValue":[{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[{"value":"abc"}]}]}]',
        None,
    ),
    (
        '[2,"1","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[{"value":"00FF","format":"SignedData"}]}]}]',
        None,
    ),
]


@pytest.mark.parametrize(("sent", "code"), VECTORS)
async def test_a_call_gets_exactly_one_answer(
    system: RunningSystem, tenant: TestTenant, sent: str, code: str | None
) -> None:
    """Vectors H1 to H14: the exact error code, or a result."""
    async with RawClient(system.ws_url, tenant.identity()) as charge_point:
        await charge_point.call_raw([2, "boot", "BootNotification", BOOT])
        answer = await charge_point.call_raw(sent)
        assert answer[0] == (3 if code is None else 4)
        if code is not None:
            assert answer[2] == code
            assert len(answer) == 5
            assert isinstance(answer[3], str)
        assert (await charge_point.call_raw([2, "after", "Heartbeat", {}]))[1] == "after"


async def test_data_transfer_of_an_unknown_vendor_has_no_data(
    system: RunningSystem, tenant: TestTenant
) -> None:
    """B14, vector H14."""
    async with RawClient(system.ws_url, tenant.identity()) as charge_point:
        await charge_point.call_raw([2, "boot", "BootNotification", BOOT])
        answer = await charge_point.call_raw([2, "1", "DataTransfer", {"vendorId": "unknown.vendor"}])
        assert answer[2] == {"status": "UnknownVendorId"}


async def test_what_is_no_call_gets_no_answer(system: RunningSystem, tenant: TestTenant) -> None:
    """Vector H6: no reply, and the connection stays usable."""
    async with RawClient(system.ws_url, tenant.identity()) as charge_point:
        for text in (
            '[9,"1","x"]',
            "hello",
            "{}",
            "[]",
            '[3,"nope",{}]',
            '[4,"nope","X","",{}]',
            "",
            "[2]",
            '[2,""]',
        ):
            await charge_point.send_raw(text)
        assert (await charge_point.call_raw([2, "1", "BootNotification", BOOT]))[1] == "1"


async def test_a_repeated_unique_id_gets_the_stored_answer(system: RunningSystem, tenant: TestTenant) -> None:
    """A32: byte for byte, and the same id with another payload is another call."""
    async with RawClient(system.ws_url, tenant.identity()) as charge_point:
        await charge_point.call_raw([2, "boot", "BootNotification", BOOT])
        start = {"connectorId": 1, "idTag": "X", "meterStart": 1, "timestamp": "2026-01-01T00:00:00Z"}
        await charge_point.send_raw(json.dumps([2, "7", "StartTransaction", start]))
        first = await charge_point.recv_raw()
        await charge_point.send_raw(json.dumps([2, "7", "StartTransaction", start]))
        assert await charge_point.recv_raw() == first
        other = await charge_point.call_raw([2, "7", "Authorize", {"idTag": "X"}])
        assert set(other[2]) == {"idTagInfo"}


async def test_calls_sent_at_once_are_answered_in_order(system: RunningSystem, tenant: TestTenant) -> None:
    """A charge point that does not wait for answers is served all the same, one call after the other."""
    async with RawClient(system.ws_url, tenant.identity()) as charge_point:
        await charge_point.call_raw([2, "boot", "BootNotification", BOOT])
        sent = [f"id-{number}" for number in range(100)]
        for unique_id in sent:
            await charge_point.send_raw(json.dumps([2, unique_id, "Heartbeat", {}]))
        assert [(await charge_point.recv())[1] for _ in sent] == sent


async def test_an_oversized_message_closes_the_socket(system: RunningSystem, tenant: TestTenant) -> None:
    """The sender may see a reset instead of the close frame, as it is still sending; the log has 1009."""
    identity = tenant.identity()
    async with RawClient(system.ws_url, identity) as charge_point:
        with contextlib.suppress(ConnectionClosed):
            await charge_point.send_raw("x" * (system.settings.gateway.max_message_bytes + 1))
        await charge_point.wait_closed()
    async with asyncio.timeout(10):
        while not _closed_with_1009(system, identity):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    async with RawClient(system.ws_url, identity) as charge_point:
        assert (await charge_point.call_raw([2, "1", "BootNotification", BOOT]))[0] == 3


def _closed_with_1009(system: RunningSystem, identity: str) -> bool:
    lines = (line for line in system.log("gateway").splitlines() if "connection_broken" in line)
    return any(identity in line and "1009" in line for line in lines)


async def test_malformed_frames_without_end_close_the_socket(
    system: RunningSystem, tenant: TestTenant
) -> None:
    identity = tenant.identity()
    async with RawClient(system.ws_url, identity) as charge_point:
        for _ in range(50):
            await charge_point.send_raw("rubbish")
        code, _ = await charge_point.wait_closed()
        assert code == 1002
    told = [line for line in system.log("gateway").splitlines() if "frame_malformed" in line]
    assert any(identity in line and tenant.id in line for line in told)


async def test_a_client_that_never_reads_is_dropped(system: RunningSystem, tenant: TestTenant) -> None:
    """It asks for the same stored answer again and again, which costs it nothing and us memory."""
    identity = tenant.identity()
    async with RawClient(system.ws_url, tenant.identity()) as innocent:
        await innocent.call_raw([2, "boot", "BootNotification", BOOT])
        flood = asyncio.create_task(_write_without_reading(system, identity))
        answered = 0
        while not flood.done():
            assert (await innocent.call_raw([2, f"h{answered}", "Heartbeat", {}], timeout_s=15))[0] == 3
            answered += 1
        assert await flood == "dropped"
    told = [line for line in system.log("gateway").splitlines() if "slow_reader_dropped" in line]
    assert any(identity in line and tenant.id in line for line in told)


async def _write_without_reading(system: RunningSystem, identity: str) -> str:
    """A WebSocket client of its own, with the smallest receive buffer there is."""
    with socket.socket() as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.setblocking(False)
        await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", system.gateway_port))
        reader, writer = await asyncio.open_connection(sock=plain, limit=4096)
        writer.write(
            f"GET /ocpp/{identity} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n".encode()
        )
        assert b"101" in await reader.readline()
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        try:
            async with asyncio.timeout(60):
                writer.write(
                    _frame(b'[2,"b","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]')
                )
                while True:
                    writer.write(_frame(b'[2,"7","Authorize",{"idTag":"X"}]') * 50)
                    await writer.drain()
        except OSError:
            return "dropped"
        except TimeoutError:
            return "served for ever"


def _frame(text: bytes) -> bytes:
    """A text message as a client sends it, masked with zeros."""
    return bytes([0x81, 0x80 | len(text)]) + b"\0\0\0\0" + text


async def test_a_client_that_connects_a_thousand_times_disturbs_nobody(
    system: RunningSystem, tenant: TestTenant
) -> None:
    async with RawClient(system.ws_url, tenant.identity()) as innocent:
        await innocent.call_raw([2, "boot", "BootNotification", BOOT])
        flood = asyncio.create_task(_connect_many(system, tenant.identity(), 1000))
        answered = 0
        while not flood.done():
            assert (await innocent.call_raw([2, f"h{answered}", "Heartbeat", {}], timeout_s=15))[0] == 3
            answered += 1
        await flood
        assert answered > 10


async def _connect_many(system: RunningSystem, identity: str, times: int) -> None:
    async def connect_once() -> None:
        async with gate:
            try:
                async with RawClient(system.ws_url, identity, timeout_s=30):
                    pass
            except (ConnectionClosed, InvalidStatus, OSError):
                return  # being replaced by the next one is what happens to it

    gate = asyncio.Semaphore(50)
    await asyncio.gather(*(connect_once() for _ in range(times)))
