"""X.509: reading certificates and requests, the checks of a request (E24), the hashes of OCPP (C35).

Nothing here keeps a private key; what signs is behind the port `CertificateAuthority`.
"""

import ipaddress
from collections.abc import Collection, Sequence
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from app.domain.certificate import CertificateFacts, CertificateHash
from app.domain.errors import InvalidInput

MINIMUM_RSA_BITS = 2048
MINIMUM_EC_BITS = 256
MAX_CSR_LENGTH = 5500
_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion)
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "SHA256": hashes.SHA256,
    "SHA384": hashes.SHA384,
    "SHA512": hashes.SHA512,
}


def read_chain(pem: str) -> list[x509.Certificate]:
    """The certificates of a PEM text, in its order. Raises InvalidInput, also on one that is odd within."""
    try:
        chain = x509.load_pem_x509_certificates(pem.encode())
        for certificate in chain:  # what is odd fails when it is asked for, and nobody else expects that
            facts_of(certificate)
            _spki(certificate)
        return chain
    except _UNREADABLE as wrong:
        raise InvalidInput("It is no certificate in PEM.") from wrong


def pem_of(chain: Sequence[x509.Certificate]) -> str:
    """As PEM, one after the other."""
    return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in chain)


def facts_of(certificate: x509.Certificate) -> CertificateFacts:
    """What it says."""
    return CertificateFacts(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        valid_from=certificate.not_valid_before_utc,
        valid_to=certificate.not_valid_after_utc,
    )


def is_valid_at(certificate: x509.Certificate, at: datetime) -> bool:
    """Not before its time and not after."""
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def serial_of(certificate: x509.Certificate) -> str:
    """In hexadecimal, plain."""
    return f"{certificate.serial_number:x}"


def is_self_issued(certificate: x509.Certificate) -> bool:
    """A root, as far as names tell."""
    return certificate.issuer == certificate.subject


def is_ca(certificate: x509.Certificate) -> bool:
    """Its basic constraints say so; a certificate of version 1 has none and passes."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:
        return certificate.version is x509.Version.v1
    except ValueError:
        return False
    return constraints.value.ca


def hash_data_of(certificate: x509.Certificate, algorithm: str, issuer: x509.Certificate) -> CertificateHash:
    """CertificateHashData (white paper 6.1), as OCSP has it (RFC 6960 4.1.1): hexadecimal hashes of the
    issuer's name in DER and of its public key's bits without tag and length; the serial without zeros before.
    `issuer` of a root is the root itself.
    """
    kind = _HASHES[algorithm]
    return CertificateHash(
        algorithm,
        _digest(kind, certificate.issuer.public_bytes()),
        _digest(kind, _key_bits(issuer)),
        serial_of(certificate),
    )


def is_described_by(certificate: x509.Certificate, described: CertificateHash) -> bool:
    """Whether a charge point means this certificate, whatever algorithm it used.

    Issuer and serial number name a certificate; the key's hash is compared where the issuer is at hand.
    """
    if described.hash_algorithm not in _HASHES:
        return False
    ours = hash_data_of(certificate, described.hash_algorithm, certificate)
    if is_self_issued(certificate):
        return ours.is_same(described)
    key_hash = described.issuer_key_hash
    return CertificateHash(ours.hash_algorithm, ours.issuer_name_hash, key_hash, ours.serial_number).is_same(
        described
    )


def _digest(kind: type[hashes.HashAlgorithm], data: bytes) -> str:
    digest = hashes.Hash(kind())
    digest.update(data)
    return digest.finalize().hex()


def _key_bits(certificate: x509.Certificate) -> bytes:
    """The BIT STRING of a public key of any kind, without tag, length and the count of unused bits."""
    _, key_info, _ = _der(_spki(certificate))
    _, _, rest = _der(key_info)  # behind the algorithm
    _, bits, _ = _der(rest)
    return bits[1:]


def _der(data: bytes) -> tuple[int, bytes, bytes]:
    """The first element of DER: its tag, its content, and what follows it."""
    length, start = data[1], 2
    if length & 0x80:
        start = 2 + (length & 0x7F)
        length = int.from_bytes(data[2:start])
    return data[0], data[start : start + length], data[start + length :]


def read_request(csr: str) -> x509.CertificateSigningRequest:
    """A PKCS#10 request in PEM. Raises InvalidInput."""
    try:
        return x509.load_pem_x509_csr(csr.encode())
    except _UNREADABLE as wrong:
        raise InvalidInput("It is no certificate signing request in PEM.") from wrong


def problems_of_request(csr: str, organisation: str, names: Collection[str]) -> list[str]:
    """Why a request is not forwarded to the CA, in sentences; empty if it is good (E24, E17).

    `organisation` is the operator's name, not compared where it is empty; `names` are those by which the
    charge point goes: its identity and its serial numbers.
    """
    if len(csr) > MAX_CSR_LENGTH:
        return [f"The request is longer than {MAX_CSR_LENGTH} characters."]
    try:
        request = read_request(csr)
        problems = [*_problems_of_key(request), *_problems_of_subject(request, organisation, names)]
    except (InvalidInput, *_UNREADABLE):
        return ["The request is no PKCS#10 in PEM."]
    return problems


def _problems_of_key(request: x509.CertificateSigningRequest) -> list[str]:
    key = request.public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return ["The key is neither RSA nor EC."]
    minimum = MINIMUM_RSA_BITS if isinstance(key, rsa.RSAPublicKey) else MINIMUM_EC_BITS
    problems = [] if key.key_size >= minimum else [f"A key of {key.key_size} bits is too short."]
    try:
        signed = request.is_signature_valid
    except (InvalidSignature, *_UNREADABLE):
        signed = False
    return problems if signed else [*problems, "The request is not signed with its own key."]


def _problems_of_subject(
    request: x509.CertificateSigningRequest, organisation: str, names: Collection[str]
) -> list[str]:
    problems = []
    given = _values(request, NameOID.ORGANIZATION_NAME)
    if organisation and not any(organisation in name for name in given):
        problems.append(f"Its O is {', '.join(given) or 'missing'}, not the operator's name {organisation}.")
    common = _values(request, NameOID.COMMON_NAME)
    if len(common) != 1:
        return [*problems, "It must have one CN."]
    if _is_address(common[0]):
        problems.append("Its CN is an address; it must be the charge point's serial number (A00.FR.511).")
    elif common[0] not in names:
        problems.append(f"Its CN {common[0]} is neither the charge point's identity nor its serial number.")
    return problems


def _values(request: x509.CertificateSigningRequest, kind: x509.ObjectIdentifier) -> list[str]:
    return [str(found.value).strip() for found in request.subject.get_attributes_for_oid(kind)]


def _is_address(name: str) -> bool:
    if "://" in name or "/" in name:
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def chain_for(pem: str, csr: str) -> list[x509.Certificate]:
    """What a CA gave for a request, leaf first and without a root, as it goes to the charge point (C33).

    Raises InvalidInput if it holds no certificate for the request's key.
    """
    wanted = _spki(read_request(csr))
    certificates = read_chain(pem)
    leaf = next((found for found in certificates if _spki(found) == wanted), None)
    if leaf is None:
        raise InvalidInput("The certificate is for another key than the request's.")
    others = [found for found in certificates if found is not leaf and not is_self_issued(found)]
    return [leaf, *others]


def _spki(holder: x509.Certificate | x509.CertificateSigningRequest) -> bytes:
    return holder.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
