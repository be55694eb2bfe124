"""Firmware signatures: what a charge point would find wrong with them (A00.FR.706, L01.FR.04)."""

import base64
import binascii
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256


def doubts_about(certificate: str, signature: str, digest: bytes | None, now: datetime) -> list[str]:
    """Sentences; none where all is well. `digest` is the image's SHA-256, if the image is known here."""
    doubts: list[str] = []
    parsed = _parse(certificate)
    if parsed is None:
        doubts.append("The signing certificate is no X.509 certificate in PEM.")
    elif not parsed.not_valid_before_utc <= now <= parsed.not_valid_after_utc:
        doubts.append("The signing certificate is not valid at this time.")
    raw = _decode(signature)
    if raw is None:
        doubts.append("The signature is not base64.")
    if parsed is not None and raw is not None and digest is not None and not _fits(parsed, raw, digest):
        doubts.append("The signature is not that of this firmware file by this certificate (SHA-256).")
    return doubts


def _parse(certificate: str) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(certificate.encode())
    except ValueError:
        return None


def _decode(signature: str) -> bytes | None:
    """Base64, line ends within allowed."""
    try:
        return base64.b64decode("".join(signature.split()), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _fits(certificate: x509.Certificate, signature: bytes, digest: bytes) -> bool:
    """RSA-PSS as L01.FR.04 wants it, with any length of salt; or ECDSA."""
    key = certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            pss = padding.PSS(padding.MGF1(SHA256()), padding.PSS.AUTO)
            key.verify(signature, digest, pss, Prehashed(SHA256()))
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, digest, ec.ECDSA(Prehashed(SHA256())))
        else:
            return False
    except InvalidSignature:
        return False
    return True
