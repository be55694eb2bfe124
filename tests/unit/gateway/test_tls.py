"""The encrypted listener: which versions, ciphers and certificates, and how these change (E9-E16)."""

import ssl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.domain.errors import SettingsError
from app.gateway_settings import TlsSettings
from gateway.tls import TlsDoor, load_context
from tests.certificates import Authority, Issued, ec_key, rsa_key


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def settings(tmp_path: Path, authority: Authority) -> TlsSettings:
    rsa = authority.server(rsa_key()).write(tmp_path / "rsa.pem")
    ec = authority.server(ec_key()).write(tmp_path / "ec.pem")
    return TlsSettings(9443, ((rsa, rsa), (ec, ec)), authority.write(tmp_path / "ca.pem"))


def a_client(authority: Authority, **versions: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=authority.pem.decode())
    context.maximum_version = versions.get("at_most", ssl.TLSVersion.TLSv1_3)
    return context


def showing(context: ssl.SSLContext, shown: Issued, folder: Path) -> ssl.SSLContext:
    context.load_cert_chain(shown.write(folder / "client.pem"))
    return context


class Line:
    """Both ends of a TLS connection, without a network."""

    def __init__(self, server: ssl.SSLContext, client: ssl.SSLContext) -> None:
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.server = server.wrap_bio(to_server, to_client, server_side=True)
        self.client = client.wrap_bio(to_client, to_server, server_hostname="localhost")

    def shake(self) -> "Line":
        """Raises ssl.SSLError if either end does not like the other."""
        open_ends = [self.client, self.server]
        for _ in range(10):
            for end in list(open_ends):
                try:
                    end.do_handshake()
                except ssl.SSLWantReadError:
                    continue
                open_ends.remove(end)
            if not open_ends:
                return self
        raise AssertionError("the handshake does not end")

    @property
    def cipher(self) -> str:
        found = self.client.cipher()
        assert found is not None
        return found[0]

    @property
    def server_serial(self) -> int:
        shown = self.client.getpeercert()
        assert shown is not None
        return int(str(shown["serialNumber"]), 16)


# --- versions and ciphers ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cipher",
    [
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "AES128-GCM-SHA256",
        "AES256-GCM-SHA384",
    ],
)
def test_each_of_the_four_suites_is_spoken(settings: TlsSettings, authority: Authority, cipher: str) -> None:
    """E13, TC_086: which takes a certificate of either kind."""
    client = a_client(authority, at_most=ssl.TLSVersion.TLSv1_2)
    client.set_ciphers(cipher)
    assert Line(load_context(settings), client).shake().cipher == cipher


@pytest.mark.parametrize(
    "cipher", ["ECDHE-RSA-AES128-GCM-SHA256", "AES128-SHA", "ECDHE-ECDSA-CHACHA20-POLY1305"]
)
def test_no_other_suite_is_spoken(settings: TlsSettings, authority: Authority, cipher: str) -> None:
    """E12."""
    client = a_client(authority, at_most=ssl.TLSVersion.TLSv1_2)
    client.set_ciphers(f"{cipher}:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError):
        Line(load_context(settings), client).shake()


def test_tls_1_3_is_preferred(settings: TlsSettings, authority: Authority) -> None:
    line = Line(load_context(settings), a_client(authority)).shake()
    assert (line.client.version(), line.client.compression()) == ("TLSv1.3", None)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_1_1_is_refused_and_that_is_told(settings: TlsSettings, authority: Authority) -> None:
    """E3, E10."""
    client = a_client(authority)
    client.set_ciphers("ALL:@SECLEVEL=0")
    client.minimum_version = ssl.TLSVersion.TLSv1
    client.maximum_version = ssl.TLSVersion.TLSv1_1
    with capture_logs() as logs, pytest.raises(ssl.SSLError):
        Line(load_context(settings), client).shake()
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("tls_refused", "warning")]


# --- client certificates -----------------------------------------------------------------------------


def test_a_charge_points_certificate_is_asked_for_and_checked(
    settings: TlsSettings, authority: Authority, tmp_path: Path
) -> None:
    """E16."""
    shown = authority.charge_point("CP-1")
    line = Line(load_context(settings), showing(a_client(authority), shown, tmp_path)).shake()
    peer = line.server.getpeercert()
    assert peer is not None
    assert int(str(peer["serialNumber"]), 16) == shown.serial


