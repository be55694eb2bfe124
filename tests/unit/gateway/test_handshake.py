"""Before the upgrade: who is it, is it known, does it speak OCPP 1.6, can it prove it? (A1-A13, E1-E4)"""

from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from app.domain.charge_point import ChargePoint, ChargePointSecurity, ChargePointSettings
from app.domain.context import ChargePointRef
from app.domain.errors import Retryable
from app.domain.tenant import TenantStatus
from app.ocpp.quirks import Quirk
from app.services.keys import KeyHasher
from app.services.ports import PageRequest
from gateway.admission import Admission, AdmissionLimits
from gateway.credentials import CredentialCheck
from gateway.handshake import Admitted, Handshake, Mismatch, respond
from gateway.refusals import RefusalNotes
from gateway.seats import Seats
from tests.fakes.world import QUICK_HASHER, World, fake_world

HASHER = KeyHasher(QUICK_HASHER)
KEY = bytes.fromhex("0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF")


@pytest.fixture
def world() -> World:
    world = fake_world()
    world.services.tenants.create("acme", "Acme", ["ACME-"])
    world.services.tenants.create(
        "open", "Open", ["OPEN-"], {"unknown_charge_points": "accept", "max_charge_points": 1}
    )
    world.services.tenants.directory.refresh()
    world.add_charge_point("acme", "ACME-1")
    return world


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


class Peer:
    """A connection."""

    def __init__(self, remote_address: tuple[str, int], transport: SimpleNamespace) -> None:
        self.remote_address = remote_address
        self.transport = transport


class Door:
    """Asks for entry."""

    def __init__(self, world: World, threads: ThreadPoolExecutor, *, close_on_mismatch: bool = False) -> None:
        self.notes = RefusalNotes(world.services, threads)
        self.connected: set[ChargePointRef] = set()
        self.seats = Seats(self)
        self.admission = Admission(AdmissionLimits(100, per_charge_point=0))
        self._handshake = Handshake(
            world.services,
            threads,
            CredentialCheck(world.services.keepers, HASHER, threads),
            self.notes,
            self.seats,
            self.admission,
            close_on_mismatch=close_on_mismatch,
        )

    def count_of(self, tenant_id: str) -> int:
        return sum(ref.tenant_id == tenant_id for ref in self.connected)

    def find(self, ref: ChargePointRef) -> ChargePointRef | None:
        return ref if ref in self.connected else None

    async def __call__(
        self, path: str, *subprotocols: str, authorization: str | None = None, upgrade: bool = True
    ) -> Admitted | Mismatch | Response:
        headers = Headers({"Upgrade": "websocket"} if upgrade else {})
        for offered in subprotocols or ("ocpp1.6",):
            if offered:
                headers["Sec-WebSocket-Protocol"] = offered
        if authorization is not None:
            headers["Authorization"] = authorization
        transport = SimpleNamespace(get_extra_info=lambda name: None)
        peer = cast(ServerConnection, Peer(("127.0.0.1", 1234), transport))
        return await self._handshake.admit(peer, Request(path, headers))

    async def admitted(self, path: str, *subprotocols: str, **options: Any) -> Admitted:
        answer = await self(path, *subprotocols, **options)
        assert isinstance(answer, Admitted), answer
        return answer

    async def ref(self, path: str, *subprotocols: str) -> ChargePointRef:
        return (await self.admitted(path, *subprotocols)).ref

    async def refusal(self, path: str, *subprotocols: str, **options: Any) -> Response:
        answer = await self(path, *subprotocols, **options)
        assert isinstance(answer, Response)
        return answer

    async def status(self, path: str, *subprotocols: str, **options: Any) -> int:
        return (await self.refusal(path, *subprotocols, **options)).status_code


@pytest.fixture
def door(world: World, threads: ThreadPoolExecutor) -> Door:
    return Door(world, threads)


def basic(user: str, key: bytes) -> str:
    return f"Basic {b64encode(user.encode() + b':' + key).decode()}"


def configure(world: World, tenant_id: str, **settings: Any) -> None:
    world.services.tenants.configure(tenant_id, settings)
    world.services.tenants.directory.refresh()


def put(world: World, **fields: Any) -> None:
    world.charge_points.put(ChargePoint("acme", "ACME-1", None, **fields))


