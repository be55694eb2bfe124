"""Certificates over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest

from app.domain.certificate import CertificateKind, CertificateState
from app.domain.command import CommandStatus
from app.domain.user import Role
from app.services.x509 import hash_data_of
from tests.fakes.authority import a_root, pem
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem
from tests.unit.services.certificates import REF, put_own

OF_ONE = "/api/v1/chargepoints/CP-1/certificates"
ROOTS = [a_root("One", serial=0xA1), a_root("Two", serial=0xB2)]


@pytest.fixture(autouse=True)
def _charge_point(world: World) -> None:
    world.add_charge_point("acme", "CP-1")


def report(world: World, *roots: Any) -> None:
    hashes = [hash_data_of(root, "SHA512", root) for root in roots]
    world.services.keepers.roots.note_reported(REF, CertificateKind.CENTRAL_SYSTEM_ROOT, hashes)


def test_a_list_is_filtered_and_without_pem(world: World, operator: Api) -> None:
    put_own(world, "1a", CertificateState.IN_USE, pem="secret-free")
    put_own(world, "2b", CertificateState.REVOKED)
    report(world, ROOTS[0])
    every = operator.get("/api/v1/certificates").get_json()
    assert len(every["items"]) == 3
    assert "pem" not in every["items"][0]
    query = "?charge_point_id=CP-1&kind=charge_point&state=in_use"
    (found,) = operator.get(f"/api/v1/certificates{query}").get_json()["items"]
    assert (found["serial_number"], found["state"]) == ("1a", "in_use")
    assert_problem(operator.get("/api/v1/certificates?state=odd"), 422, "invalid_input", "state")


def test_one_is_shown_with_its_pem(world: World, operator: Api) -> None:
    put_own(world, "1a", CertificateState.IN_USE, pem="the pem", csr="the csr")
    shown = operator.get("/api/v1/certificates/cert-0").get_json()
    assert (shown["pem"], shown["csr"]) == ("the pem", "the csr")
    assert_problem(operator.get("/api/v1/certificates/cert-9"), 404, "not_found")


def test_another_tenants_certificates_are_not_there(world: World, as_user: Callable[..., Api]) -> None:
    put_own(world, "1a", CertificateState.IN_USE)
    stranger = as_user(Role.TENANT_ADMIN, "beta")
    assert stranger.get("/api/v1/certificates").get_json()["items"] == []
    assert_problem(stranger.get("/api/v1/certificates/cert-0"), 404, "not_found")
    assert_problem(stranger.post("/api/v1/certificates/cert-0/revoke"), 404, "not_found")
    assert_problem(stranger.post(OF_ONE, {}), 404, "not_found")


def test_operators_read_and_admins_manage(operator: Api, as_user: Callable[..., Api]) -> None:
    assert_problem(operator.post(OF_ONE, {}), 403, "not_permitted")
    assert_problem(as_user(Role.VIEWER).get("/api/v1/certificates"), 403, "not_permitted")


def test_the_cas_root(world: World, operator: Api) -> None:
    assert operator.get("/api/v1/certificates/ca").get_json() == {"pem": world.authority.root()}


def test_a_root_is_installed(world: World, tenant_admin: Api) -> None:
    taken = tenant_admin.post(OF_ONE, {"pem": pem(ROOTS[0]), "kind": "manufacturer_root"})
    assert taken.status_code == 202
    root = taken.get_json()
    assert (root["kind"], root["state"], root["serial_number"]) == ("manufacturer_root", "sent", "a1")
    command = world.services.commands.get("acme", root["command_id"])
    assert command.payload == {
        "certificateType": "ManufacturerRootCertificate",
        "certificate": pem(ROOTS[0]),
    }
    world.services.commands.complete(REF, command.id, {"status": "Accepted"})
    shown = tenant_admin.get(f"/api/v1/certificates/{root['id']}").get_json()
    assert shown["state"] == "installed"


def test_without_a_pem_it_is_the_root_of_our_ca(world: World, tenant_admin: Api) -> None:
    root = tenant_admin.post(OF_ONE, {}).get_json()
    assert (root["kind"], root["pem"]) == ("central_system_root", world.authority.root())


def test_a_root_that_would_be_refused_takes_force(tenant_admin: Api) -> None:
    assert_problem(tenant_admin.post(OF_ONE, {"pem": "nonsense"}), 409, "needs_force", "force")
    assert tenant_admin.post(OF_ONE, {"pem": "nonsense", "force": True}).get_json()["state"] == "sent"


def test_roots_are_read(world: World, tenant_admin: Api) -> None:
    command = tenant_admin.post(f"{OF_ONE}/read", {"kind": "manufacturer_root"}).get_json()
    assert command["action"] == "GetInstalledCertificateIds"
    assert command["parameters"] == {"certificate_type": "ManufacturerRootCertificate"}


def test_renewal_is_asked_for(tenant_admin: Api) -> None:
    command = tenant_admin.post(f"{OF_ONE}/renew").get_json()
    assert command["action"] == "ExtendedTriggerMessage"
    assert command["parameters"] == {"requested_message": "SignChargePointCertificate"}


def test_a_root_is_deleted_by_the_name_that_the_charge_point_gave_it(world: World, tenant_admin: Api) -> None:
    """M04.FR.07."""
    report(world, *ROOTS)
    command = tenant_admin("DELETE", f"{OF_ONE}/a1").get_json()
    assert command["action"] == "DeleteCertificate"
    described = hash_data_of(ROOTS[0], "SHA512", ROOTS[0])
    assert command["parameters"]["certificate_hash_data"] == {
        "hash_algorithm": "SHA512",
        "issuer_name_hash": described.issuer_name_hash,
        "issuer_key_hash": described.issuer_key_hash,
        "serial_number": "a1",
    }
    assert_problem(tenant_admin("DELETE", f"{OF_ONE}/c3"), 404, "not_found")


def test_the_last_root_takes_force(world: World, tenant_admin: Api) -> None:
    report(world, ROOTS[0])
    assert_problem(tenant_admin("DELETE", f"{OF_ONE}/a1"), 409, "needs_force", "force")
    assert tenant_admin("DELETE", f"{OF_ONE}/a1?force=true").status_code == 202


def test_a_certificate_is_revoked(world: World, tenant_admin: Api) -> None:
    put_own(world, "1a", CertificateState.IN_USE)
    assert tenant_admin.post("/api/v1/certificates/cert-0/revoke").get_json()["state"] == "revoked"
    assert world.services.keepers.certificates.is_revoked(REF, "1a")


def test_a_failed_request_is_tried_again(world: World, tenant_admin: Api) -> None:
    put_own(world, None, CertificateState.FAILED, csr="csr", reason="The CA was away.")
    again = tenant_admin.post("/api/v1/certificates/cert-0/sign")
    assert (again.status_code, again.get_json()["state"]) == (202, "requested")
    assert_problem(tenant_admin.post("/api/v1/certificates/cert-0/sign"), 409, "conflict")


def test_waiting_shows_how_it_ended(world: World, tenant_admin: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver = world.link.deliver
    world.services.charge_points.open_connection(REF, "gw-1", "c-1")

    def answer(gateway_id: str, delivery: Any) -> None:
        deliver(gateway_id, delivery)
        world.services.commands.complete(REF, delivery.command_id, {"status": "Failed"})

    world.link.gateways.add("gw-1")
    monkeypatch.setattr(world.link, "deliver", answer)
    ended = tenant_admin.post(f"{OF_ONE}?wait=5", {})
    assert (ended.status_code, ended.get_json()["state"]) == (200, "rejected")
    command = world.services.commands.get("acme", ended.get_json()["command_id"])
    assert command.status is CommandStatus.REJECTED
