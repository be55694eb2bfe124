"""A CA in a folder, for development and tests: a root and an issuing key, made on first use.

Its keys lie unprotected on the disk of whoever runs it. In production the CA is a server of its own
(A00.FR.602, A02.FR.04): see `app.pki.command`.
"""

import os
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from shutil import rmtree

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.domain.context import ChargePointRef
from app.services.ports import Clock
from app.services.signing import AuthorityFailed
from app.services.x509 import pem_of, read_chain, read_request

ROOT_BITS, ISSUING_BITS = 3072, 2048
_ROOT_DAYS, _ISSUING_DAYS = 7_300, 3_650
_BACKDATED = timedelta(minutes=10)  # charge points' clocks lag, and an early certificate is an invalid one
_ROOT, _ISSUING = "root.pem", "issuing.pem"
_KEY_OF = {_ROOT: "root.key", _ISSUING: "issuing.key"}


class LocalAuthority:
    """Port `CertificateAuthority`. Signs RSA and EC requests alike, with RSA, which every TLS stack knows."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock

    def sign(self, csr: str, days: int, ref: ChargePointRef) -> str:
        """The charge point's certificate, then the issuing CA's; no root. Raises AuthorityFailed."""
        try:
            return self._signed(csr, days)
        except (OSError, ValueError, TypeError) as wrong:
            raise AuthorityFailed(f"The local CA could not sign: {wrong}.") from wrong

    def _signed(self, csr: str, days: int) -> str:
        issuing, key = self._issuing
        request, now = read_request(csr), self._clock.now()
        end = min(now + timedelta(days=days), issuing.not_valid_after_utc)
        usage = _usage(
            digital_signature=True, key_encipherment=isinstance(request.public_key(), rsa.RSAPublicKey)
        )
        leaf = (
            _builder(request.subject, issuing.subject, request.public_key())
            .not_valid_before(now - _BACKDATED)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .add_extension(_identifier_of(issuing), critical=False)
            .sign(key, hashes.SHA256())
        )
        return pem_of([leaf, issuing])

    def root(self) -> str:
        """The root, made if there is none yet."""
        self._make()
        return (self._folder / _ROOT).read_text(encoding="ascii")

    @cached_property
    def _issuing(self) -> tuple[x509.Certificate, rsa.RSAPrivateKey]:
        self._make()
        certificate = read_chain((self._folder / _ISSUING).read_text(encoding="ascii"))[0]
        key = load_pem_private_key((self._folder / _KEY_OF[_ISSUING]).read_bytes(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError(f"{self._folder / _KEY_OF[_ISSUING]} holds no RSA key.")
        return certificate, key

    def _make(self) -> None:
        """A complete folder takes its place at once: of several processes the first wins, none sees half."""
        if (self._folder / _ROOT).exists():
            return
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=self._folder.parent, prefix=".ca-"))  # mode 0700
        now = self._clock.now() - _BACKDATED
        root_key = rsa.generate_private_key(65537, ROOT_BITS)
        issuing_key = rsa.generate_private_key(65537, ISSUING_BITS)
        root_name, issuing_name = _name("Root"), _name("Issuing CA")
        root = (
            _ca_builder(root_name, root_name, root_key.public_key(), path_length=1)
            .not_valid_before(now)
            .not_valid_after(now + timedelta(days=_ROOT_DAYS))
            .sign(root_key, hashes.SHA256())
        )
        issuing = (
            _ca_builder(issuing_name, root_name, issuing_key.public_key(), path_length=0)
            .not_valid_before(now)
            .not_valid_after(now + timedelta(days=_ISSUING_DAYS))
            .add_extension(_identifier_of(root), critical=False)
            .sign(root_key, hashes.SHA256())
        )
        _write(draft, _ROOT, [root], root_key)
        _write(draft, _ISSUING, [issuing], issuing_key)
        try:
            draft.rename(self._folder)
        except OSError:  # another process was faster
            rmtree(draft)


def _name(what: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "OCPP Server"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"OCPP Server development {what}"),
        ]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: CertificatePublicKeyTypes
) -> x509.CertificateBuilder:
    serial = x509.random_serial_number()
    identifier = x509.SubjectKeyIdentifier.from_public_key(key)
    return x509.CertificateBuilder(issuer, subject, key, serial).add_extension(identifier, critical=False)


def _ca_builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey, *, path_length: int
) -> x509.CertificateBuilder:
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    usage = _usage(key_cert_sign=True, crl_sign=True)
    return (
        _builder(subject, issuer, key)
        .add_extension(constraints, critical=True)
        .add_extension(usage, critical=True)
    )


def _usage(**wanted: bool) -> x509.KeyUsage:
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**(dict.fromkeys(names, False) | wanted))


def _identifier_of(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    subject = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(subject)


def _write(folder: Path, name: str, chain: Sequence[x509.Certificate], key: rsa.RSAPrivateKey) -> None:
    (folder / name).write_text(pem_of(chain), encoding="ascii")
    handle = os.open(folder / _KEY_OF[name], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
