"""Settings of the gateway's doors: both, either, and what does not fit together."""

from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import SettingsError
from app.gateway_settings import TlsSettings
from app.settings import Settings


def gateway(monkeypatch: pytest.MonkeyPatch, **variables: Any) -> Any:
    for name, value in variables.items():
        monkeypatch.setenv(f"GATEWAY_{name}", str(value))
    return Settings.from_env().gateway


def test_by_default_there_is_a_plain_port_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    known = gateway(monkeypatch)
    assert (known.plain, known.tls, known.subprotocol_mismatch) == (True, None, "refuse")


def test_certificates_are_files_with_both_or_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    known = gateway(
        monkeypatch, TLS_PORT=9443, TLS_CERTIFICATES="rsa.pem, ec.crt:ec.key", TLS_CLIENT_CA="ca.pem"
    )
    rsa = (Path("rsa.pem"), Path("rsa.pem"))
    ec = (Path("ec.crt"), Path("ec.key"))
    assert known.tls == TlsSettings(9443, (rsa, ec), Path("ca.pem"))


@pytest.mark.parametrize(
    ("variables", "wrong"),
    [
        ({"TLS_PORT": 9443}, "GATEWAY_TLS_CERTIFICATES"),
        ({"TLS_PORT": 70000}, "GATEWAY_TLS_PORT"),
        ({"PLAIN": "off"}, "GATEWAY_PLAIN"),
        ({"PLAIN": "perhaps"}, "GATEWAY_PLAIN"),
        ({"SUBPROTOCOL_MISMATCH": "shrug"}, "GATEWAY_SUBPROTOCOL_MISMATCH"),
    ],
)
def test_what_does_not_fit_is_named(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, Any], wrong: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        gateway(monkeypatch, **variables)
    assert set(refused.value.problems) == {wrong}


def test_with_tls_the_plain_port_may_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert gateway(monkeypatch, PLAIN="off", TLS_PORT=9443, TLS_CERTIFICATES="x.pem").plain is False
