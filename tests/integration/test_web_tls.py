"""The REST interface with a certificate of its own: HTTPS, nothing older than TLS 1.2, no plain HTTP."""

import os
import ssl
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bench.processes import ProcessGroup, program_path, read_procfile
from bench.system import free_ports
from tests.certificates import Authority, rsa_key

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("Web Root")


@pytest.fixture(scope="module")
def web_port(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Of `web` alone: it is alive without any store."""
    folder = tmp_path_factory.mktemp("web")
    authority.server(rsa_key()).write(folder / "web.pem")
    (port,) = free_ports(1)
    environment = {
        **os.environ,
        "PATH": program_path(sys.executable),
        "APP_ENV": "test",
        "VAR_DIR": str(folder),
        "WEB_PORT": str(port),
        "WEB_TLS_CERTIFICATE": str(folder / "web.pem"),
        "WEB_TLS_KEY": str(folder / "web.pem"),
    }
    processes = ProcessGroup(ROOT, environment, folder / "logs")
    processes.start("web", read_procfile(ROOT / "Procfile")["web"])
    try:
        yield port
    finally:
        processes.stop()


def trusting(authority: Authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=authority.pem.decode())
    return context


def answered(url: str, context: ssl.SSLContext) -> httpx.Response:
    """The first answer of a process that is starting."""
    ends_at = time.monotonic() + 60
    while True:
        try:
            return httpx.get(url, verify=context)
        except httpx.TransportError:
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.1)


def test_it_speaks_https_and_tells_browsers_to_insist(authority: Authority, web_port: int) -> None:
    answer = answered(f"https://127.0.0.1:{web_port}/health/live", trusting(authority))
    assert answer.status_code == 200
    assert "max-age" in answer.headers["Strict-Transport-Security"]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_it_speaks_nothing_older_than_tls_1_2(authority: Authority, web_port: int) -> None:
    answered(f"https://127.0.0.1:{web_port}/health/live", trusting(authority))
    old = trusting(authority)
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"https://127.0.0.1:{web_port}/health/live", verify=old)


def test_it_answers_no_plain_http(authority: Authority, web_port: int) -> None:
    answered(f"https://127.0.0.1:{web_port}/health/live", trusting(authority))
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{web_port}/health/live")
