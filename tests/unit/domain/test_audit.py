"""Entries of the audit log: only what differs, no secrets, no endless texts."""

from app.domain.audit import MAX_TEXT, ActorKind, AuditEntry, AuditResult, difference, without_secrets
from tests.builders import NOON


def test_of_two_states_only_what_differs_is_kept() -> None:
    before = {"a": 1, "b": {"c": 1, "d": [1]}, "gone": 1}
    after = {"a": 1, "b": {"c": 2, "d": [1]}, "new": None}
    assert difference(before, after) == ({"b": {"c": 1}, "gone": 1}, {"b": {"c": 2}, "new": None})
    assert difference(before, before) == ({}, {})


def test_what_was_made_or_is_gone_is_kept_whole() -> None:
    assert difference(None, {"a": 1}) == (None, {"a": 1})
    assert difference({"a": 1}, None) == ({"a": 1}, None)
    assert difference(None, None) == (None, None)


def test_secrets_and_endless_texts_do_not_get_in() -> None:
    entry = AuditEntry(
        NOON,
        ActorKind.USER,
        "u" * 9999,
        "https://u:pw@h.example",
        None,
        "x",
        AuditResult.DONE,
        target={"token": "abc", "charge_point_id": "c" * 9999},
        before={"secret": "old"},
        after={"secret": "new"},
    )
    kept = without_secrets(entry)
    assert len(kept.actor_id) == len(kept.target["charge_point_id"]) == MAX_TEXT
    assert "pw" not in kept.actor_name
    assert kept.target["token"] == kept.before["secret"] == kept.after["secret"] == "[hidden]"  # type: ignore[index]