# --- who it is ---------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_known_charge_point_comes_in(door: Door) -> None:
    assert await door.ref("/ocpp/ACME-1") == ChargePointRef("acme", "ACME-1")
    assert await door.ref("/ocpp/acme/ACME-1") == ChargePointRef("acme", "ACME-1")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "path",
    ["/ocpp/ACME-2", "/ocpp/NOBODY-1", "/ocpp/nobody/ACME-1", "/ocpp/open/ACME-1/x", "/", "/ocpp/acme-2"],
)
async def test_who_is_not_known_is_not_found_before_the_upgrade(door: Door, path: str) -> None:
    """A5."""
    assert await door.status(path) == 404


@pytest.mark.asyncio
@pytest.mark.parametrize("offered", ["ocpp1.6", "ocpp2.0.1", ""])
async def test_nobody_learns_at_the_door_which_tenants_there_are(door: Door, offered: str) -> None:
    """An unknown charge point of a tenant that refuses those, and an unknown tenant, are answered alike."""
    paths = ("/ocpp/ACME-2", "/ocpp/acme/NOBODY", "/ocpp/NOBODY-1", "/ocpp/nobody/ACME-1")
    answers = [await door.refusal(path, offered) for path in paths]
    assert {(answer.status_code, bytes(answer.body)) for answer in answers} == {
        (404, b"No such charge point here.\n")
    }


@pytest.mark.asyncio
async def test_the_path_may_name_a_tenant_whose_prefix_does_not_fit(door: Door, world: World) -> None:
    world.add_charge_point("acme", "OTHER")
    assert await door.ref("/ocpp/acme/OTHER") == ChargePointRef("acme", "OTHER")


@pytest.mark.asyncio
async def test_a_suspended_tenant_is_not_there(door: Door, world: World) -> None:
    world.tenants.replace(replace(world.services.tenants.get("acme"), status=TenantStatus.SUSPENDED))
    world.services.tenants.directory.refresh()
    assert await door.status("/ocpp/ACME-1") == 404


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "offered", [["ocpp1.6"], ["ocpp0.1,ocpp1.6"], ["ocpp2.0.1, ocpp1.6 "], ["ocpp0.1", "ocpp1.6"]]
)
async def test_ocpp_1_6_among_the_offers_is_enough(door: Door, offered: list[str]) -> None:
    """A6, O25 TC_088."""
    assert await door.ref("/ocpp/ACME-1", *offered) == ChargePointRef("acme", "ACME-1")


@pytest.mark.asyncio
@pytest.mark.parametrize("offered", ["", "ocpp0.1", "ocpp2.0.1", "OCPP1.6", "ocpp1.60"])
async def test_without_ocpp_1_6_there_is_no_upgrade(door: Door, offered: str) -> None:
    """A7, contradiction 0.1: refused, rather than accepted and closed."""
    assert await door.status("/ocpp/ACME-1", offered) == 400


@pytest.mark.asyncio
async def test_an_unknown_one_is_created_where_allowed_and_refused_above_the_quota(door: Door) -> None:
    assert await door.ref("/ocpp/OPEN-1") == ChargePointRef("open", "OPEN-1")
    assert await door.status("/ocpp/OPEN-2") == 403
    assert await door.ref("/ocpp/OPEN-1") == ChargePointRef("open", "OPEN-1")


@pytest.mark.asyncio
async def test_nobody_is_created_by_a_refused_handshake(door: Door, world: World) -> None:
    await door.status("/ocpp/OPEN-1", "ocpp2.0.1")
    assert world.charge_points.count("open") == 0