def test_who_shows_none_may_use_profile_2(settings: TlsSettings, authority: Authority) -> None:
    assert not Line(load_context(settings), a_client(authority)).shake().server.getpeercert()


@pytest.mark.parametrize(
    "made",
    [
        lambda own: Authority("A Stranger").charge_point("CP-1"),
        lambda own: own.charge_point("CP-1", lifetime=timedelta(days=-1)),
    ],
    ids=["of a stranger", "expired"],
)
def test_a_certificate_that_is_not_good_ends_the_handshake(
    settings: TlsSettings, authority: Authority, tmp_path: Path, made: Callable[[Authority], Issued]
) -> None:
    """E16, FR.407."""
    client = showing(a_client(authority), made(authority), tmp_path)
    with capture_logs() as logs, pytest.raises(ssl.SSLError):
        Line(load_context(settings), client).shake()
    assert "certificate verify failed" in logs[0]["reason"]


# --- files that change -------------------------------------------------------------------------------


def test_new_files_are_used_from_the_next_handshake_on(settings: TlsSettings, authority: Authority) -> None:
    """E15: and a connection that is open stays."""
    door = TlsDoor(settings)
    first = Line(door.context, a_client(authority)).shake()
    assert door.look_again() is False
    renewed = authority.server(ec_key())
    renewed.write(settings.certificates[1][0])
    assert door.look_again() is True
    second = Line(door.context, a_client(authority)).shake()
    assert first.server_serial != second.server_serial == renewed.serial
    first.client.write(b"still here")
    assert first.server.read() == b"still here"


@pytest.mark.parametrize("broken", [b"", b"nonsense", None], ids=["empty", "nonsense", "gone"])
def test_a_file_that_cannot_be_used_changes_nothing_and_is_told_once(
    settings: TlsSettings, authority: Authority, broken: bytes | None
) -> None:
    door = TlsDoor(settings)
    before = Line(door.context, a_client(authority)).shake().server_serial
    file = settings.certificates[1][0]
    file.unlink() if broken is None else file.write_bytes(broken)
    with capture_logs() as logs:
        assert [door.look_again(), door.look_again()] == [False, False]
    assert [entry["event"] for entry in logs] == ["tls_certificates_not_loaded"]
    assert Line(door.context, a_client(authority)).shake().server_serial == before
    authority.server(ec_key()).write(file)
    assert door.look_again() is True


def test_a_chain_whose_key_is_not_there_yet_waits_for_it(
    settings: TlsSettings, authority: Authority, tmp_path: Path
) -> None:
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    old, new = authority.server(ec_key()), authority.server(ec_key())
    chain.write_bytes(old.pem)
    key.write_bytes(old.key_pem)
    door = TlsDoor(TlsSettings(9443, ((chain, key),), None))
    chain.write_bytes(new.pem)
    assert door.look_again() is False
    assert Line(door.context, a_client(authority)).shake().server_serial == old.serial
    key.write_bytes(new.key_pem)
    assert door.look_again() is True
    assert Line(door.context, a_client(authority)).shake().server_serial == new.serial


def test_an_authority_that_is_taken_away_is_not_trusted_any_more(
    settings: TlsSettings, authority: Authority, tmp_path: Path
) -> None:
    door = TlsDoor(settings)
    client = showing(a_client(authority), authority.charge_point("CP-1"), tmp_path)
    Line(door.context, client).shake()
    assert settings.client_ca is not None
    Authority("The Next Root").write(settings.client_ca)
    assert door.look_again() is True
    with pytest.raises(ssl.SSLError):
        Line(door.context, client).shake()


@pytest.mark.parametrize("missing", ["certificate", "authority"])
def test_the_gateway_does_not_start_without_its_files(
    settings: TlsSettings, tmp_path: Path, missing: str
) -> None:
    nothing = tmp_path / "nothing.pem"
    wrong = (
        TlsSettings(9443, ((nothing, nothing),), None)
        if missing == "certificate"
        else TlsSettings(9443, settings.certificates, nothing)
    )
    with pytest.raises(SettingsError, match=r"TLS certificates in .*nothing\.pem cannot be used"):
        TlsDoor(wrong)
