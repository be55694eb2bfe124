"""Quirks of the handshake and of the socket."""

import asyncio
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode

from app.bootstrap import build_adapters
from app.messaging.last_seen import RedisLastSeen
from app.services import Services
from app.services.keys import KeyHasher
from tests.conformance.central import Operator
from tests.conformance.charge_point import BOOT, ScriptedChargePoint
from tests.conformance.conftest import Prepare
from tests.e2e.conftest import TestTenant
from tests.e2e.system import HOST, RunningSystem
from tests.e2e.test_handshake import BareSocket

pytestmark = [pytest.mark.e2e, pytest.mark.conformance]
KEY = bytes(range(0xA0, 0xB4))
HEARTBEATS = 300


async def _refusal(system: RunningSystem, identity: str, **options: Any) -> int:
    """HTTP status of an upgrade that is refused."""
    with pytest.raises(InvalidStatus) as refused:
        async with ScriptedChargePoint(system.ws_url, identity, **options):
            pass
    return int(refused.value.response.status_code)


async def _deviations(operator: Operator, charge_point: ScriptedChargePoint) -> dict[str, int]:
    """After the next Call: what the gateway notices travels with it."""
    await charge_point.call("Heartbeat")
    return await operator.deviations(charge_point)


async def test_quirk_01_no_subprotocol(
    system: RunningSystem, operator: Operator, tenant: TestTenant, prepare: Prepare
) -> None:
    """Refused, unless it is set that the charge point means ocpp1.6."""
    assert await _refusal(system, tenant.identity(), subprotocols=()) == 400
    lenient = {"accept_missing_subprotocol": True}
    identity = prepare(settings=lenient)
    async with ScriptedChargePoint(system.ws_url, identity, subprotocols=()) as charge_point:
        assert (await charge_point.boot())["status"] == "Accepted"
        assert await _deviations(operator, charge_point) == {"missing_subprotocol": 1}
    strict = prepare(settings=lenient | {"strict": True})
    assert await _refusal(system, strict, subprotocols=()) == 400


async def _answer_to(system: RunningSystem, target: str, *headers: str) -> str:
    """Status line of the answer to an upgrade that is written by hand."""
    reader, writer = await asyncio.open_connection(HOST, system.gateway_port)
    lines = [
        f"GET {target} HTTP/1.1",
        f"Host: {HOST}",
        "Upgrade: websocket",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: ocpp1.6",
        *headers,
        "\r\n",
    ]
    writer.write("\r\n".join(lines).encode())
    async with asyncio.timeout(10):
        status = (await reader.readline()).decode().strip()
    writer.close()
    return status


async def test_quirk_02_broken_upgrades(system: RunningSystem, tenant: TestTenant) -> None:
    """A whole URL is understood; what is no upgrade is refused, with a word in the log."""
    identity = tenant.identity()
    url = f"http://{HOST}:{system.gateway_port}/ocpp/{identity}"
    assert " 101 " in await _answer_to(system, url, "Connection: Upgrade")
    assert " 4" in await _answer_to(system, f"/ocpp/{identity}", "X-Model: Broken-1")
    told = [line for line in system.log("gateway").splitlines() if "upgrade_failed" in line]
    assert any(identity in line and "Broken-1" in line for line in told)


@pytest.mark.parametrize("path", ["/{}", "{}/", "//{}//", "{tenant}//{}/", "{}?model=x"])
async def test_quirk_03_slashes_and_extra_parts(
    system: RunningSystem, tenant: TestTenant, operator: Operator, path: str
) -> None:
    identity = tenant.identity()
    path = path.format(identity, tenant=tenant.id)
    async with ScriptedChargePoint(system.ws_url, identity, path=path) as charge_point:
        assert (await charge_point.boot())["status"] == "Accepted"
        assert (await operator.charge_point(charge_point))["id"] == identity
        expected = {} if "?" in path else {"path_not_normal": 1}
        assert await _deviations(operator, charge_point) == expected


@pytest.mark.parametrize("spell", [str.upper, str.lower])
async def test_quirk_04_keys_as_text(
    system: RunningSystem, operator: Operator, prepare: Prepare, spell: Any
) -> None:
    """As hexadecimal digits in any case; an empty one never."""
    security = {"profile": 1, "key_hash": KeyHasher().hash(KEY)}
    identity = prepare(security=security)
    strict = prepare(security=security, settings={"strict": True})

    def showing(name: str, key: bytes) -> dict[str, str]:
        return {"Authorization": f"Basic {b64encode(name.encode() + b':' + key).decode()}"}

    digits = spell(KEY.hex()).encode()
    headers = showing(identity, digits)
    async with ScriptedChargePoint(system.ws_url, identity, headers=headers) as charge_point:
        assert (await charge_point.boot())["status"] == "Accepted"
        assert await _deviations(operator, charge_point) == {"key_as_hex_text": 1}
    assert await _refusal(system, identity, headers=showing(identity, b"")) == 401
    assert await _refusal(system, strict, headers=showing(strict, digits)) == 401


async def test_quirk_05_no_pings_for_those_who_choke_on_them(
    system: RunningSystem, prepare: Prepare, charge_point: ScriptedChargePoint
) -> None:
    """Of two that connect one after the other, only the later one, which may be pinged, hears a ping."""
    async with (
        ScriptedChargePoint(system.ws_url, prepare(settings={"ping_interval_s": 0})) as choking,
        ScriptedChargePoint(system.ws_url, prepare()) as usual,
    ):
        choked, heard = _pings(choking), _pings(usual)
        async with asyncio.timeout(10):
            await heard.wait()
        assert not choked.is_set()
        assert (await choking.boot())["status"] == "Accepted"


