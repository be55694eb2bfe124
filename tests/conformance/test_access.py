"""Certification cases of keys, profiles and TLS: who comes in, and how."""

import ssl
from base64 import b64encode
from typing import Any

import pytest
from websockets.exceptions import InvalidHandshake

from app.services.keys import KeyHasher
from tests.certificates import Authority
from tests.conformance.central import Operator
from tests.conformance.charge_point import Payload, ScriptedChargePoint
from tests.conformance.conftest import Prepare
from tests.e2e.conftest import TestTenant
from tests.e2e.system import RunningSystem
from tests.tls import Tls

pytestmark = [pytest.mark.e2e, pytest.mark.conformance]
KEY = bytes(range(20))
SUITES = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
)


def _basic(identity: str, key: bytes) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(identity.encode() + b':' + key).decode()}"}


async def _comes_in(url: str, identity: str, key: bytes | None = None, **options: Any) -> bool:
    """Whether TLS and the upgrade are made and a boot is accepted."""
    headers = None if key is None else _basic(identity, key)
    try:
        async with ScriptedChargePoint(url, identity, headers=headers, **options) as charge_point:
            return bool((await charge_point.boot())["status"] == "Accepted")
    except (InvalidHandshake, OSError):
        return False


def _with_key(profile: int) -> dict[str, Any]:
    return {"profile": profile, "key_hash": KeyHasher().hash(KEY)}


async def test_tc_085_basic_authorization(system: RunningSystem, prepare: Prepare) -> None:
    identity = prepare(security=_with_key(1))
    assert await _comes_in(system.ws_url, identity, KEY)
    assert not await _comes_in(system.ws_url, identity, KEY[::-1])
    assert not await _comes_in(system.ws_url, identity)


async def test_tc_073_change_the_password(
    system: RunningSystem, operator: Operator, prepare: Prepare
) -> None:
    """40 hexadecimal digits that nobody sees; then only they count (E5, E6)."""
    identity = prepare(security=_with_key(1))
    seen: list[str] = []

    def take(change: Payload) -> Payload:
        seen.append(change["value"])
        return {"status": "Accepted"}

    async with ScriptedChargePoint(system.ws_url, identity, headers=_basic(identity, KEY)) as charge_point:
        await charge_point.boot()
        async with charge_point.expects("ChangeConfiguration", answer=take) as sent:
            path = f"/chargepoints/{identity}/security/key"
            await operator.send("POST", path, {"mode": "rotate"}, wait=10)
        assert sent.payload["key"] == "AuthorizationKey"
        new = bytes.fromhex(seen[0])
        assert len(new) == 20
    assert await _comes_in(system.ws_url, identity, new)
    assert not await _comes_in(system.ws_url, identity, KEY)


async def test_tc_083_upgrade_the_security_profile(
    system: RunningSystem, tls: Tls, operator: Operator, prepare: Prepare
) -> None:
    """From 1 to 2: the higher one is accepted, and from then on the lower one never again (E4)."""
    identity = prepare(security=_with_key(1))
    async with ScriptedChargePoint(system.ws_url, identity, headers=_basic(identity, KEY)) as charge_point:
        await charge_point.boot()
        wanted = {"key": "SecurityProfile", "value": "2"}
        async with charge_point.expects("ChangeConfiguration", wanted, answer={"status": "Accepted"}):
            path = f"/chargepoints/{identity}/security/upgrade"
            await operator.send("POST", path, {"profile": 2, "force": True}, wait=10)
        async with charge_point.expects("Reset", {"type": "Hard"}, answer={"status": "Accepted"}):
            assert (await operator.command(charge_point, "reset", {"type": "Hard"}))["status"] == "accepted"
    assert await _comes_in(tls.url, identity, KEY, ssl=tls.client())
    assert not await _comes_in(system.ws_url, identity, KEY)
    shown = await operator.get(f"/chargepoints/{identity}/security")
    assert (shown["profile"], shown["pending_profile"]) == (2, None)


@pytest.mark.parametrize("suite", SUITES)
async def test_tc_086_tls_server_certificate(tls: Tls, prepare: Prepare, suite: str) -> None:
    """Each of the four suites, with a certificate of its kind (E13, E14)."""
    identity = prepare(security=_with_key(2))
    options = {"ssl": tls.client(ciphers=suite), "headers": _basic(identity, KEY)}
    async with ScriptedChargePoint(tls.url, identity, **options) as charge_point:
        connection: ssl.SSLObject = charge_point.client.connection.transport.get_extra_info("ssl_object")
        assert connection.version() == "TLSv1.2"
        used = connection.cipher()
        assert used is not None
        assert used[0] == suite
        assert connection.compression() is None
        shown = connection.getpeercert()
        assert shown is not None
        assert int(str(shown["serialNumber"]), 16) > 0
        assert (await charge_point.boot())["status"] == "Accepted"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_tc_086_tls_below_1_2_is_refused(tls: Tls, prepare: Prepare) -> None:
    identity = prepare(security=_with_key(2))
    assert not await _comes_in(tls.url, identity, KEY, ssl=tls.client(at_most=ssl.TLSVersion.TLSv1_1))
    assert await _comes_in(tls.url, identity, KEY, ssl=tls.client(at_most=ssl.TLSVersion.TLSv1_2))


async def test_tc_087_tls_client_certificate(
    system: RunningSystem, tls: Tls, tenant: TestTenant, prepare: Prepare
) -> None:
    """Its own is accepted; none, another charge point's and a stranger's are not (E16, E17)."""
    identity = prepare(security={"profile": 3})

    def showing(authority: Authority, name: str) -> ssl.SSLContext:
        issued = authority.charge_point(name)
        return tls.client(issued.pem + issued.key_pem)

    assert await _comes_in(tls.url, identity, ssl=showing(tls.clients, identity))
    assert not await _comes_in(tls.url, identity, ssl=tls.client())
    assert not await _comes_in(tls.url, identity, ssl=showing(tls.clients, "ANOTHER"))
    assert not await _comes_in(system.ws_url, identity)
    assert not await _comes_in(tls.url, identity, ssl=showing(Authority("Stranger"), identity))
