"""The local CA: made once, signs RSA and EC, keeps its keys to itself (E20)."""

import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from app.pki.local import LocalAuthority
from app.services.signing import AuthorityFailed
from app.services.x509 import chain_for, is_ca, is_self_issued, read_chain, read_request
from tests.builders import REF
from tests.fakes.authority import a_csr, ec_key, rsa_key
from tests.fakes.clock import FakeClock


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("var") / "ca"


@pytest.fixture
def authority(folder: Path) -> LocalAuthority:
    return LocalAuthority(folder, FakeClock())


@pytest.mark.parametrize("key", [ec_key("CP"), rsa_key()])
def test_the_chain_leads_up_to_the_root(authority: LocalAuthority, key: Any) -> None:
    csr = a_csr("CP-1", "CPO Inc", key)
    leaf, issuing = read_chain(authority.sign(csr, 365, REF))
    (root,) = read_chain(authority.root())
    leaf.verify_directly_issued_by(issuing)
    issuing.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    assert leaf.subject == read_request(csr).subject
    assert _key(leaf) == key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _key(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_what_a_certificate_is_for(authority: LocalAuthority) -> None:
    leaf, issuing = read_chain(authority.sign(a_csr(), 365, REF))
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert usage.digital_signature
    assert not usage.key_cert_sign
    assert list(purposes) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not is_ca(leaf)
    assert is_ca(issuing)
    assert not is_self_issued(issuing)


def test_it_is_valid_a_little_before_now_and_for_the_days_asked(authority: LocalAuthority) -> None:
    leaf, issuing = read_chain(authority.sign(a_csr(), 30, REF))
    now = FakeClock().now()
    assert now - timedelta(hours=1) < leaf.not_valid_before_utc < now
    assert leaf.not_valid_after_utc == now + timedelta(days=30)
    (longest, _) = read_chain(authority.sign(a_csr(), 100_000, REF))
    assert longest.not_valid_after_utc == issuing.not_valid_after_utc


def test_serial_numbers_differ(authority: LocalAuthority) -> None:
    serials = {read_chain(authority.sign(a_csr(), 1, REF))[0].serial_number for _ in range(3)}
    assert len(serials) == 3
    assert all(len(f"{serial:x}") <= 40 for serial in serials)  # C35


def test_the_chain_is_short_enough_for_ocpp(authority: LocalAuthority) -> None:
    assert len(authority.sign(a_csr(key=rsa_key()), 365, REF)) < 10_000
    assert len(authority.root()) < 5_500
    assert len(chain_for(authority.sign(a_csr(), 365, REF), a_csr())) == 2


def test_its_keys_are_the_owners_only(authority: LocalAuthority, folder: Path) -> None:
    authority.root()
    assert {path.name for path in folder.iterdir()} == {"root.pem", "root.key", "issuing.pem", "issuing.key"}
    for name in ("root.key", "issuing.key"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_second_process_uses_the_same_ca(authority: LocalAuthority, folder: Path) -> None:
    assert LocalAuthority(folder, FakeClock()).root() == authority.root()


def test_of_two_that_make_it_at_once_the_first_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, authority: LocalAuthority
) -> None:
    late = LocalAuthority(tmp_path / "ca", FakeClock())
    (tmp_path / "ca").mkdir()
    (tmp_path / "ca" / "root.key").write_text("of the first")
    late._make()
    assert [path.name for path in tmp_path.iterdir()] == ["ca"]
    assert [path.name for path in (tmp_path / "ca").iterdir()] == ["root.key"]


def test_a_ca_whose_files_are_broken_says_so(tmp_path: Path) -> None:
    broken = LocalAuthority(tmp_path / "ca", FakeClock())
    (tmp_path / "ca").mkdir()
    (tmp_path / "ca" / "root.pem").write_text("of the first")
    with pytest.raises(AuthorityFailed, match="could not sign"):
        broken.sign(a_csr(), 1, REF)
