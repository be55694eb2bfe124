"""Charge points of the same name, at the same time: each hears and changes only what is its own tenant's."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
import pytest
from cryptography import x509
from websockets.exceptions import InvalidStatus

from app.services import Services
from bench.raw_client import RawClient
from tests.certificates import Issued, ec_key
from tests.conformance.charge_point import SILENCE
from tests.e2e.system import RunningSystem
from tests.fakes.authority import a_csr
from tests.isolation.life import until
from tests.isolation.sides import CHARGE_POINT, ID_TAG, Side, make_side
from tests.isolation.town import Station, Town
from tests.tls import Tls

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
OURS, THEIRS = 0, 1
OPERATOR = "Same Operator"


@dataclass
class Pair:
    """Two fresh tenants with a booted charge point each, both called the same."""

    town: Town
    sides: list[Side]
    stations: list[Station]

    def session(self, which: int) -> Any:
        """The first one."""
        return self.sides[which].send("GET", "/sessions/session-1")

    def command(self, which: int) -> Any:
        """The one that both sent."""
        return self.sides[which].send("GET", "/commands/same")


@pytest.fixture(params=["queue", "bypass"])
def pair(request: pytest.FixtureRequest, system: RunningSystem, services: Services) -> Iterator[Pair]:
    """Each test has its own."""
    sides = [make_side(system, services, request.param, OPERATOR) for _ in range(2)]
    with Town(system.ws_url) as town:
        for side in sides:
            side.send("POST", "/chargepoints", {"id": CHARGE_POINT})
            side.send("PUT", f"/id-tags/{ID_TAG}", {"parent_id_tag": side.marker})
            until(partial(town.try_to_connect, side, CHARGE_POINT))
        yield Pair(town, sides, list(town.stations))
    for side in sides:
        side.rest.close()


def _boot(pair: Pair) -> None:
    pair.town.together(*(station.boot(1) for station in pair.stations))


def _send_same(pair: Pair, which: int, **more: Any) -> Any:
    """A DataTransfer under an id that the other uses as well."""
    side = pair.sides[which]
    parameters = {"vendor_id": side.marker, "data": side.marker}
    body = {"command_type": "DataTransfer", "parameters": parameters, "command_id": "same", **more}
    return side.send("POST", f"/chargepoints/{CHARGE_POINT}/commands", body)


def test_the_same_frame_gets_each_tenants_own_answer_also_when_repeated(pair: Pair) -> None:
    """A32: what was answered before is remembered for one connection."""
    _boot(pair)
    for _ in range(2):
        answers = pair.town.together(
            *(station.ask("Authorize", {"idTag": ID_TAG}, unique_id="same") for station in pair.stations)
        )
        told = [answer[2]["idTagInfo"]["parentIdTag"] for answer in answers]
        assert told == [side.marker for side in pair.sides]


def test_readings_and_stop_of_a_transaction_leave_the_others_of_the_same_number_alone(pair: Pair) -> None:
    _boot(pair)
    numbers = [number for number, _ in pair.town.together(*(s.start(ID_TAG) for s in pair.stations))]
    assert numbers == [1, 1]
    ours = pair.stations[OURS]
    pair.town.run(ours.meter_values([{"value": "1700", "unit": "Wh"}], transactionId=1))
    pair.town.run(ours.stop(1, 1800))
    assert (pair.session(OURS)["status"], pair.session(OURS)["energy_wh"]) == ("completed", 800)
    theirs = pair.session(THEIRS)
    assert (theirs["status"], theirs["energy_wh"], theirs["meter_values"]) == ("active", 0, [])
    pair.town.run(pair.stations[THEIRS].stop(1, 5000))
    assert [pair.session(which)["energy_wh"] for which in (OURS, THEIRS)] == [800, 4000]


def test_a_newer_connection_closes_ones_own_older_one_only(pair: Pair) -> None:
    _boot(pair)
    ours, theirs = pair.stations
    pair.town.connect(pair.sides[OURS], CHARGE_POINT)
    until(lambda: not ours.is_open)
    assert theirs.is_open
    assert "currentTime" in pair.town.run(theirs.call("Heartbeat"))
    pair.sides[OURS].send("POST", f"/chargepoints/{CHARGE_POINT}/disconnect")
    until(lambda: not pair.town.stations[-1].is_open)
    until(lambda: not pair.sides[OURS].send("GET", f"/chargepoints/{CHARGE_POINT}")["connected"])
    assert theirs.is_open
    assert pair.sides[THEIRS].send("GET", f"/chargepoints/{CHARGE_POINT}")["connected"]


def test_the_answer_of_one_ends_only_its_own_command_of_the_same_id(pair: Pair) -> None:
    _boot(pair)
    ours, theirs = pair.stations
    theirs.always = dict(theirs.always) | {"DataTransfer": SILENCE}
    _send_same(pair, THEIRS)
    until(lambda: bool(theirs.calls))
    unique_id = json.loads(theirs.calls[0])[1]
    _send_same(pair, OURS)
    until(lambda: pair.command(OURS)["status"] == "accepted")
    assert pair.sides[OURS].marker in str(pair.command(OURS)["result"])
    pair.town.run(ours.send([3, unique_id, {"status": "Accepted", "data": "forged"}]))
    pair.town.run(ours.call("Heartbeat"))  # it is through by now
    assert pair.command(THEIRS)["status"] == "sent"
    pair.town.run(theirs.send([3, unique_id, {"status": "Rejected", "data": pair.sides[THEIRS].marker}]))
    until(lambda: pair.command(THEIRS)["status"] == "rejected")
    assert "forged" not in str(pair.command(THEIRS))
    assert pair.command(OURS)["status"] == "accepted"


def test_a_command_that_waits_goes_to_its_own_charge_point(pair: Pair) -> None:
    """Also though one of the same id went out here just before."""
    _boot(pair)
    ours, theirs = pair.stations
    pair.town.run(theirs.client.connection.close())
    until(lambda: not pair.sides[THEIRS].send("GET", f"/chargepoints/{CHARGE_POINT}")["connected"])
    for which in (OURS, THEIRS):
        _send_same(pair, which)
    until(lambda: pair.command(OURS)["status"] == "accepted")
    assert pair.command(THEIRS)["status"] == "queued"
    back = pair.town.connect(pair.sides[THEIRS], CHARGE_POINT)
    pair.town.run(back.boot(1))
    until(lambda: pair.command(THEIRS)["status"] == "accepted")
    assert len(ours.calls) == 1
    assert len(back.calls) == 1


def test_a_reservation_of_the_same_number_is_cancelled_for_one_only(pair: Pair) -> None:
    _boot(pair)
    wish = {"charge_point_id": CHARGE_POINT, "connector_id": 1, "id_tag": ID_TAG, "reservation_id": 7}
    held = [
        side.send("POST", "/reservations?wait=10", wish | {"expires_at": "2099-01-01T00:00:00Z"})
        for side in pair.sides
    ]
    pair.stations[OURS].always = dict(pair.stations[OURS].always) | {
        "CancelReservation": {"status": "Accepted"}
    }
    pair.sides[OURS].send("DELETE", f"/reservations/{held[OURS]['id']}?wait=10")
    shown = [
        side.send("GET", f"/reservations/{one['id']}")["status"]
        for side, one in zip(pair.sides, held, strict=True)
    ]
    assert shown == ["cancelled", "accepted"]


def test_the_key_of_one_does_not_open_the_door_of_the_other(pair: Pair, system: RunningSystem) -> None:
    keys = []
    for side, key in zip(pair.sides, ("aa" * 16, "bb" * 16), strict=True):
        side.send(
            "POST", f"/chargepoints/{CHARGE_POINT}/security/key", {"mode": "set", "key": key, "force": True}
        )
        side.send("PUT", f"/chargepoints/{CHARGE_POINT}/security", {"profile": 1, "force": True})
        keys.append(bytes.fromhex(key))

    async def knock(side: Side, key: bytes) -> int:
        basic = httpx.BasicAuth(CHARGE_POINT, key)._auth_header
        try:
            url = f"{system.ws_url}/{side.tenant_id}"
            async with RawClient(url, CHARGE_POINT, headers={"Authorization": basic}):
                return 101
        except InvalidStatus as refused:
            return int(refused.response.status_code)

    for which, side in enumerate(pair.sides):
        assert pair.town.run(knock(side, keys[1 - which])) == 401
        assert pair.town.run(knock(side, keys[which])) == 101


def test_the_certificate_of_one_does_not_open_the_door_of_the_other(pair: Pair, tls: Tls) -> None:
    """Though both name the same charge point and operator, and one CA has signed both (E17)."""
    _boot(pair)
    shown = []
    for side, station in zip(pair.sides, pair.stations, strict=True):
        key = ec_key()
        pair.town.run(station.call("SignCertificate", {"csr": a_csr(CHARGE_POINT, OPERATOR, key)}))
        until(partial(_has_chain, station))
        chain = json.loads(station.calls[-1])[3]["certificateChain"].encode()
        shown.append(chain + Issued(x509.load_pem_x509_certificate(chain), key).key_pem)
        side.send("PUT", f"/chargepoints/{CHARGE_POINT}/security", {"profile": 3, "force": True})

    async def knock(side: Side, certificate: bytes) -> int:
        try:
            url = f"{tls.url}/{side.tenant_id}"
            async with RawClient(url, CHARGE_POINT, ssl=tls.client(certificate)):
                return 101
        except InvalidStatus as refused:
            return int(refused.response.status_code)

    for which, side in enumerate(pair.sides):
        until(partial(_is_accepted, side))
        assert pair.town.run(knock(side, shown[1 - which])) == 403
        assert pair.town.run(knock(side, shown[which])) == 101


def _has_chain(station: Station) -> bool:
    return bool(station.calls) and '"CertificateSigned"' in station.calls[-1]


def _is_accepted(side: Side) -> bool:
    states = [item["state"] for item in side.send("GET", "/certificates")["items"]]
    return states == ["accepted"]


def test_nobody_can_ask_the_gateway_which_tenants_there_are(pair: Pair, system: RunningSystem) -> None:
    """An unknown charge point of a tenant that refuses those, and an unknown tenant: the same answer."""
    prefix = f"{pair.sides[OURS].tenant_id}-CP-"
    told = {
        _told(httpx.get(f"{system.gateway_url}/ocpp/{path}", headers=headers))
        for path in (f"{pair.sides[OURS].tenant_id}/NOBODY", f"{prefix}NOBODY", "nobody/NOBODY", "NOBODY")
        for headers in ({}, {"Sec-WebSocket-Protocol": "ocpp1.6"})
    }
    assert told == {(404, "No such charge point here.\n")}


def _told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.text


def test_a_tenants_own_path_comes_before_the_others_prefix(pair: Pair) -> None:
    """Whoever names the tenant means it, though the identity begins as another tenant's do."""
    ours, theirs = pair.sides
    name = f"{theirs.tenant_id}-CP-1"
    ours.send("POST", "/chargepoints", {"id": name})
    station = pair.town.connect(ours, name)
    pair.town.run(station.boot())
    assert ours.send("GET", f"/chargepoints/{name}")["connected"]
    assert theirs.ask("GET", f"/api/v1/chargepoints/{name}").status_code == 404
