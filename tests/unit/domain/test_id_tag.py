"""Id tags: compared without case and control bytes, judged by block and expiry (B1-B8, G22)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidInput
from app.domain.id_tag import AuthorizationStatus, IdTag, check_id_tag, id_tag_key, judge
from tests.builders import NOON, at


@pytest.mark.parametrize(
    "presented", ["ABC123", "abc123", " AbC123 ", "abc123\x00", "\x02ABC123\x03\r\n", "abc\u200b123"]
)
def test_one_tag_has_one_key_however_it_is_presented(presented: str) -> None:
    assert id_tag_key(presented) == "abc123"


@pytest.mark.parametrize("other", ["abc 123", "abc-123", "abc:123", "abc1234", ""])
def test_different_tags_have_different_keys(other: str) -> None:
    assert id_tag_key(other) != "abc123"


def test_case_is_folded_not_just_lowered() -> None:
    assert id_tag_key("STRASSE") == id_tag_key("straße")


@given(st.text())
def test_a_key_is_its_own_key(presented: str) -> None:
    assert id_tag_key(id_tag_key(presented)) == id_tag_key(presented)


def test_an_unknown_tag_is_invalid() -> None:
    verdict = judge(None, NOON)
    assert (verdict.status, verdict.expires_at, verdict.parent_id_tag) == (
        AuthorizationStatus.INVALID,
        None,
        None,
    )


def test_a_blocked_tag_is_blocked_even_after_its_expiry() -> None:
    assert judge(IdTag("t", "T", blocked=True, expires_at=at(-1)), NOON).status is AuthorizationStatus.BLOCKED


def test_a_tag_expires_at_its_instant() -> None:
    tag = IdTag("t", "T", expires_at=NOON)
    assert judge(tag, at(-0.001)).status is AuthorizationStatus.ACCEPTED
    assert judge(tag, NOON).status is AuthorizationStatus.EXPIRED


def test_the_verdict_carries_expiry_and_parent_in_every_status() -> None:
    """They go into the charge point's cache with the status (B4, B7)."""
    for blocked in (False, True):
        verdict = judge(IdTag("t", "T", blocked, at(60), "GROUP"), NOON)
        assert (verdict.expires_at, verdict.parent_id_tag) == (at(60), "GROUP")


@pytest.mark.parametrize("id_tag", ["A/B", "04:E1:A7:B2", "Jörg 7", "=1+1", "x" * 255])
def test_a_tag_may_hold_any_text(id_tag: str) -> None:
    """B1: no hex, and in the field no 20 characters either (G22)."""
    check_id_tag(IdTag(id_tag_key(id_tag), id_tag, parent_id_tag="GROUP", max_active_transactions=1))


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"id_tag": ""}, "id_tag"),
        ({"id_tag": "  "}, "id_tag"),
        ({"id_tag": " TAG"}, "id_tag"),
        ({"id_tag": "TAG\n"}, "id_tag"),
        ({"id_tag": "\ud800"}, "id_tag"),
        ({"id_tag": "x" * 256}, "id_tag"),
        ({"parent_id_tag": ""}, "parent_id_tag"),
        ({"parent_id_tag": "x" * 21}, "parent_id_tag"),
        ({"max_active_transactions": 0}, "max_active_transactions"),
        ({"max_active_transactions": 1001}, "max_active_transactions"),
        ({"note": "x" * 501}, "note"),
        ({"note": "two\nlines"}, "note"),
    ],
)
def test_what_cannot_be_kept_or_sent_is_named(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_id_tag(IdTag(**({"key": "tag", "id_tag": "TAG"} | fields)))
    assert set(refused.value.problems) == {named}
