"""Certificates over HTTP: charge points' own, and the roots they trust."""

from typing import Any

from app.api.blueprint import Blueprint, also_answers, problems
from app.api.commands import request_for, submit
from app.api.current import services
from app.api.paging import page_request
from app.api.permissions import requires
from app.api.schemas.certificate import (
    AuthorityRootSchema,
    CertificatePageSchema,
    CertificateQuery,
    CertificateSchema,
    NewRootSchema,
    ReadRootsSchema,
)
from app.api.schemas.command import CommandSchema, InsistingQuery, WaitQuery
from app.api.tenancy import charge_point_ref, current_tenant, known_charge_point_ref
from app.domain.certificate import WIRE_TYPES, Certificate
from app.domain.command import Command
from app.domain.errors import NotFound
from app.domain.permissions import Permission
from app.services.ports import Page

certificates = Blueprint(
    "certificates", __name__, url_prefix="/api/v1", description="Certificates of charge points."
)
_OF_ONE = "/chargepoints/<charge_point_id>/certificates"
_TYPE_OF = {kind.value: wire for wire, kind in WIRE_TYPES.items()}


@certificates.get("/certificates")
@requires(Permission.SECURITY_READ)
@certificates.query(CertificateQuery)
@certificates.answers(200, CertificatePageSchema, "A page of certificates.")
def list_certificates(query: dict[str, Any]) -> Page[Certificate]:
    """List certificates

    Newest first: charge points' own from request to retirement, and the roots they are known to trust.
    """
    return services().keepers.certificates.list_page(current_tenant().id, page_request(query))


@certificates.get("/certificates/ca")
@requires(Permission.SECURITY_READ)
@certificates.answers(200, AuthorityRootSchema, "The root.")
def get_authority_root() -> dict[str, str]:
    """Show the CA's root

    Of the CA that signs charge points' certificates here; 404 without one.
    """
    return {"pem": services().signing.root()}


@certificates.get("/certificates/<certificate_id>")
@requires(Permission.SECURITY_READ)
@certificates.answers(200, CertificateSchema, "The certificate.")
def get_certificate(certificate_id: str) -> Certificate:
    """Show a certificate

    With its PEM, and the request it came from.
    """
    return services().keepers.certificates.get(current_tenant().id, certificate_id)


@certificates.post("/certificates/<certificate_id>/revoke")
@requires(Permission.SECURITY_MANAGE)
@certificates.answers(200, CertificateSchema, "The certificate.")
@problems(409)
def revoke_certificate(certificate_id: str) -> Certificate:
    """Revoke a charge point's certificate

    It is refused at the next handshake. An open connection stays; disconnect the charge point to end it.
    The CA is not told.
    """
    return services().keepers.certificates.revoke(current_tenant().id, certificate_id)


@certificates.post("/certificates/<certificate_id>/sign")
@requires(Permission.SECURITY_MANAGE)
@certificates.answers(202, CertificateSchema, "It is tried again.")
@problems(409)
def sign_certificate_again(certificate_id: str) -> tuple[Certificate, int]:
    """Try a failed request again

    Once what made it fail is mended: the CA is asked, or the certificate is sent, within seconds.
    """
    return services().signing.sign_again(current_tenant().id, certificate_id), 202


@certificates.post(_OF_ONE)
@requires(Permission.SECURITY_MANAGE)
@certificates.query(WaitQuery)
@certificates.body(NewRootSchema)
@certificates.answers(202, CertificateSchema, "The root is on its way.")
@also_answers(200, CertificateSchema, "The charge point has answered; see `state`.")
@problems(400, 409, 415)
def install_certificate(
    query: dict[str, float], body: dict[str, Any], charge_point_id: str
) -> tuple[Certificate, int]:
    """Install a root in a charge point

    By InstallCertificate. Of the central system, to check this system's certificate; or of the manufacturer,
    to check firmware.
    """
    pem = body["pem"] if "pem" in body else services().signing.root()
    parameters = {"certificate_type": _TYPE_OF[body["kind"]], "certificate": pem}
    request = request_for(charge_point_ref(charge_point_id), "InstallCertificate", parameters, body)
    command, status, _ = submit(request, query["wait"])
    root = services().keepers.roots.of_command(command)
    if root is None:
        raise NotFound("The root's record is gone.")
    return root, status


@certificates.post(f"{_OF_ONE}/read")
@requires(Permission.SECURITY_MANAGE)
@certificates.query(WaitQuery)
@certificates.body(ReadRootsSchema, required=False)
@certificates.answers(202, CommandSchema, "The charge point is being asked.")
@also_answers(200, CommandSchema, "It has answered; the list of certificates shows what it has.")
@problems(400, 409, 415)
def read_certificates(
    query: dict[str, float], body: dict[str, Any], charge_point_id: str
) -> tuple[Command, int]:
    """Ask a charge point which roots it has

    By GetInstalledCertificateIds. What it names is `installed`, what it does not name `deleted`.
    """
    parameters = {"certificate_type": _TYPE_OF[body["kind"]]}
    return _send(charge_point_id, "GetInstalledCertificateIds", parameters, query)


@certificates.post(f"{_OF_ONE}/renew")
@requires(Permission.SECURITY_MANAGE)
@certificates.query(WaitQuery)
@certificates.answers(202, CommandSchema, "The charge point is being asked.")
@also_answers(200, CommandSchema, "It has answered; its request follows.")
@problems(409)
def renew_certificate(query: dict[str, float], charge_point_id: str) -> tuple[Command, int]:
    """Ask a charge point to renew its own certificate

    By ExtendedTriggerMessage. It makes a new key and sends a request, which is then signed and sent back.
    """
    parameters = {"requested_message": "SignChargePointCertificate"}
    return _send(charge_point_id, "ExtendedTriggerMessage", parameters, query)


@certificates.delete(f"{_OF_ONE}/<name>")
@requires(Permission.SECURITY_MANAGE)
@certificates.query(InsistingQuery)
@certificates.answers(202, CommandSchema, "The charge point is being asked.")
@also_answers(200, CommandSchema, "It has answered.")
@problems(409)
def delete_certificate(query: dict[str, Any], charge_point_id: str, name: str) -> tuple[Command, int]:
    """Delete a root from a charge point

    By DeleteCertificate. `name` is its id, its serial number, its fingerprint or its key's hash. The last
    root of the central system takes `force`; one that is in use, the charge point keeps.
    """
    described = services().keepers.roots.hash_of(known_charge_point_ref(charge_point_id), name)
    parameters = {
        "certificate_hash_data": {
            "hash_algorithm": described.hash_algorithm,
            "issuer_name_hash": described.issuer_name_hash,
            "issuer_key_hash": described.issuer_key_hash,
            "serial_number": described.serial_number,
        }
    }
    return _send(charge_point_id, "DeleteCertificate", parameters, query)


def _send(
    charge_point_id: str, action: str, parameters: dict[str, Any], query: dict[str, Any]
) -> tuple[Command, int]:
    request = request_for(charge_point_ref(charge_point_id), action, parameters, query)
    command, status, _ = submit(request, query["wait"])
    return command, status
