"""Certification cases of certificates and security events."""

from typing import Any

import pytest
from cryptography import x509

from app.services.x509 import hash_data_of
from tests.certificates import Authority, Issued, ec_key
from tests.conformance.central import Operator
from tests.conformance.charge_point import ScriptedChargePoint, at
from tests.e2e.conftest import TestTenant
from tests.e2e.system import RunningSystem
from tests.fakes.authority import a_csr
from tests.tls import Tls

pytestmark = [pytest.mark.e2e, pytest.mark.conformance]
ACCEPTED = {"status": "Accepted"}


def _hash(root: Authority, algorithm: str = "SHA256") -> dict[str, str]:
    """As the charge point that has it would tell it."""
    data = hash_data_of(root.certificate, algorithm, root.certificate)
    return {
        "hashAlgorithm": data.hash_algorithm,
        "issuerNameHash": data.issuer_name_hash,
        "issuerKeyHash": data.issuer_key_hash,
        "serialNumber": data.serial_number,
    }


async def _renew(charge_point: ScriptedChargePoint, operator: Operator, csr: str, verdict: str) -> str:
    """Trigger, request, answer and chain, in this order (E22); the chain that came."""
    wanted = {"requestedMessage": "SignChargePointCertificate"}
    async with charge_point.expects("ExtendedTriggerMessage", wanted, answer=ACCEPTED):
        parameters = {"requested_message": "SignChargePointCertificate"}
        assert (await operator.command(charge_point, "extended_trigger_message", parameters))["status"] == (
            "accepted"
        )
    async with charge_point.expects("CertificateSigned", answer={"status": verdict}) as sent:
        assert await charge_point.call("SignCertificate", {"csr": csr}) == ACCEPTED
    return str(sent.payload["certificateChain"])


async def _states(operator: Operator, charge_point: ScriptedChargePoint) -> list[str]:
    page = await operator.get("/certificates", charge_point_id=charge_point.identity)
    return [item["state"] for item in page["items"]]


async def test_tc_074_renew_the_charge_points_certificate(
    system: RunningSystem, tls: Tls, tenant: TestTenant, operator: Operator
) -> None:
    """Then the charge point comes back with it, by mutual TLS."""
    identity, key = tenant.identity(), ec_key()
    async with ScriptedChargePoint(system.ws_url, identity) as charge_point:
        await charge_point.boot()
        chain = await _renew(charge_point, operator, a_csr(identity, "Acme", key), "Accepted")
        await operator.until(lambda: _states(operator, charge_point), lambda found: found == ["accepted"])
    shown = chain.encode() + Issued(x509.load_pem_x509_certificate(chain.encode()), key).key_pem
    await operator.send("PUT", f"/chargepoints/{identity}/security", {"profile": 3, "force": True})
    async with ScriptedChargePoint(tls.url, identity, ssl=tls.client(shown)) as charge_point:
        assert (await charge_point.boot())["status"] == "Accepted"
        assert await _states(operator, charge_point) == ["in_use"]


async def test_tc_077_invalid_charge_point_certificate(
    charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    await _renew(charge_point, operator, a_csr(charge_point.identity, "Acme"), "Rejected")
    event = {"type": "InvalidChargePointCertificate", "timestamp": at()}
    assert await charge_point.call("SecurityEventNotification", event) == {}
    await operator.until(lambda: _states(operator, charge_point), lambda found: found == ["rejected"])
    assert await operator.security_events(charge_point) == ["InvalidChargePointCertificate"]


async def _install(
    charge_point: ScriptedChargePoint, operator: Operator, kind: str, root: str, answer: str = "Accepted"
) -> str:
    wanted = {"certificateType": kind, "certificate": root}
    async with charge_point.expects("InstallCertificate", wanted, answer={"status": answer}):
        parameters = {"certificate_type": kind, "certificate": root}
        command = await operator.command(charge_point, "install_certificate", parameters, force=True)
    assert command["result"] == {"status": answer}
    return str(command["status"])


async def _ids(charge_point: ScriptedChargePoint, operator: Operator, kind: str, *told: Any) -> Any:
    answer = {"status": "Accepted", "certificateHashData": list(told)} if told else {"status": "NotFound"}
    wanted = {"certificateType": kind}
    async with charge_point.expects("GetInstalledCertificateIds", wanted, answer=answer):
        parameters = {"certificate_type": kind}
        command = await operator.command(charge_point, "get_installed_certificate_ids", parameters)
    assert command["status"] == "accepted"
    return command["result"]


async def _roots(charge_point: ScriptedChargePoint, operator: Operator) -> list[tuple[str, str]]:
    shown = await operator.get(f"/chargepoints/{charge_point.identity}/security")
    return [(root["kind"], root["state"]) for root in shown["roots"]]


async def _install_and_look(
    charge_point: ScriptedChargePoint, operator: Operator, kind: str
) -> list[tuple[str, str]]:
    root = Authority()
    assert await _install(charge_point, operator, kind, root.pem.decode()) == "accepted"
    result = await _ids(charge_point, operator, kind, _hash(root))
    assert result["certificate_hash_data"][0]["serial_number"] == _hash(root)["serialNumber"]
    return await _roots(charge_point, operator)


async def test_tc_075_1_install_a_manufacturer_root(
    charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    found = await _install_and_look(charge_point, operator, "ManufacturerRootCertificate")
    assert found == [("manufacturer_root", "installed")]


async def test_tc_075_2_install_a_central_system_root(
    charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    found = await _install_and_look(charge_point, operator, "CentralSystemRootCertificate")
    assert found == [("central_system_root", "installed")]


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
async def test_tc_076_delete_a_certificate(
    charge_point: ScriptedChargePoint, operator: Operator, algorithm: str
) -> None:
    """With the algorithm under which the charge point told of it (M04.FR.07)."""
    kind, told = "ManufacturerRootCertificate", _hash(Authority(), algorithm)
    result = await _ids(charge_point, operator, kind, told)
    wanted = {"certificateHashData": told}
    async with charge_point.expects("DeleteCertificate", wanted, answer=ACCEPTED):
        parameters = {"certificate_hash_data": result["certificate_hash_data"][0]}
        command = await operator.command(charge_point, "delete_certificate", parameters)
    assert command["status"] == "accepted"
    assert await _roots(charge_point, operator) == []


async def test_tc_078_invalid_central_system_certificate(
    charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    kind = "CentralSystemRootCertificate"
    assert await _install(charge_point, operator, kind, "no certificate", "Rejected") == "rejected"
    event = {"type": "InvalidCentralSystemCertificate", "timestamp": at(), "techInfo": "no PEM"}
    assert await charge_point.call("SecurityEventNotification", event) == {}
    assert await operator.security_events(charge_point) == ["InvalidCentralSystemCertificate"]
    assert await _roots(charge_point, operator) == []
