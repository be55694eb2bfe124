"""Firmware signatures, checked as a charge point would (A00.FR.706, L01.FR.04)."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from app.services.signatures import doubts_about
from tests.builders import NOON

IMAGE = b"firmware"
DIGEST = hashlib.sha256(IMAGE).digest()
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def certificate(key: Key, until: datetime = NOON + timedelta(days=1)) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Manufacturer")])
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), 1, datetime(2026, 1, 1, tzinfo=UTC), until
    )
    made = builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else SHA256())
    return made.public_bytes(Encoding.PEM).decode()


def signed_by(key: Key) -> str:
    if isinstance(key, rsa.RSAPrivateKey):
        raw = key.sign(IMAGE, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        raw = key.sign(IMAGE, ec.ECDSA(SHA256()))
    else:
        raw = key.sign(IMAGE)
    return base64.b64encode(raw).decode()


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def test_good_signatures_raise_no_doubt(
    rsa_key: rsa.RSAPrivateKey, ec_key: ec.EllipticCurvePrivateKey
) -> None:
    for key in (rsa_key, ec_key):
        assert doubts_about(certificate(key), signed_by(key), DIGEST, NOON) == []
        assert doubts_about(certificate(key), signed_by(key), None, NOON) == []


def test_a_signature_of_something_else_is_doubted(
    rsa_key: rsa.RSAPrivateKey, ec_key: ec.EllipticCurvePrivateKey
) -> None:
    """TC_081 sends such a one all the same, by `force`."""
    for key, other in ((rsa_key, ec_key), (ec_key, rsa_key)):
        (doubt,) = doubts_about(certificate(key), signed_by(other), DIGEST, NOON)
        assert "not that of this firmware file" in doubt
    (doubt,) = doubts_about(certificate(ec_key), signed_by(ec_key), b"\0" * 32, NOON)
    assert "not that of this firmware file" in doubt


def test_an_unusual_key_is_doubted() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    assert len(doubts_about(certificate(key), signed_by(key), DIGEST, NOON)) == 1


def test_a_certificate_out_of_its_time_is_doubted(ec_key: ec.EllipticCurvePrivateKey) -> None:
    (doubt,) = doubts_about(certificate(ec_key), signed_by(ec_key), None, NOON + timedelta(days=2))
    assert "not valid at this time" in doubt


@pytest.mark.parametrize(
    "text", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_what_is_no_certificate_is_doubted(text: str) -> None:
    (doubt,) = doubts_about(text, "AAAA", DIGEST, NOON)
    assert "PEM" in doubt


@pytest.mark.parametrize("text", ["", "not base64!", "AAA", "ü"])
def test_what_is_no_base64_is_doubted(ec_key: ec.EllipticCurvePrivateKey, text: str) -> None:
    (doubt,) = doubts_about(certificate(ec_key), text, DIGEST, NOON)
    assert "base64" in doubt
