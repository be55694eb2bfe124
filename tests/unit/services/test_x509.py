"""Reading X.509: the hashes against vectors of another program, the checks of requests (C35, E24)."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from app.domain.certificate import CertificateHash
from app.domain.errors import InvalidInput
from app.services.x509 import (
    chain_for,
    facts_of,
    hash_data_of,
    is_ca,
    is_described_by,
    is_valid_at,
    problems_of_request,
    read_chain,
    serial_of,
)
from tests.fakes.authority import VALID_FROM, a_csr, a_root, ec_key, name_of, pem, rsa_key

# Made with OpenSSL 3.0 (`openssl req -x509 -set_serial 0x00A1B2C3D4`); the hashes below are those of its
# OCSP requests for them (`openssl ocsp -sha256 -issuer root.pem -cert root.pem -reqout`).
EC = """\
-----BEGIN CERTIFICATE-----
MIIBpTCCAUygAwIBAgIFAKGyw9QwCgYIKoZIzj0EAwIwMDELMAkGA1UEBhMCREUx
DzANBgNVBAoMBlZlY3RvcjEQMA4GA1UEAwwHUm9vdCBlYzAeFw0yNjExMjIyMTU3
NDBaFw00NjExMTcyMTU3NDBaMDAxCzAJBgNVBAYTAkRFMQ8wDQYDVQQKDAZWZWN0
b3IxEDAOBgNVBAMMB1Jvb3QgZWMwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARe
SCZpTF8zEfjuL+SMZxU9Kx50p7w/e1Ma7n7VEtcMPT60e7HocTL5oV6+lDzs5wnl
BovUvGbKgWZbChnjSTtio1MwUTAdBgNVHQ4EFgQULeLeNFYRoIcg71GMS8nYkiRu
NDMwHwYDVR0jBBgwFoAULeLeNFYRoIcg71GMS8nYkiRuNDMwDwYDVR0TAQH/BAUw
AwEB/zAKBggqhkjOPQQDAgNHADBEAiAbni152e4eIig2kOUHaVNSFPJ0LGmALUPD
B1rdDJOjrQIgRYGUQl9oR6mGTLx3Lv9qLR5AjZjADb08JkqR860pkgs=
-----END CERTIFICATE-----
"""
RSA = """\
-----BEGIN CERTIFICATE-----
MIIDNDCCAhygAwIBAgIFAKGyw9QwDQYJKoZIhvcNAQELBQAwMTELMAkGA1UEBhMC
REUxDzANBgNVBAoMBlZlY3RvcjERMA8GA1UEAwwIUm9vdCByc2EwHhcNMjYxMTIy
MjE1NzQwWhcNNDYxMTE3MjE1NzQwWjAxMQswCQYDVQQGEwJERTEPMA0GA1UECgwG
VmVjdG9yMREwDwYDVQQDDAhSb290IHJzYTCCASIwDQYJKoZIhvcNAQEBBQADggEP
ADCCAQoCggEBAMpIemzv2vdVqvFtf9mzFxge7Clqq5iq5baI0sE0sG7uhg8PeERE
Y+Y95SPEN6d6QUZpPEstSSswqUZ0RZy66B0isOeisd0nzcnoiyUg2mPVCreNO7QY
YUTtxwvsydtWuAoSjapzAhg04KYgnMe3aHGvrUXJz6NPxwzzQs9FPgU5H9xQ59rq
6T8Q30loz9jWEoVP0VDNNsGJ5/pw6ECwFyrzA6UvWJaskl/+R25KcVKmMufasTiG
2q+f/ycM67JmrblsC/hqtOYRUTg8v+Dj3gU/UQgIYsL4lsoiPtC8djLmXS4xpOgP
iQn0HGrIzJkqfnQqbKkp204ip2hLc9mSy6MCAwEAAaNTMFEwHQYDVR0OBBYEFORG
J9dKKJAvLWG7CAg4iYUbvwxPMB8GA1UdIwQYMBaAFORGJ9dKKJAvLWG7CAg4iYUb
vwxPMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADggEBAIhJC94NCqqp
lEFrmaNXOpwYDuv/1yKpafIQar8ZGjWIy1nmnDP5DZXJdzA0IMFuQ6884UNyIkP8
Kr6U4jiU83JhNqT+PUa/wPO7GNLdvGbIB2qaqHMdUfPJwk1PH589LFBz7eUMBUd2
XYJAODN10TCIHV7qOdoCDJO5/n1/9SfGGzvyp+X2WoJPP2du2LJWxY+XPYDQW/Cy
MJs3kaJggB8GdPFGyeTHK4aXUqQvqhLWS/EaM2cgfsQZ536h+Dh7CYJ+LUvqy+NY
Q282l4dhuV1p04T2ArshKVvsO+ab0N1gksRS7yIjPIPmeVUmUOPlf1dxWUVwFN86
AZWoP7U1uJ4=
-----END CERTIFICATE-----
"""
VECTORS = [
    (
        EC,
        "SHA256",
        "18720753bde685e2549e3fc25b45208db0f134125d5a6e51d6addbf816adf1b7",
        "a5f4ae89199f54e773eb0c88cb06065fa90c0f568a7cd26d9bae5c476c442f8a",
    ),
    (
        EC,
        "SHA384",
        ("67708a74f9ad626fe2271f7cd1c13a9e924e8e29ef8e84d53ccd422b8100638daedb41febe67810b1be5b9bd49f8fbff"),
        ("f51ac7ddfdc606a425fb79fa2fdcaedb79a1decc4de90bc65d0f770b9b92a46eb8921d2dccca94fe3f413ea319c200c9"),
    ),
    (
        EC,
        "SHA512",
        (
            "c9ef22c77612b44a2060a73e654090d4cdac48f3a0434c01b3d3b34c52319f58"
            "28bb034325c7f1785357f434e30ad9f7e32c90f95b1f1b9980258edb7d261318"
        ),
        (
            "9e26687233a38bd0c7205600b015515e733c7fd2d37a7067af21a8e460c14837"
            "f0e456df26e3d95ab2d8d3cab1dd633faf3aa7d9915557b7f7ba3115eaea8d54"
        ),
    ),
    (
        RSA,
        "SHA256",
        "f6f8a88dd1e87b83a745830ff0fac6f199738a925f52605bc01fcb26f2d20530",
        "feef9895a14fef12a2a6dcbcf81a34392ff672338cc88b416253dc885d0f9e20",
    ),
    (
        RSA,
        "SHA384",
        ("5b70d2f60a954da64a9a1ac79a8efb5eb9f63700d8d22c85725163ebe88b9539297215842ee93b1f8fb7d15cec67b6c5"),
        ("7fcf5cd5def329fd5c1efa6974c9cd49d3b4a29be8bc3aa98f46cf4b7648b51d374a06b1c0645ba452997ee32960cd47"),
    ),
    (
        RSA,
        "SHA512",
        (
            "8a50bd00f685ada5c21de26b4233246eeaf235707a656a10933f285c2d9d5843"
            "5d64e3005e1ce83aa08e50a78d8c428f387bf97b134c33f78b0679d7cd0d2b53"
        ),
        (
            "5c783ce1a75402cd0512ef205d70dcd48249c7476f1867d401139103ad3983b1"
            "f7305768d2ef09068ef1c10b4447b8e6d044954788c228afefd9a6d744dd77d2"
        ),
    ),
]


@pytest.mark.parametrize(("root", "algorithm", "name_hash", "key_hash"), VECTORS)
def test_hash_data_is_that_of_ocsp(root: str, algorithm: str, name_hash: str, key_hash: str) -> None:
    certificate = read_chain(root)[0]
    expected = CertificateHash(algorithm, name_hash, key_hash, "a1b2c3d4")
    assert hash_data_of(certificate, algorithm, certificate) == expected
    assert is_described_by(certificate, expected)


def test_a_charge_point_may_spell_hashes_in_capitals_and_zeros_before_the_serial() -> None:
    _, algorithm, name_hash, key_hash = VECTORS[0]
    shouted = CertificateHash(algorithm, name_hash.upper(), key_hash.upper(), "00A1B2C3D4")
    assert is_described_by(read_chain(EC)[0], shouted)


@pytest.mark.parametrize(
    "change",
    [
        {"issuer_name_hash": "00"},
        {"issuer_key_hash": "00"},
        {"serial_number": "1"},
        {"hash_algorithm": "SHA1"},
    ],
)
def test_another_certificate_is_not_meant(change: dict[str, str]) -> None:
    root, algorithm, name_hash, key_hash = VECTORS[0]
    fields = {
        "hash_algorithm": algorithm,
        "issuer_name_hash": name_hash,
        "issuer_key_hash": key_hash,
        "serial_number": "a1b2c3d4",
    }
    assert not is_described_by(read_chain(root)[0], CertificateHash(**(fields | change)))


def test_of_a_certificate_signed_by_another_root_the_issuers_key_is_not_compared() -> None:
    """M05.FR.09: a new root signed by the old one. Issuer and serial number name it."""
    old = a_root("Old")
    new = (
        x509.CertificateBuilder(old.subject, name_of("New"), ec_key("New").public_key(), 77)
        .not_valid_before(VALID_FROM)
        .not_valid_after(VALID_FROM + timedelta(days=1))
        .sign(ec_key("Old"), hashes.SHA256())
    )
    assert is_described_by(new, hash_data_of(new, "SHA384", old))


def test_facts() -> None:
    certificate = read_chain(EC)[0]
    facts = facts_of(certificate)
    assert (facts.subject, facts.issuer) == ("CN=Root ec,O=Vector,C=DE", "CN=Root ec,O=Vector,C=DE")
    assert facts.fingerprint == certificate.fingerprint(hashes.SHA256()).hex()
    assert facts.valid_from < facts.valid_to
    assert serial_of(certificate) == "a1b2c3d4"


def test_validity_and_being_a_ca() -> None:
    root = a_root(days=10)
    assert is_valid_at(root, VALID_FROM)
    assert not is_valid_at(root, VALID_FROM - timedelta(seconds=1))
    assert not is_valid_at(root, VALID_FROM + timedelta(days=10, seconds=1))
    assert is_ca(root)
    assert not is_ca(a_root(ca=False))


@pytest.mark.parametrize(
    "text", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_what_is_no_certificate_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_chain(text)


def test_a_certificate_with_a_key_that_nobody_knows_is_refused() -> None:
    """Else it would fail wherever its key is looked at."""
    der = read_chain(EC)[0].public_bytes(Encoding.DER)
    odd = der.replace(bytes.fromhex("06082a8648ce3d030107"), bytes.fromhex("06082a8648ce3d030199"))
    body = base64.encodebytes(odd).decode()
    with pytest.raises(InvalidInput):
        read_chain(f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n")


# --- requests --------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [ec_key("CP"), rsa_key(), ec.generate_private_key(ec.SECP384R1())])
@pytest.mark.parametrize("common", ["CP-1", "SN-0815"])
def test_a_good_request(key: Any, common: str) -> None:
    """E20: RSA and EC; E17: by identity or serial number."""
    assert problems_of_request(a_csr(common, "CPO Inc", key), "CPO Inc", ["CP-1", "SN-0815"]) == []


def test_the_organisation_is_compared_where_the_operator_has_one() -> None:
    assert problems_of_request(a_csr("CP-1", "Other"), "", ["CP-1"]) == []
    (problem,) = problems_of_request(a_csr("CP-1", "Other"), "CPO Inc", ["CP-1"])
    assert "Other" in problem
    assert "CPO Inc" in problem
    (problem,) = problems_of_request(a_csr("CP-1"), "CPO Inc", ["CP-1"])
    assert "missing" in problem


@pytest.mark.parametrize("common", ["CP-2", "cp-1", "http://x.example", "10.0.0.1", "[::1]", "a/b"])
def test_a_name_that_is_not_the_charge_points_own(common: str) -> None:
    """E17, A00.FR.511."""
    assert len(problems_of_request(a_csr(common), "", ["CP-1"])) == 1


@pytest.mark.parametrize(
    "key",
    [
        rsa_key(1024),
        ec.generate_private_key(ec.SECP224R1()),
        dsa.generate_private_key(2048),
    ],
)
def test_a_weak_or_odd_key(key: Any) -> None:
    assert len(problems_of_request(a_csr(key=key), "", ["CP-1"])) == 1


def test_a_key_of_another_kind() -> None:
    builder = x509.CertificateSigningRequestBuilder(name_of("CP-1"))
    csr = builder.sign(ed25519.Ed25519PrivateKey.generate(), None).public_bytes(Encoding.PEM).decode()
    assert problems_of_request(csr, "", ["CP-1"]) == ["The key is neither RSA nor EC."]


def test_a_request_that_is_not_signed_with_its_key() -> None:
    der = x509.load_pem_x509_csr(a_csr().encode()).public_bytes(Encoding.DER)
    broken = x509.load_der_x509_csr(der.replace(b"CP-1", b"CP-2")).public_bytes(Encoding.PEM).decode()
    assert problems_of_request(broken, "", ["CP-2"]) == ["The request is not signed with its own key."]


@pytest.mark.parametrize("csr", ["", "no", "\x00", "x" * 6000, EC])
def test_what_is_no_request(csr: str) -> None:
    assert len(problems_of_request(csr, "", ["CP-1"])) == 1


def test_a_chain_is_put_in_order_and_loses_its_root() -> None:
    """C33: leaf first, no root."""
    root = a_root()
    sub = _signed(root, "Root", "Sub", "sub")
    leaf = _signed(sub, "sub", "CP-1", "CP")
    assert chain_for(pem(root, sub, leaf), a_csr()) == [leaf, sub]


def test_a_chain_for_another_key_is_refused() -> None:
    with pytest.raises(InvalidInput, match="another key"):
        chain_for(pem(a_root()), a_csr(key=ec_key("other")))


def _signed(issuer: x509.Certificate, by: str, common: str, key: str) -> x509.Certificate:
    return (
        x509.CertificateBuilder(issuer.subject, name_of(common), ec_key(key).public_key(), 5)
        .not_valid_before(VALID_FROM)
        .not_valid_after(VALID_FROM + timedelta(days=1))
        .sign(ec_key(by), hashes.SHA256())
    )
