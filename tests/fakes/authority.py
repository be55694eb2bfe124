"""A CA that signs with a key of its own, or fails when told to."""

from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from app.domain.context import ChargePointRef
from app.services.signing import AuthorityFailed

VALID_FROM = datetime(2026, 1, 1, tzinfo=UTC)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    """A key for each name."""
    return ec.generate_private_key(ec.SECP256R1())


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """Slow to make, so made once."""
    return rsa.generate_private_key(65537, bits)


def name_of(common: str, organisation: str | None = None) -> x509.Name:
    """A subject."""
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if organisation is not None:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(parts)


def a_csr(common: str = "CP-1", organisation: str | None = None, key: Key | None = None) -> str:
    """A request as a charge point makes it."""
    builder = x509.CertificateSigningRequestBuilder(name_of(common, organisation))
    return builder.sign(key or ec_key("CP"), hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def a_root(
    common: str = "Root", key: Key | None = None, serial: int = 0x0A1B2C, days: int = 3650, *, ca: bool = True
) -> x509.Certificate:
    """Self-signed."""
    key = key or ec_key(common)
    return (
        x509.CertificateBuilder(name_of(common), name_of(common), key.public_key(), serial)
        .not_valid_before(VALID_FROM)
        .not_valid_after(VALID_FROM + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )


def pem(*certificates: x509.Certificate) -> str:
    """One after the other."""
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in certificates)


class FakeAuthority:
    """`CertificateAuthority` with one root and no sub-CA. `failure` is what it says instead of signing."""

    def __init__(self) -> None:
        self._root = a_root("Fake Root")
        self._next = 0x1000
        self.failure: str | None = None
        self.with_root = True

    def sign(self, csr: str, days: int, ref: ChargePointRef) -> str:
        """Leaf, and the root that does not belong there."""
        if self.failure is not None:
            raise AuthorityFailed(self.failure)
        request = x509.load_pem_x509_csr(csr.encode())
        self._next += 1
        leaf = (
            x509.CertificateBuilder(self._root.subject, request.subject, request.public_key(), self._next)
            .not_valid_before(VALID_FROM)
            .not_valid_after(VALID_FROM + timedelta(days=days))
            .sign(ec_key("Fake Root"), hashes.SHA256())
        )
        return pem(leaf, self._root) if self.with_root else pem(leaf)

    def root(self) -> str | None:
        """The root."""
        return pem(self._root)
