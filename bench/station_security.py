"""What a simulated charge point trusts and is: roots, its key and certificate (white paper A02, M03-M05)."""

# The package is untyped, so its decorators are Any.
# mypy: disable-error-code="untyped-decorator"

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from ocpp.routing import after, on
from ocpp.v16 import call, call_result
from ocpp.v16.enums import Action

from app.domain.certificate import CertificateHash
from app.domain.errors import InvalidInput
from app.services.x509 import hash_data_of, read_chain

if TYPE_CHECKING:
    from bench.charge_point import SimulatedChargePoint

FIELDS = ("hash_algorithm", "issuer_name_hash", "issuer_key_hash", "serial_number")


class StationTrust:
    """Roots by type as (name, PEM), and its own certificate with the key it was asked for."""

    def __init__(self, hash_algorithm: str = "SHA256") -> None:
        self.hash_algorithm = hash_algorithm
        self.roots: dict[str, list[tuple[CertificateHash, str]]] = {}
        self.in_use: str | None = None
        self.key: ec.EllipticCurvePrivateKey | None = None
        self.chain: str | None = None

    def install(self, kind: str, pem: str) -> str:
        """The answer's status; what is no certificate is Rejected."""
        try:
            root = read_chain(pem)[0]
        except InvalidInput:
            return "Rejected"
        self.roots.setdefault(kind, []).append((hash_data_of(root, self.hash_algorithm, root), pem))
        return "Accepted"

    def delete(self, described: CertificateHash) -> str:
        """The answer's status; the root `in_use` is kept."""
        for listed in self.roots.values():
            for name, pem in listed:
                if name == described:
                    if pem == self.in_use:
                        return "Failed"
                    listed.remove((name, pem))
                    return "Accepted"
        return "NotFound"

    def request(self, common: str, organisation: str) -> str:
        """A certificate signing request for a new key."""
        self.key = ec.generate_private_key(ec.SECP256R1())
        names = [(NameOID.ORGANIZATION_NAME, organisation), (NameOID.COMMON_NAME, common)]
        subject = x509.Name([x509.NameAttribute(kind, name) for kind, name in names if name])
        csr = x509.CertificateSigningRequestBuilder(subject).sign(self.key, hashes.SHA256())
        return csr.public_bytes(Encoding.PEM).decode()

    def take(self, chain: str) -> str:
        """The answer's status; a certificate for another key is Rejected (A02.FR.06)."""
        try:
            leaf = read_chain(chain)[0]
        except InvalidInput:
            return "Rejected"
        if self.key is None or leaf.public_key() != self.key.public_key():
            return "Rejected"
        self.chain = chain
        return "Accepted"

    def write(self, path: Path) -> Path:
        """Chain and key in one file, for TLS."""
        if self.key is None or self.chain is None:
            raise ValueError("There is no certificate yet.")
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(self.chain.encode() + key)
        return path


class StationSecurity:
    """The part of a `Station` that answers about certificates."""

    owner: "SimulatedChargePoint"

    @on(Action.install_certificate)
    def on_install_certificate(self, **parameters: Any) -> Any:
        """Installed if it is a certificate."""
        self.owner.note_command("InstallCertificate", parameters)
        status = self.owner.trust.install(parameters["certificate_type"], parameters["certificate"])
        return call_result.InstallCertificate(status=status)

    @on(Action.get_installed_certificate_ids)
    def on_get_installed_certificate_ids(self, **parameters: Any) -> Any:
        """Its roots of this type."""
        self.owner.note_command("GetInstalledCertificateIds", parameters)
        listed = self.owner.trust.roots.get(parameters["certificate_type"], [])
        if not listed:
            return call_result.GetInstalledCertificateIds(status="NotFound")
        data = [{field: getattr(name, field) for field in FIELDS} for name, _ in listed]
        return call_result.GetInstalledCertificateIds(status="Accepted", certificate_hash_data=data)

    @on(Action.delete_certificate)
    def on_delete_certificate(self, **parameters: Any) -> Any:
        """Deleted unless it is in use."""
        self.owner.note_command("DeleteCertificate", parameters)
        described = CertificateHash(*(parameters["certificate_hash_data"][field] for field in FIELDS))
        return call_result.DeleteCertificate(status=self.owner.trust.delete(described))

    @on(Action.certificate_signed)
    def on_certificate_signed(self, **parameters: Any) -> Any:
        """Taken if it is for the key that it was asked for."""
        self.owner.note_command("CertificateSigned", parameters)
        return call_result.CertificateSigned(status=self.owner.trust.take(parameters["certificate_chain"]))

    @on(Action.extended_trigger_message)
    def on_extended_trigger_message(self, **parameters: Any) -> Any:
        """A request for a certificate is all that it knows how to send."""
        self.owner.note_command("ExtendedTriggerMessage", parameters)
        known = parameters["requested_message"] == "SignChargePointCertificate"
        return call_result.ExtendedTriggerMessage(status="Accepted" if known else "NotImplemented")

    @after(Action.extended_trigger_message)
    def after_extended_trigger_message(self, **parameters: Any) -> None:
        """Send the request, with the operator's name as CpoName has it."""
        if parameters["requested_message"] == "SignChargePointCertificate":
            self.owner.run_in_background(self._sign_certificate())

    async def _sign_certificate(self) -> None:
        organisation = self.owner.configuration.values.get("CpoName", "")
        csr = self.owner.trust.request(self.owner.identity, organisation)
        await self.owner.call(call.SignCertificate(csr=csr))
