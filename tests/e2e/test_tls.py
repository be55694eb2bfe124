"""Security profiles over real TLS: suites, certificates, keys, upgrades (section E, A8-A11)."""

import asyncio
import ssl
import uuid
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidMessage, InvalidStatus

from app.bootstrap import build_services
from app.domain.charge_point import ChargePointSecurity
from app.domain.context import ChargePointRef
from app.services import Services
from app.services.keys import KeyHasher
from app.services.ports import PageRequest
from bench.raw_client import RawClient
from bench.system import free_ports
from tests.certificates import Authority, Issued, ec_key, rsa_key
from tests.e2e.conftest import TestTenant, make_tenant, own_environment
from tests.e2e.system import HOST, RunningSystem
from tests.e2e.test_handshake import BareSocket, eventually

pytestmark = pytest.mark.e2e
BOOT = [2, "boot", "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}]
HEARTBEAT = [2, "h", "Heartbeat", {}]
KEY = bytes.fromhex("0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF")
NEW_KEY = bytes(range(20))
CPO = "Acme Charging"


@dataclass(frozen=True)
class Secured:
    """A running system with TLS, its files, and whoever signs."""

    system: RunningSystem
    services: Services
    server_authority: Authority
    client_authority: Authority
    folder: Path
    tls_url: str

    def client(self, shown: Issued | None = None, ciphers: str | None = None) -> ssl.SSLContext:
        """A charge point's side; TLS 1.2 where it chooses ciphers."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.server_authority.pem.decode())
        if shown is not None:
            context.load_cert_chain(shown.write(self.folder / f"{uuid.uuid4().hex}.pem"))
        if ciphers is not None:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers(ciphers)
        return context


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("secured")
    servers, clients = Authority("Server Root"), Authority("Charge Point Root")
    rsa = servers.server(rsa_key()).write(folder / "rsa.pem")
    ec = servers.server(ec_key()).write(folder / "ec.pem")
    (port,) = free_ports(1)
    with RunningSystem(
        folder / "system",
        ("servers", "gateway", "worker"),
        GATEWAY_TLS_PORT=str(port),
        GATEWAY_TLS_CERTIFICATES=f"{rsa},{ec}",
        GATEWAY_TLS_CLIENT_CA=str(clients.write(folder / "clients.pem")),
        GATEWAY_SUBPROTOCOL_MISMATCH="close",
        **own_environment(worker_id, 1),
    ) as system:
        services = build_services(system.settings)
        services.tenants.prepare_stores()
        yield Secured(system, services, servers, clients, folder, f"wss://{HOST}:{port}/ocpp")


@pytest.fixture(scope="module", params=["queue", "bypass"])
def owner(request: pytest.FixtureRequest, secured: Secured) -> TestTenant:
    """The tenant of most tests, in both modes."""
    return make_tenant(secured.system, secured.services, request.param, cpo_name=CPO)


def known(secured: Secured, owner: TestTenant, identity: str | None = None, **security: Any) -> str:
    """A charge point with this security."""
    identity = identity or owner.identity()
    secured.services.charge_points.register(secured.services.tenants.get(owner.id), identity)
    secured.services.keepers.charge_points.change(ChargePointRef(owner.id, identity), {"security": security})
    return identity


def security_of(secured: Secured, owner: TestTenant, identity: str) -> ChargePointSecurity:
    return secured.services.charge_points.get(ChargePointRef(owner.id, identity)).security


def authorization(identity: str, key: bytes) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(identity.encode() + b':' + key).decode()}"}


def over_tls(
    secured: Secured, identity: str, key: bytes | None = None, shown: Issued | None = None, **options: Any
) -> RawClient:
    headers = authorization(identity, key) if key is not None else None
    context = options.pop("context", None) or secured.client(shown)
    return RawClient(secured.tls_url, identity, headers=headers, ssl=context, **options)


def over_plain(secured: Secured, identity: str, key: bytes | None = None) -> RawClient:
    headers = authorization(identity, key) if key is not None else None
    return RawClient(secured.system.ws_url, identity, headers=headers)


async def boots(client: RawClient) -> bool:
    """Comes in and is accepted."""
    async with client as charge_point:
        answer = await charge_point.call_raw(BOOT)
        return bool(answer[2]["status"] == "Accepted")


async def status(client: RawClient) -> int:
    """With which the upgrade is refused."""
    with pytest.raises(InvalidStatus) as refused:
        async with client:
            pass
    return int(refused.value.response.status_code)


# --- TLS ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cipher",
    [
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "AES128-GCM-SHA256",
        "AES256-GCM-SHA384",
    ],
)
async def test_a_charge_point_comes_in_with_each_of_the_four_suites(
    secured: Secured, owner: TestTenant, cipher: str
) -> None:
    """E13, TC_086."""
    identity = known(secured, owner, profile=2, key_hash=KeyHasher().hash(KEY))
    async with over_tls(secured, identity, KEY, context=secured.client(ciphers=cipher)) as charge_point:
        used = charge_point.connection.transport.get_extra_info("cipher")
        assert used[:2] == (cipher, "TLSv1.2")
        assert (await charge_point.call_raw(BOOT))[2]["status"] == "Accepted"


async def test_tls_1_3_is_spoken(secured: Secured, owner: TestTenant) -> None:
    async with over_tls(secured, known(secured, owner, profile=0)) as charge_point:
        assert charge_point.connection.transport.get_extra_info("cipher")[1] == "TLSv1.3"
        assert (await charge_point.call_raw(BOOT))[2]["status"] == "Accepted"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_tls_1_1_is_refused(secured: Secured, owner: TestTenant) -> None:
    """E10, TC_087; and the log says so (E3)."""
    context = secured.client()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        async with over_tls(secured, owner.identity(), context=context):
            pass
    await eventually(lambda: "tls_refused" in secured.system.log("gateway"))


async def test_certificates_change_while_sockets_stay(secured: Secured, owner: TestTenant) -> None:
    """E15."""
    identity = known(secured, owner, profile=0)
    async with over_tls(secured, identity) as charge_point:
        await charge_point.call_raw(BOOT)
        before = await _server_serial(secured)
        renewed = secured.server_authority.server(ec_key())
        renewed.write(secured.folder / "ec.pem")
        async with asyncio.timeout(10):
            while await _server_serial(secured) != renewed.serial:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert before != renewed.serial
        assert (await charge_point.call_raw(HEARTBEAT))[0] == 3
    (secured.folder / "ec.pem").write_text("not a certificate")
    await eventually(lambda: "tls_certificates_not_loaded" in secured.system.log("gateway"))
    assert await _server_serial(secured) == renewed.serial
    renewed.write(secured.folder / "ec.pem")


async def _server_serial(secured: Secured) -> int:
    context = secured.client(ciphers="ECDHE-ECDSA-AES128-GCM-SHA256")
    port = int(secured.tls_url.rsplit(":", 1)[1].split("/")[0])
    _, writer = await asyncio.open_connection(HOST, port, ssl=context)
    shown: dict[str, Any] = writer.get_extra_info("peercert")
    writer.close()
    return int(shown["serialNumber"], 16)


# --- profiles 1 and 2: keys --------------------------------------------------------------------------


async def test_the_vector_of_the_standard(secured: Secured, owner: TestTenant) -> None:
    """A10, H15: AL1000 and its key; one byte changed is 401, an unknown identity 404."""
    known(secured, owner, "AL1000", profile=1, key_hash=KeyHasher().hash(KEY))
    vector = {"Authorization": "Basic QUwxMDAwOgABAgMEBQYH////////////////"}
    changed = {"Authorization": "Basic QUwxMDAwOgABAgMEBQYH///////////////+"}
    path = f"{owner.id}/AL1000"
    assert await boots(RawClient(secured.system.ws_url, path=path, headers=vector))
    assert await status(RawClient(secured.system.ws_url, path=path, headers=changed)) == 401
    assert await status(RawClient(secured.system.ws_url, path="nobody/AL1000", headers=vector)) == 404


@pytest.mark.parametrize("profile", [1, 2])
async def test_a_key_opens_on_its_profiles_transport_only(
    secured: Secured, owner: TestTenant, profile: int
) -> None:
    """A8, A11, G4."""
    identity = known(secured, owner, profile=profile, key_hash=KeyHasher().hash(KEY))
    right, other = (over_plain, over_tls) if profile == 1 else (over_tls, over_plain)
    assert await boots(right(secured, identity, KEY))
    assert await boots(right(secured, identity, KEY.hex().upper().encode()))
    assert await status(other(secured, identity, KEY)) == 403
    assert await status(right(secured, identity)) == 401
    assert await status(right(secured, identity, b"")) == 401
    assert await status(right(secured, identity, NEW_KEY)) == 401
    counts = secured.services.deviations.find(ChargePointRef(owner.id, identity)).counts
    assert counts == {"key_as_hex_text": 1}


async def test_a_refusal_is_a_security_event_and_listed(secured: Secured, owner: TestTenant) -> None:
    """E3; and no log holds a key (E7)."""
    identity = known(secured, owner, profile=1, key_hash=KeyHasher().hash(KEY))
    assert await status(over_plain(secured, identity, b"a-wrong-key")) == 401
    page = PageRequest(limit=200)

    def events() -> list[str]:
        found = secured.services.keepers.security_events.list_page(owner.id, page).items
        return [one.type for one in found if one.charge_point_id == identity]

    def reasons() -> list[str]:
        listed = secured.services.refused_identities.list_page(owner.id, page).items
        return [one.reason for one in listed if one.identity == identity]

    assert await eventually(events) == ["ChargePointFailedToAuthenticate"]
    assert await eventually(reasons) == ["wrong_credentials"]
    header = authorization(identity, b"a-wrong-key")["Authorization"].split()[1]
    for secret in ("a-wrong-key", header):
        assert secret not in secured.system.log("gateway")


async def test_a_key_is_rotated_at_its_first_use(secured: Secured, owner: TestTenant) -> None:
    """E6: both are good until the new one is used, then only that."""
    hasher = KeyHasher()
    identity = known(
        secured, owner, profile=1, key_hash=hasher.hash(KEY), pending_key_hash=hasher.hash(NEW_KEY)
    )
    assert await boots(over_plain(secured, identity, KEY))
    assert await boots(over_plain(secured, identity, NEW_KEY))
    await eventually(lambda: security_of(secured, owner, identity).pending_key_hash is None)
    assert await status(over_plain(secured, identity, KEY)) == 401
    assert await boots(over_plain(secured, identity, NEW_KEY))


async def test_a_profile_is_upgraded_at_its_first_use_and_never_goes_back(
    secured: Secured, owner: TestTenant
) -> None:
    """E4, TC_083: until then the lower one still opens."""
    identity = known(secured, owner, profile=1, pending_profile=2, key_hash=KeyHasher().hash(KEY))
    assert await boots(over_plain(secured, identity, KEY))
    assert await status(over_tls(secured, identity, NEW_KEY)) == 401
    assert await boots(over_tls(secured, identity, KEY))
    await eventually(lambda: security_of(secured, owner, identity).profile == 2)
    assert security_of(secured, owner, identity).pending_profile is None
    assert await status(over_plain(secured, identity, KEY)) == 403


# --- profile 3: certificates -------------------------------------------------------------------------


async def test_a_charge_points_own_certificate_opens(secured: Secured, owner: TestTenant) -> None:
    """E16, E17: of either kind of key."""
    identity = known(secured, owner, profile=3)
    for key in (ec_key(), rsa_key(1)):
        shown = secured.client_authority.charge_point(identity, CPO, key=key)
        assert await boots(over_tls(secured, identity, shown=shown))


async def test_no_certificate_or_another_ones_is_forbidden(secured: Secured, owner: TestTenant) -> None:
    identity = known(secured, owner, profile=3, key_hash=KeyHasher().hash(KEY))
    signs = secured.client_authority.charge_point
    assert await status(over_tls(secured, identity, KEY)) == 403
    assert await status(over_tls(secured, identity, shown=signs("SOMEBODY", CPO))) == 403
    assert await status(over_tls(secured, identity, shown=signs(identity, "Another Operator"))) == 403
    assert await status(over_plain(secured, identity, KEY)) == 403


async def test_a_certificate_that_is_not_good_does_not_get_through_tls(
    secured: Secured, owner: TestTenant
) -> None:
    """E16, FR.407."""
    identity = known(secured, owner, profile=3)
    expired = secured.client_authority.charge_point(identity, CPO, lifetime=timedelta(days=-1))
    for shown in (Authority("A Stranger").charge_point(identity, CPO), expired):
        with pytest.raises((ssl.SSLError, ConnectionError, InvalidMessage)):
            async with over_tls(secured, identity, shown=shown):
                pass


async def test_a_revoked_certificate_is_refused(secured: Secured, owner: TestTenant) -> None:
    """E18."""
    identity = known(secured, owner, profile=3)
    shown = secured.client_authority.charge_point(identity, CPO)
    assert await boots(over_tls(secured, identity, shown=shown))
    certificates = secured.services.keepers.certificates
    (own,) = await eventually(lambda: certificates.own(ChargePointRef(owner.id, identity)))
    certificates.revoke(owner.id, own.id)
    assert await status(over_tls(secured, identity, shown=shown)) == 403


# --- switches that need a system of their own --------------------------------------------------------


async def test_the_switch_finishes_the_handshake_and_closes_at_once(
    secured: Secured, owner: TestTenant
) -> None:
    """Contradiction 0.1, J 3.2."""
    for subprotocols in ((), ("ocpp2.0.1",)):
        client = RawClient(secured.system.ws_url, owner.identity(), subprotocols=subprotocols)
        async with client as charge_point:
            assert charge_point.connection.subprotocol is None
            assert (await charge_point.wait_closed())[0] == 1002
    assert await boots(over_plain(secured, known(secured, owner, profile=0)))


async def test_one_that_cannot_stand_pings_is_spared_them(secured: Secured, owner: TestTenant) -> None:
    """G5."""
    for interval_s in (1, 0):
        identity = known(secured, owner, profile=0)
        ref = ChargePointRef(owner.id, identity)
        secured.services.keepers.charge_points.change(ref, {"settings": {"ping_interval_s": interval_s}})
        bare = await BareSocket.open(secured.system.gateway_port, identity)
        if interval_s:
            assert (await bare.receive())[0] == 9
        else:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(2):
                    await bare.receive()
        bare.writer.close()