@pytest.mark.asyncio
async def test_a_store_that_fails_asks_to_come_back(
    door: Door, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And never says 404 of a charge point that may well be known."""

    def fail(*_: Any) -> None:
        raise Retryable("MongoDB: no primary at mongodb://secret-host")

    monkeypatch.setattr(world.charge_points, "find", fail)
    answer = await door("/ocpp/ACME-1")
    assert isinstance(answer, Response)
    assert answer.status_code == 503
    assert 3 <= int(answer.headers["Retry-After"]) <= 20
    assert b"secret-host" not in answer.body


def test_a_refusal_is_a_plain_answer_that_ends_the_connection() -> None:
    answer = respond(HTTPStatus.NOT_FOUND, "No.", Retry_After="5")
    assert (answer.status_code, answer.reason_phrase, answer.body) == (404, "Not Found", b"No.\n")
    assert (answer.headers["Content-Length"], answer.headers["Connection"]) == ("4", "close")
    assert answer.headers["Retry-After"] == "5"


# --- the same name in another case (A4) --------------------------------------------------------------


@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["/ocpp/acme-1", "/ocpp/AcMe-1", "/ocpp/acme/acme-1"])
async def test_another_case_is_the_same_charge_point_under_its_stored_name(door: Door, path: str) -> None:
    admitted = await door.admitted(path)
    assert admitted.ref == ChargePointRef("acme", "ACME-1")
    assert admitted.deviations == (Quirk.IDENTITY_IN_OTHER_CASE,)


@pytest.mark.asyncio
async def test_the_exact_name_comes_before_one_in_another_case(door: Door, world: World) -> None:
    world.add_charge_point("acme", "ACME-x")
    world.add_charge_point("acme", "ACME-X")
    assert (await door.ref("/ocpp/ACME-x")).charge_point_id == "ACME-x"
    assert await door.status("/ocpp/acme/acme-x") == 404


@pytest.mark.asyncio
async def test_a_tenants_prefix_in_another_case_makes_nobody_known(door: Door, world: World) -> None:
    """Which tenant is meant is a guess then."""
    assert await door.status("/ocpp/open-1") == 404
    assert world.charge_points.count("open") == 0
    assert await door.ref("/ocpp/open/open-1") == ChargePointRef("open", "open-1")


@pytest.mark.asyncio
async def test_prefixes_of_two_tenants_that_differ_in_case_only_are_taken_to_the_letter(
    door: Door, world: World
) -> None:
    world.services.tenants.create("small", "Small", ["acme-"])
    world.services.tenants.directory.refresh()
    assert await door.status("/ocpp/Acme-1") == 404
    assert await door.status("/ocpp/acme-1") == 404
    assert await door.ref("/ocpp/ACME-1") == ChargePointRef("acme", "ACME-1")


@pytest.mark.asyncio
async def test_a_path_that_was_mended_is_counted(door: Door) -> None:
    assert (await door.admitted("//ocpp//ACME-1/")).deviations == (Quirk.PATH_NOT_NORMAL,)


@pytest.mark.asyncio
async def test_who_is_known_costs_one_read(door: Door, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise AssertionError("the store was asked again")

    monkeypatch.setattr(world.charge_points, "find_in_any_case", fail)
    await door.admitted("/ocpp/ACME-1")


# --- the subprotocol ---------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_what_offers_nothing_is_forgiven_where_the_tenant_says_so(door: Door, world: World) -> None:
    """G1: off by default."""
    configure(world, "acme", accept_missing_subprotocol=True)
    admitted = await door.admitted("/ocpp/ACME-1", "")
    assert (admitted.choice.echoed, admitted.deviations) == (None, (Quirk.MISSING_SUBPROTOCOL,))


@pytest.mark.asyncio
async def test_or_where_the_charge_points_settings_do(door: Door, world: World) -> None:
    put(world, settings=ChargePointSettings(accept_missing_subprotocol=True))
    assert (await door.admitted("/ocpp/ACME-1", "")).choice.echoed is None


@pytest.mark.asyncio
@pytest.mark.parametrize("meant", ["OCPP1.6", "ocpp1.6j", "ocpp16", "OCPP-1.6J"])
async def test_what_only_looks_like_ours_is_echoed_as_it_was_offered(
    door: Door, world: World, meant: str
) -> None:
    """A client would close on a subprotocol that it did not offer (A6)."""
    assert await door.status("/ocpp/ACME-1", meant) == 400
    configure(world, "acme", accept_missing_subprotocol=True)
    admitted = await door.admitted("/ocpp/ACME-1", f"ocpp2.0.1, {meant}")
    assert (admitted.choice.echoed, admitted.deviations) == (meant, (Quirk.MISSING_SUBPROTOCOL,))


@pytest.mark.asyncio
@pytest.mark.parametrize("offered", ["ocpp2.0.1", "ocpp1.5", "mqtt"])
async def test_what_offers_something_else_is_never_taken_for_ours(
    door: Door, world: World, offered: str
) -> None:
    configure(world, "acme", accept_missing_subprotocol=True)
    assert await door.status("/ocpp/ACME-1", offered) == 400


@pytest.mark.asyncio
async def test_a_strict_charge_point_must_offer_it(door: Door, world: World) -> None:
    configure(world, "acme", accept_missing_subprotocol=True)
    put(world, settings=ChargePointSettings(strict=True, accept_missing_subprotocol=True))
    assert await door.status("/ocpp/ACME-1", "") == 400


@pytest.mark.asyncio
async def test_the_setting_close_finishes_the_handshake_and_closes(
    world: World, threads: ThreadPoolExecutor
) -> None:
    """Contradiction 0.1: J 3.2 to the letter."""
    door = Door(world, threads, close_on_mismatch=True)
    assert isinstance(await door("/ocpp/ACME-1", "ocpp2.0.1"), Mismatch)
    assert isinstance(await door("/ocpp/ACME-1"), Admitted)


# --- credentials -------------------------------------------------------------------------------------


def with_key(world: World, profile: int = 1) -> None:
    put(world, security=ChargePointSecurity(profile, key_hash=HASHER.hash(KEY)))


@pytest.mark.asyncio
async def test_the_right_key_opens(door: Door, world: World) -> None:
    """A8-A10."""
    with_key(world)
    admitted = await door.admitted("/ocpp/ACME-1", authorization=basic("ACME-1", KEY))
    assert admitted.proof.profile == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("authorization", [None, basic("ACME-1", b"wrong"), basic("ACME-2", KEY), "Bearer x"])
async def test_a_missing_or_wrong_key_is_told_so(door: Door, world: World, authorization: str | None) -> None:
    with_key(world)
    refusal = await door.refusal("/ocpp/ACME-1", authorization=authorization)
    assert (refusal.status_code, refusal.headers["WWW-Authenticate"]) == (401, 'Basic realm="ocpp"')


@pytest.mark.asyncio
async def test_another_profile_than_the_configured_one_is_forbidden(door: Door, world: World) -> None:
    """A11: the right key does not help without TLS."""
    with_key(world, profile=2)
    assert await door.status("/ocpp/ACME-1", authorization=basic("ACME-1", KEY)) == 403


@pytest.mark.asyncio
async def test_nobody_becomes_known_without_the_proof_that_the_tenant_wants(door: Door, world: World) -> None:
    configure(world, "open", security_profile=1)
    assert await door.status("/ocpp/OPEN-1") == 401
    assert world.charge_points.count("open") == 0


@pytest.mark.asyncio
async def test_a_refusal_for_securitys_sake_is_logged_listed_and_kept_as_an_event(
    door: Door, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """E3; and no log holds the key (E7)."""
    with_key(world)
    alarms: list[tuple[ChargePointRef, str, str]] = []
    security = type(world.services.keepers.security)
    monkeypatch.setattr(security, "note_refusal", lambda _, *told: alarms.append(told))
    with capture_logs() as logs:
        await door.status("/ocpp/acme-1", authorization=basic("ACME-1", b"wrong-key"))
    (entry,) = (entry for entry in logs if entry["event"] == "security_refusal")
    assert (entry["log_level"], entry["tenant_id"], entry["peer"]) == ("warning", "acme", "127.0.0.1")
    assert "wrong-key" not in str(logs)
    await door.notes.flush()
    told = [(ref, "Its key is wrong." in detail, kind) for ref, kind, detail in alarms]
    assert told == [(ChargePointRef("acme", "ACME-1"), True, "ChargePointFailedToAuthenticate")]
    (listed,) = world.refused_identities.list_page("acme", PageRequest()).items
    assert (listed.identity, listed.reason) == ("acme-1", "wrong_credentials")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "subprotocol", "reason"),
    [("/ocpp/ACME-9", "ocpp1.6", "unknown"), ("/ocpp/ACME-1", "ocpp2.0.1", "wrong_subprotocol")],
)
async def test_who_was_refused_is_listed_with_the_reason(
    door: Door, world: World, path: str, subprotocol: str, reason: str
) -> None:
    for _ in range(3):
        await door.status(path, subprotocol)
    await door.notes.flush()
    (listed,) = world.refused_identities.list_page("acme", PageRequest()).items
    assert (listed.identity, listed.reason, listed.count) == (path[-6:], reason, 3)
    assert listed.peer == "127.0.0.1"


@pytest.mark.asyncio
async def test_a_browser_or_probe_is_no_charge_point_to_be_listed(door: Door, world: World) -> None:
    await door("/ocpp/ACME-1", "", upgrade=False)
    await door.notes.flush()
    assert world.refused_identities.list_page("acme", PageRequest()).items == ()


@pytest.mark.asyncio
async def test_who_names_no_tenant_is_listed_nowhere(door: Door, world: World) -> None:
    await door.status("/ocpp/STRANGER")
    await door.notes.flush()
    for tenant_id in ("acme", "open"):
        assert world.refused_identities.list_page(tenant_id, PageRequest()).items == ()


# --- how many may be connected -----------------------------------------------------------------------


@pytest.mark.asyncio
async def test_above_max_connections_it_is_to_come_back_later(door: Door, world: World) -> None:
    configure(world, "acme", max_connections=1)
    world.add_charge_point("acme", "ACME-2")
    door.connected.add(ChargePointRef("acme", "ACME-2"))
    refusal = await door.refusal("/ocpp/ACME-1")
    assert (refusal.status_code, refusal.headers["Retry-After"]) == (429, "60")
    await door.notes.flush()
    (listed,) = world.services.refused_identities.list_page("acme", PageRequest(10)).items
    assert (listed.identity, listed.reason.value) == ("ACME-1", "quota_exceeded")
    door.connected.clear()
    assert await door.ref("/ocpp/ACME-1") == ChargePointRef("acme", "ACME-1")


@pytest.mark.asyncio
async def test_those_of_other_gateways_count_too(door: Door, world: World) -> None:
    configure(world, "acme", max_connections=2)
    door.seats.elsewhere = {"acme": 2, "open": 5}
    assert await door.status("/ocpp/ACME-1") == 429
    door.seats.elsewhere = {"acme": 1}
    assert await door.ref("/ocpp/ACME-1") == ChargePointRef("acme", "ACME-1")


@pytest.mark.asyncio
async def test_one_that_is_connected_already_only_takes_its_own_place(door: Door, world: World) -> None:
    """Its old socket may be dead, here or at another gateway, without anybody knowing yet."""
    configure(world, "acme", max_connections=1)
    door.connected.add(ChargePointRef("acme", "ACME-1"))
    assert await door.ref("/ocpp/ACME-1") == ChargePointRef("acme", "ACME-1")
    door.connected.clear()
    door.seats.elsewhere = {"acme": 1}
    assert await door.status("/ocpp/ACME-1") == 429
    world.services.charge_points.open_connection(ChargePointRef("acme", "ACME-1"), "gw-other", "c-1")
    assert await door.ref("/ocpp/ACME-1") == ChargePointRef("acme", "ACME-1")


@pytest.mark.asyncio
async def test_who_was_let_in_counts_before_it_has_come(door: Door, world: World) -> None:
    configure(world, "acme", max_connections=1)
    world.add_charge_point("acme", "ACME-2")
    assert await door.ref("/ocpp/ACME-1") == ChargePointRef("acme", "ACME-1")
    assert await door.ref("/ocpp/ACME-1") == ChargePointRef("acme", "ACME-1")
    assert await door.status("/ocpp/ACME-2") == 429
    door.seats.settle(ChargePointRef("acme", "ACME-1"))
    assert await door.ref("/ocpp/ACME-2") == ChargePointRef("acme", "ACME-2")


@pytest.mark.asyncio
async def test_an_unknown_one_for_which_there_is_no_room_does_not_become_known(
    door: Door, world: World
) -> None:
    configure(world, "open", max_connections=1)
    door.seats.elsewhere = {"open": 1}
    assert await door.status("/ocpp/OPEN-1") == 429
    assert world.charge_points.find(ChargePointRef("open", "OPEN-1")) is None


# --- too many at once --------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_storm_is_put_off_before_anything_is_asked_of_the_store(
    door: Door, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_look_up(*_: Any) -> None:
        raise AssertionError("the store was asked")

    door.admission.draining = True
    monkeypatch.setattr(world.charge_points, "find", no_look_up)
    refusal = await door.refusal("/ocpp/ACME-1")
    assert refusal.status_code == 503
    assert int(refusal.headers["Retry-After"]) >= 1
    assert door.admission.refused == {"draining": 1}
    monkeypatch.undo()
    door.admission.draining = False
    assert await door.ref("/ocpp/ACME-1") == ChargePointRef("acme", "ACME-1")
    assert door.admission.in_progress == 1
