"""Certificates: names of the same thing, and who is refused."""

from datetime import timedelta

import pytest

from app.domain.certificate import (
    Certificate,
    CertificateHash,
    CertificateKind,
    CertificateState,
    plain_serial,
)
from tests.builders import NOON


@pytest.mark.parametrize(
    ("text", "plain"),
    [("0A1B", "a1b"), ("a1:B2", "a1b2"), ("0x00FF", "ff"), ("0", "0"), ("", "0"), (" 10 ", "10")],
)
def test_serial_numbers_are_compared_plainly(text: str, plain: str) -> None:
    assert plain_serial(text) == plain


def test_hashes_are_the_same_in_any_case_and_with_zeros_before_the_serial() -> None:
    one = CertificateHash("SHA256", "ab", "cd", "0F")
    assert one.is_same(CertificateHash("SHA256", "AB", "CD", "f"))
    assert not one.is_same(CertificateHash("SHA384", "ab", "cd", "f"))
    assert not one.is_same(CertificateHash("SHA256", "00ab", "cd", "f"))


def test_a_retired_certificate_is_a_fallback_for_a_month() -> None:
    """A02.FR.10, E25."""
    kind = CertificateKind.CHARGE_POINT
    used = Certificate("cert-1", "acme", "CP-1", kind, CertificateState.IN_USE, NOON, NOON)
    assert not used.is_refused(NOON + timedelta(days=4000))
    retired = used.moved(CertificateState.RETIRED, NOON)
    assert not retired.is_refused(NOON + timedelta(days=30))
    assert retired.is_refused(NOON + timedelta(days=30, seconds=1))
    assert used.moved(CertificateState.REVOKED, NOON).is_refused(NOON)
