"""Signed links: they say what they allow, expire, and cannot be made by others."""

from urllib.parse import urlsplit

import pytest

from app.domain.errors import Gone, NotPermitted
from app.files.links import SignedLinks
from app.services.files import Link, Purpose
from tests.fakes.clock import FakeClock

UPLOAD = Link(Purpose.UPLOAD, "acme", "cmd-1")
DOWNLOAD = Link(Purpose.DOWNLOAD, "acme", "fw-1")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def links(clock: FakeClock) -> SignedLinks:
    return SignedLinks("a secret", "https://ocpp.example/", clock)


def token_of(url: str) -> str:
    return urlsplit(url).path.split("/")[2]


def test_a_link_for_uploads_is_a_directory(links: SignedLinks) -> None:
    """OCPP 1.6 6.25: `location` is the directory that the file is put into."""
    url = links.url(UPLOAD, 60)
    assert url.startswith("https://ocpp.example/files/")
    assert url.endswith("/")
    assert links.read(token_of(url)) == UPLOAD


def test_a_link_for_a_download_ends_with_the_files_name(links: SignedLinks) -> None:
    url = links.url(DOWNLOAD, 60, "fw 1.bin")
    assert url.endswith("/fw%201.bin")
    assert links.read(token_of(url)) == DOWNLOAD


def test_a_link_expires(links: SignedLinks, clock: FakeClock) -> None:
    token = token_of(links.url(UPLOAD, 60))
    clock.advance(59)
    links.read(token)
    clock.advance(1)
    with pytest.raises(Gone):
        links.read(token)


@pytest.mark.parametrize("spoil", ["", "x", ".", "a.b", "ü.ü", "bm8.bm8"])
def test_what_is_no_token_is_refused(links: SignedLinks, spoil: str) -> None:
    with pytest.raises(NotPermitted):
        links.read(spoil)


def test_a_token_that_was_changed_or_signed_elsewhere_is_refused(
    links: SignedLinks, clock: FakeClock
) -> None:
    elsewhere = SignedLinks("another secret", "https://ocpp.example", clock)
    claim, _, signature = token_of(links.url(UPLOAD, 60)).partition(".")
    other_claim = token_of(links.url(DOWNLOAD, 60)).partition(".")[0]
    for token in (f"{other_claim}.{signature}", claim, f"{claim}.", token_of(elsewhere.url(UPLOAD, 60))):
        with pytest.raises(NotPermitted):
            links.read(token)


def test_the_longest_link_fits_where_ocpp_takes_512_characters(links: SignedLinks) -> None:
    link = Link(Purpose.UPLOAD, "t" * 48, "c" * 128)
    assert len(links.url(link, 60, "")) + len("x" * 150) < 512


def test_links_of_the_previous_secret_are_good_until_they_expire(
    clock: FakeClock, links: SignedLinks
) -> None:
    token = token_of(links.url(UPLOAD, 60))
    rotated = SignedLinks("a newer secret", "https://ocpp.example/", clock, "a secret")
    assert rotated.read(token) == UPLOAD
    with pytest.raises(NotPermitted):
        links.read(token_of(rotated.url(UPLOAD, 60)))
    with pytest.raises(NotPermitted):
        SignedLinks("a newer secret", "https://ocpp.example/", clock).read(token)
    clock.advance(60)
    with pytest.raises(Gone):
        rotated.read(token)