def _pings(charge_point: ScriptedChargePoint) -> asyncio.Event:
    """Set by the first ping."""
    heard, connection = asyncio.Event(), charge_point.client.connection
    process = connection.process_event

    def listen(event: Any) -> None:
        if isinstance(event, Frame) and event.opcode is Opcode.PING:
            heard.set()
        process(event)

    connection.process_event = listen  # type: ignore[method-assign]
    return heard


async def test_quirk_06_a_new_socket_while_the_old_is_half_open(
    system: RunningSystem, tenant: TestTenant, operator: Operator
) -> None:
    """The newest wins; what the old one still does changes nothing (A39)."""
    identity = tenant.identity()
    old = await BareSocket.open(system.gateway_port, identity)
    old.send(json.dumps([2, "1", "BootNotification", BOOT]).encode())
    assert json.loads((await old.receive())[1])[:2] == [3, "1"]
    async with ScriptedChargePoint(system.ws_url, identity) as charge_point:
        assert (await charge_point.boot())["status"] == "Accepted"
        kind, body = await old.receive()
        assert (kind, int.from_bytes(body[:2], "big")) == (8, 1008)
        old.writer.close()
        async with charge_point.expects("ClearCache", answer={"status": "Accepted"}):
            assert (await operator.command(charge_point, "clear_cache"))["status"] == "accepted"
        assert (await operator.charge_point(charge_point))["connected"] is True


async def test_quirk_07_heartbeats_as_slow_as_they_were_told_to_be(
    system: RunningSystem,
    tenant: TestTenant,
    services: Services,
    charge_point: ScriptedChargePoint,
    operator: Operator,
) -> None:
    """Almost three intervals are no silence; longer is, and even that keeps its socket (A40)."""
    last_seen = RedisLastSeen(build_adapters(system.settings).redis, lambda *_: None)
    owner = services.tenants.get(tenant.id)

    def heard(intervals: float) -> None:
        """As if nothing had come for so long."""
        last_seen.forget(tenant.id, charge_point.identity)
        then = datetime.now(UTC) - timedelta(seconds=intervals * HEARTBEATS)
        last_seen.touch(tenant.id, {charge_point.identity: then})
        services.liveness.sweep(owner, services.liveness.look([owner]))

    heard(2.9)
    assert (await operator.charge_point(charge_point))["connected"] is True
    heard(3.1)
    assert (await operator.charge_point(charge_point))["connected"] is False
    await charge_point.call("Heartbeat")
    assert (await operator.charge_point(charge_point))["connected"] is True


async def test_quirk_08_no_call_before_the_boot_is_answered(
    system: RunningSystem, operator: Operator, prepare: Prepare
) -> None:
    """A command that waits goes out after it."""
    charge_point = ScriptedChargePoint(system.ws_url, prepare())
    waiting = await operator.taken(charge_point, "clear_cache")
    async with charge_point:
        boot = charge_point.awaits("boot", "BootNotification")
        async with charge_point.expects("ClearCache", answer={"status": "Accepted"}) as cleared:
            await charge_point.send([2, "boot", "BootNotification", BOOT])
            await charge_point.within(boot)
            assert not cleared.received.done()
        assert (await operator.ended(waiting["id"]))["status"] == "accepted"


async def test_quirk_09_a_boot_at_every_reconnect_or_none_for_months(
    system: RunningSystem, tenant: TestTenant, operator: Operator
) -> None:
    """Both are served, and a transaction outlives both."""
    identity = tenant.identity()
    async with ScriptedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot()
        transaction_id, _ = await charge_point.start(tenant.id_tag, 100)
    for _ in range(2):
        async with ScriptedChargePoint(system.ws_url, identity) as charge_point:
            assert (await charge_point.boot())["status"] == "Accepted"
    async with ScriptedChargePoint(system.ws_url, identity) as charge_point:
        assert (await charge_point.authorize(tenant.id_tag))["status"] == "Accepted"
        await charge_point.stop(transaction_id, 300)
        assert (await operator.session(charge_point, transaction_id))["energy_wh"] == 200


@pytest.mark.parametrize("first_byte", [0xC1, 0xA1], ids=["compressed", "reserved bit"])
async def test_quirk_30_frames_that_nobody_negotiated(
    system: RunningSystem, tenant: TestTenant, operator: Operator, first_byte: int
) -> None:
    """The connection ends with 1002, and nothing else."""
    identity = tenant.identity()
    async with ScriptedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot()
        transaction_id, _ = await charge_point.start(tenant.id_tag, 100)
    broken = await BareSocket.open(system.gateway_port, identity)
    heartbeat = json.dumps([2, "1", "Heartbeat", {}]).encode()
    broken.send(heartbeat)
    assert json.loads((await broken.receive())[1])[:2] == [3, "1"]
    broken.send(heartbeat, first_byte)
    kind, body = await broken.receive()
    assert (kind, int.from_bytes(body[:2], "big")) == (8, 1002)
    broken.writer.close()
    async with ScriptedChargePoint(system.ws_url, identity) as charge_point:
        assert (await operator.session(charge_point, transaction_id))["status"] == "active"
        await charge_point.stop(transaction_id, 300)


async def test_quirk_30_compression_where_it_is_wanted(system: RunningSystem, prepare: Prepare) -> None:
    """Offered by the charge point and switched on for it, never else."""
    for wanted in (True, False):
        identity = prepare(settings={"compression": wanted})
        async with ScriptedChargePoint(system.ws_url, identity, compression="deflate") as charge_point:
            assert bool(charge_point.client.connection.protocol.extensions) is wanted
            assert (await charge_point.boot())["status"] == "Accepted"
