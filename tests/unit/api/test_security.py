"""Keys, profiles and security events over HTTP. A key is shown once at most, and kept nowhere."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest

from app.domain.certificate import CertificateState
from app.domain.charge_point import ChargePointSecurity
from app.domain.user import Role
from app.services.keys import KeyHasher
from tests.fakes.world import QUICK_HASHER, World
from tests.unit.api.calls import Api, assert_problem
from tests.unit.services.certificates import REF, put_own

SECURITY = "/api/v1/chargepoints/CP-1/security"
KEY = "ca" * 20


@pytest.fixture(autouse=True)
def _charge_point(world: World) -> None:
    world.add_charge_point("acme", "CP-1")
    world.link.gateways.add("gw-1")


def kept(world: World) -> ChargePointSecurity:
    found = world.charge_points.find(REF)
    assert found is not None
    return found.security


def connect(world: World) -> None:
    world.services.charge_points.open_connection(REF, "gw-1", "c-1")


def last_sent(world: World) -> dict[str, Any]:
    *_, (_, delivery) = world.link.delivered
    payload: dict[str, Any] = delivery.payload
    return payload


def test_security_is_shown_without_any_hash(world: World, operator: Api) -> None:
    world.services.keepers.security.set_key(REF, KEY)
    put_own(world, "1a", CertificateState.IN_USE)
    shown = operator.get(SECURITY)
    body = shown.get_json()
    assert (body["profile"], body["pending_profile"], body["has_key"], body["key_pending"]) == (
        0,
        None,
        True,
        False,
    )
    assert [one["serial_number"] for one in body["certificates"]] == ["1a"]
    assert body["roots"] == []
    assert "argon2" not in shown.get_data(as_text=True)
    assert "hash" not in body


def test_operators_read_and_admins_manage(operator: Api, as_user: Callable[..., Api]) -> None:
    assert_problem(operator.put(SECURITY, {"profile": 0}), 403, "not_permitted")
    assert_problem(operator.post(f"{SECURITY}/key", {"mode": "set"}), 403, "not_permitted")
    assert_problem(as_user(Role.VIEWER).get(SECURITY), 403, "not_permitted")


@pytest.mark.parametrize(
    ("command_type", "parameters"),
    [
        ("ChangeConfiguration", {"key": "AuthorizationKey", "value": KEY}),
        ("change_configuration", {"key": " authorizationkey", "value": KEY}),
        ("ChangeConfiguration", {"key": "SecurityProfile", "value": "1"}),
        ("InstallCertificate", {}),
        ("delete_certificate", {}),
        ("CertificateSigned", {}),
    ],
)
def test_no_other_way_leads_around_that(
    operator: Api, world: World, command_type: str, parameters: dict[str, Any]
) -> None:
    """An operator sends commands, but none that changes keys, profiles or certificates."""
    body = {"command_type": command_type, "parameters": parameters, "force": True}
    assert_problem(operator.post("/api/v1/chargepoints/CP-1/commands", body), 403, "not_permitted")
    harmless = {"command_type": "ChangeConfiguration", "parameters": {"key": "BlinkRepeat", "value": "1"}}
    assert operator.post("/api/v1/chargepoints/CP-1/commands", harmless).status_code == 202


def test_a_charge_point_that_is_not_known(tenant_admin: Api) -> None:
    nobody = "/api/v1/chargepoints/CP-9/security"
    assert_problem(tenant_admin.get(nobody), 404, "not_found")
    assert_problem(tenant_admin.put(nobody, {"profile": 0}), 404, "not_found")
    for mode in ("set", "rotate"):
        assert_problem(tenant_admin.post(f"{nobody}/key", {"mode": mode}), 404, "not_found")
    assert_problem(tenant_admin.post(f"{nobody}/upgrade", {"profile": 1}), 404, "not_found")


def test_a_key_is_set_and_shown_once(world: World, tenant_admin: Api) -> None:
    made = tenant_admin.post(f"{SECURITY}/key", {"mode": "set"})
    assert made.status_code == 200
    key = made.get_json()["key"]
    assert KeyHasher(QUICK_HASHER).matches(kept(world).key_hash or "", bytes.fromhex(key))
    assert key not in tenant_admin.get(SECURITY).get_data(as_text=True)
    assert tenant_admin.post(f"{SECURITY}/key", {"mode": "set", "key": KEY}).get_json()["key"] == KEY
    odd = tenant_admin.post(f"{SECURITY}/key", {"mode": "set", "key": "z" * 40})
    assert_problem(odd, 422, "invalid_input", "key")


def test_a_profile_is_demanded(world: World, tenant_admin: Api) -> None:
    """E8: a key first."""
    assert_problem(tenant_admin.put(SECURITY, {"profile": 1}), 409, "needs_force", "force")
    tenant_admin.post(f"{SECURITY}/key", {"mode": "set"})
    assert tenant_admin.put(SECURITY, {"profile": 1}).get_json()["profile"] == 1
    assert tenant_admin.put(SECURITY, {"profile": 0}).get_json()["profile"] == 0
    assert_problem(tenant_admin.put(SECURITY, {"profile": 4}), 422, "invalid_input", "profile")


def test_a_key_is_rotated_and_nobody_sees_it(world: World, tenant_admin: Api) -> None:
    """E5-E7: not in the answer, the command, its events or what is stored once it has left."""
    connect(world)
    taken = tenant_admin.post(f"{SECURITY}/key", {"mode": "rotate"})
    body = taken.get_json()
    assert (taken.status_code, body["key_pending"], body["key"]) == (202, True, None)
    key = last_sent(world)["value"]
    assert len(key) == 40
    command_id = body["command_id"]
    world.services.commands.mark_sent(REF, command_id, world.clock.now())
    world.services.commands.complete(REF, command_id, {"status": "Accepted"})
    seen = [
        taken.get_data(as_text=True),
        tenant_admin.get(SECURITY).get_data(as_text=True),
        tenant_admin.get(f"/api/v1/commands/{command_id}").get_data(as_text=True),
        json.dumps([event.body for event in world.outbox.events("acme")]),
        str(asdict(world.services.commands.get("acme", command_id))),
        str(world.charge_points.find(REF)),
    ]
    assert not [text for text in seen if key in text]
    assert KeyHasher(QUICK_HASHER).matches(kept(world).key_hash or "", bytes.fromhex(key))


def test_a_key_is_not_left_waiting_for_a_charge_point(tenant_admin: Api) -> None:
    """It would lie in the store until then."""
    refused = tenant_admin.post(f"{SECURITY}/key", {"mode": "rotate"})
    assert_problem(refused, 409, "charge_point_unavailable")


def test_a_second_rotation_while_the_first_is_open_takes_force(world: World, tenant_admin: Api) -> None:
    connect(world)
    tenant_admin.post(f"{SECURITY}/key", {"mode": "rotate"})
    refused = tenant_admin.post(f"{SECURITY}/key", {"mode": "rotate"})
    assert_problem(refused, 409, "needs_force", "force")
    assert tenant_admin.post(f"{SECURITY}/key", {"mode": "rotate", "force": True}).status_code == 202


def test_a_rotated_key_is_made_here(world: World, tenant_admin: Api) -> None:
    connect(world)
    refused = tenant_admin.post(f"{SECURITY}/key", {"mode": "rotate", "key": KEY})
    assert_problem(refused, 422, "invalid_input", "key")


def test_a_profile_is_raised(world: World, tenant_admin: Api) -> None:
    """E26: not before the charge point can use it, unless an operator insists; and never lowered (E2)."""
    assert_problem(tenant_admin.post(f"{SECURITY}/upgrade", {"profile": 1}), 409, "needs_force", "force")
    tenant_admin.post(f"{SECURITY}/key", {"mode": "set"})
    taken = tenant_admin.post(f"{SECURITY}/upgrade", {"profile": 1})
    assert (taken.status_code, taken.get_json()["pending_profile"]) == (202, 1)
    tenant_admin.put(SECURITY, {"profile": 2})
    for lower in (1, 2):
        refused = tenant_admin.post(f"{SECURITY}/upgrade", {"profile": lower, "force": True})
        assert_problem(refused, 422, "invalid_input", "parameters.value")


def test_security_events_are_listed_and_filtered(world: World, operator: Api) -> None:
    events = world.services.keepers.security_events
    events.note_own(REF, "WrongKey", "from 192.0.2.1")
    events.note_own(REF, "CertificateNotIssued", "no CA", critical=True)
    items = operator.get("/api/v1/security-events?critical=true").get_json()["items"]
    assert [(item["type"], item["source"], item["tech_info"]) for item in items] == [
        ("CertificateNotIssued", "central_system", "no CA")
    ]
    query = "?charge_point_id=CP-1&type=WrongKey&source=central_system&limit=1"
    assert len(operator.get(f"/api/v1/security-events{query}").get_json()["items"]) == 1
    assert operator.get("/api/v1/security-events?charge_point_id=CP-2").get_json()["items"] == []
