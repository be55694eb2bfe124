"""Certificates for tests: an authority, and what it signs, with RSA and elliptic curve keys."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The key, without a passphrase."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    @property
    def serial(self) -> int:
        """The certificate's number."""
        return self.certificate.serial_number

    def write(self, path: Path) -> Path:
        """Certificate and key in one file."""
        path.write_bytes(self.pem + self.key_pem)
        return path


@cache
def rsa_key(number: int = 0) -> rsa.RSAPrivateKey:
    """Made once, as that takes a while; `number` tells keys apart."""
    return rsa.generate_private_key(65537, 2048)


def ec_key() -> ec.EllipticCurvePrivateKey:
    """A new one."""
    return ec.generate_private_key(ec.SECP256R1())


class Authority:
    """Signs certificates, as an operator's or a stranger's does."""

    def __init__(self, name: str = "Test Root") -> None:
        self._subject = _name(name, "Tests")
        self._key = ec_key()
        builder = _builder(self._subject, self._subject, self._key, timedelta(days=1))
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        self.certificate = builder.add_extension(constraints, critical=True).sign(self._key, hashes.SHA256())
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM)

    def write(self, path: Path) -> Path:
        """Its certificate."""
        path.write_bytes(self.pem)
        return path

    def server(self, key: Key) -> Issued:
        """For a server on this machine."""
        builder = _builder(_name("localhost", "Acme Charging"), self._subject, key, timedelta(days=1))
        names = x509.SubjectAlternativeName(
            [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
        )
        return Issued(builder.add_extension(names, critical=False).sign(self._key, hashes.SHA256()), key)

    def charge_point(
        self,
        common_name: str,
        organization: str | None = "Acme Charging",
        lifetime: timedelta = timedelta(days=1),
        key: Key | None = None,
    ) -> Issued:
        """For a charge point; one with a negative lifetime has expired."""
        key = key or ec_key()
        builder = _builder(_name(common_name, organization), self._subject, key, lifetime)
        return Issued(builder.sign(self._key, hashes.SHA256()), key)


def _name(common_name: str, organization: str | None) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization is not None:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(parts)


def _builder(subject: x509.Name, issuer: x509.Name, key: Key, lifetime: timedelta) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + lifetime)
    )
