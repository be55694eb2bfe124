"""Which addresses are public, and what may be called at all."""

import pytest

from app.domain.addresses import is_public, problem_of_target


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.10",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "2002:7f00:1::",
        "64:ff9b::a9fe:a9fe",
    ],
)
def test_addresses_that_lead_back_into_a_house_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2a00:1450:4001::1", "64:ff9b::808:808"])
def test_addresses_of_the_internet_are(address: str) -> None:
    assert is_public(address)


def test_a_name_is_no_address() -> None:
    with pytest.raises(ValueError, match="does not appear"):
        is_public("example.com")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/hook",
        "ftp://example.com",
        "http://example.com",
        "https://",
        "https:///hook",
        "https://user:pass@example.com",
        "https://user@example.com",
        "https://example.com:99999",
        "https://[::1",
        "https://exämple.com",
        "https://example.com/a b",
        "https://example.com/\n",
        "https://localhost/hook",
        "https://api.localhost./hook",
        "https://metadata.google.internal/",
        "https://127.0.0.1/hook",
        "https://[::1]/hook",
        "https://169.254.169.254/latest",
        "javascript:alert(1)",
        "file:///etc/passwd",
    ],
)
def test_what_production_refuses(url: str) -> None:
    assert problem_of_target(url, plain_http=False, private_targets=False)


@pytest.mark.parametrize(
    "url",
    ["https://example.com", "https://example.com:8443/hook?a=b", "https://8.8.8.8/", "HTTPS://EXAMPLE.com"],
)
def test_what_production_takes(url: str) -> None:
    assert problem_of_target(url, plain_http=False, private_targets=False) is None


def test_what_a_developer_may_do() -> None:
    assert problem_of_target("http://127.0.0.1:5000/hook", plain_http=True, private_targets=True) is None
    assert problem_of_target("http://127.0.0.1:5000/hook", plain_http=True, private_targets=False)
    assert problem_of_target("http://127.0.0.1:5000/hook", plain_http=False, private_targets=True)
