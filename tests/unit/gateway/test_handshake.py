"""Before the upgrade: who is it, is it known, does it speak OCPP 1.6? (A1-A13)"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from app.domain.context import ChargePointRef
from app.domain.errors import Retryable
from app.domain.tenant import TenantStatus
from gateway.handshake import Handshake, Target, respond, target_of
from tests.fakes.world import World, fake_world

# --- the path (A3) -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("/ocpp/CP-1", "CP-1"),
        ("/ocpp/CP-1/", "CP-1"),
        ("/ocpp//CP-1//", "CP-1"),
        ("//ocpp/CP-1", "CP-1"),
        ("/ocpp/RDAM%20123", "RDAM 123"),
        ("/ocpp/RDAM%2F123", "RDAM/123"),
        ("/ocpp/RDAM%252F123", "RDAM%2F123"),
        ("/ocpp/S%C3%A4ule", "Säule"),
        ("/ocpp/CP+1", "CP+1"),
        ("/ocpp/CP:1", "CP:1"),
        ("/ocpp/http:%2F%2FX", "http://X"),
        ("/ocpp/CP-1?token=/a/b", "CP-1"),
        ("/ocpp/CP-1?x=http://y/z", "CP-1"),
        ("/ocpp/CP-1/?", "CP-1"),
        ("http://csms.example:9000/ocpp/CP-1", "CP-1"),
        ("ws://csms.example/ocpp/CP-1/?x=1", "CP-1"),
        ("/ocpp/" + "x" * 128, "x" * 128),
        ("/ocpp/" + "%C3%A4" * 128, "ä" * 128),
    ],
)
def test_the_identity_is_the_last_segment_decoded_once(path: str, identity: str) -> None:
    assert target_of(path) == Target(identity)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/ocpp/acme/CP-1", Target("CP-1", "acme")),
        ("/ocpp/acme//CP-1/", Target("CP-1", "acme")),
        ("/ocpp/acme/A%2FB", Target("A/B", "acme")),
        ("http://h/ocpp/acme/CP-1", Target("CP-1", "acme")),
    ],
)
def test_a_path_may_name_the_tenant(path: str, target: Target) -> None:
    assert target_of(path) == target


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/ocpp",
        "/ocpp/",
        "/ocpp//",
        "/ocpp?CP-1",
        "/CP-1",
        "/OCPP/CP-1",
        "/steve/CP-1",
        "/ocpp/a/b/c",
        "/ocpp/%FF",
        "/ocpp/%ff%fe/CP-1",
        "/ocpp/S\udcc3\udca4ule",
        "/ocpp/%20",
        "/ocpp/%00",
        "/ocpp/CP%0A1",
        "/ocpp/CP%7F",
        "/ocpp/" + "x" * 129,
        "http://csms.example",
        "http://csms.example/",
        "http://[broken/ocpp",
        "//[broken",
    ],
)
def test_what_is_no_such_path_is_nobody(path: str) -> None:
    assert target_of(path) is None


@given(st.text() | st.text("/%ocpA:[]?#. ").map(lambda text: f"/ocpp/{text}"))
def test_no_path_makes_reading_raise(path: str) -> None:
    target = target_of(path)
    assert target is None or target.identity.isprintable()


# --- the decision ------------------------------------------------------------------------------------


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


class Door:
    """Asks for entry."""

    def __init__(self, world: World, threads: ThreadPoolExecutor) -> None:
        self._handshake = Handshake(world.services, threads)

    async def __call__(self, path: str, *subprotocols: str) -> ChargePointRef | Response:
        headers = Headers()
        for offered in subprotocols or ("ocpp1.6",):
            if offered:
                headers["Sec-WebSocket-Protocol"] = offered
        peer: Any = SimpleNamespace(remote_address=("127.0.0.1", 1234))
        return await self._handshake.admit(cast(ServerConnection, peer), Request(path, headers))

    async def status(self, path: str, *subprotocols: str) -> int:
        answer = await self(path, *subprotocols)
        assert isinstance(answer, Response)
        return answer.status_code


@pytest.fixture
def door(world: World, threads: ThreadPoolExecutor) -> Door:
    return Door(world, threads)


@pytest.mark.asyncio
async def test_a_known_charge_point_comes_in(door: Door) -> None:
    assert await door("/ocpp/ACME-1") == ChargePointRef("acme", "ACME-1")
    assert await door("/ocpp/acme/ACME-1") == ChargePointRef("acme", "ACME-1")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "path",
    ["/ocpp/ACME-2", "/ocpp/NOBODY-1", "/ocpp/nobody/ACME-1", "/ocpp/open/ACME-1/x", "/", "/ocpp/acme-1"],
)
async def test_who_is_not_known_is_not_found_before_the_upgrade(door: Door, path: str) -> None:
    """A5."""
    assert await door.status(path) == 404


@pytest.mark.asyncio
async def test_the_path_may_name_a_tenant_whose_prefix_does_not_fit(door: Door, world: World) -> None:
    world.add_charge_point("acme", "OTHER")
    assert await door("/ocpp/acme/OTHER") == ChargePointRef("acme", "OTHER")


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
    assert await door("/ocpp/ACME-1", *offered) == ChargePointRef("acme", "ACME-1")


@pytest.mark.asyncio
@pytest.mark.parametrize("offered", ["", "ocpp0.1", "ocpp2.0.1", "OCPP1.6", "ocpp1.60"])
async def test_without_ocpp_1_6_there_is_no_upgrade(door: Door, offered: str) -> None:
    """A7, contradiction 0.1: refused, rather than accepted and closed."""
    assert await door.status("/ocpp/ACME-1", offered) == 400


@pytest.mark.asyncio
async def test_an_unknown_one_is_created_where_allowed_and_refused_above_the_quota(door: Door) -> None:
    assert await door("/ocpp/OPEN-1") == ChargePointRef("open", "OPEN-1")
    assert await door.status("/ocpp/OPEN-2") == 403
    assert await door("/ocpp/OPEN-1") == ChargePointRef("open", "OPEN-1")


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
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert b"secret-host" not in answer.body


def test_a_refusal_is_a_plain_answer_that_ends_the_connection() -> None:
    answer = respond(HTTPStatus.NOT_FOUND, "No.", Retry_After="5")
    assert (answer.status_code, answer.reason_phrase, answer.body) == (404, "Not Found", b"No.\n")
    assert (answer.headers["Content-Length"], answer.headers["Connection"]) == ("4", "close")
    assert answer.headers["Retry-After"] == "5"
