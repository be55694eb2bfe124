"""Contract of `IdTagRepository`."""

from dataclasses import replace
from typing import Any

import pytest

from app.domain.errors import InvalidInput
from app.domain.id_tag import IdTag
from app.services.ports import PageRequest
from tests.builders import NOON, at
from tests.contract.stores import Stores

FULL = IdTag(
    "tag-1",
    "TAG-1",
    blocked=True,
    expires_at=at(60),
    parent_id_tag="GROUP",
    max_active_transactions=3,
    note="Ann's",
    created_at=NOON,
    updated_at=at(1),
)


def test_what_was_put_is_found_by_its_key(stores: Stores) -> None:
    stores.id_tags.put(stores.id, FULL)
    assert stores.id_tags.find(stores.id, "tag-1") == FULL
    assert stores.id_tags.find(stores.id, "TAG-1") is None
    assert stores.id_tags.find("t-without-any", "tag-1") is None


def test_putting_again_replaces_all_but_the_time_of_creation(stores: Stores) -> None:
    stores.id_tags.put(stores.id, FULL)
    stores.id_tags.put(stores.id, IdTag("tag-1", "Tag-1", created_at=at(5), updated_at=at(5)))
    assert stores.id_tags.find(stores.id, "tag-1") == IdTag(
        "tag-1", "Tag-1", created_at=NOON, updated_at=at(5)
    )


def test_a_tag_may_hold_anything(stores: Stores) -> None:
    tag = IdTag("$a.b", "\x02$A.B\x00")
    stores.id_tags.put(stores.id, tag)
    assert stores.id_tags.find(stores.id, "$a.b") == tag


def test_many_at_once(stores: Stores) -> None:
    tags = [IdTag(f"tag-{number}", f"TAG-{number}", created_at=NOON) for number in range(3)]
    stores.id_tags.put_many(stores.id, tags)
    stores.id_tags.put_many(stores.id, [replace(tags[1], note="new", created_at=at(9))])
    stores.id_tags.put_many(stores.id, [])
    assert stores.id_tags.find_many(stores.id, ["tag-0", "tag-1", "nobody"]) == {
        "tag-0": tags[0],
        "tag-1": replace(tags[1], note="new"),
    }
    assert stores.id_tags.find_many(stores.id, []) == {}


def test_inserting_what_is_known_changes_nothing(stores: Stores) -> None:
    assert stores.id_tags.insert(stores.id, FULL) is True
    assert stores.id_tags.insert(stores.id, IdTag("tag-1", "other")) is False
    assert stores.id_tags.find(stores.id, "tag-1") == FULL


def test_of_many_only_the_new_ones_are_inserted(stores: Stores) -> None:
    stores.id_tags.put(stores.id, FULL)
    new = IdTag("tag-2", "TAG-2", parent_id_tag="G", created_at=NOON)
    stores.id_tags.insert_many(stores.id, [IdTag("tag-1", "other"), new])
    stores.id_tags.insert_many(stores.id, [])
    assert list(stores.id_tags.each(stores.id)) == [FULL, new]
    assert list(stores.id_tags.each(stores.id, {"parent_key": "g"})) == [new]


def test_fields_are_changed_one_by_one(stores: Stores) -> None:
    stores.id_tags.put(stores.id, FULL)
    changed = stores.id_tags.change(stores.id, "tag-1", {"blocked": False, "parent_id_tag": None})
    assert changed == replace(FULL, blocked=False, parent_id_tag=None)
    assert stores.id_tags.find(stores.id, "tag-1") == changed
    assert list(stores.id_tags.each(stores.id, {"parent_key": "group"})) == []
    assert stores.id_tags.change(stores.id, "nobody", {"blocked": True}) is None
    assert stores.id_tags.find(stores.id, "nobody") is None


def test_removing(stores: Stores) -> None:
    stores.id_tags.put(stores.id, FULL)
    assert stores.id_tags.remove(stores.id, "tag-1") is True
    assert stores.id_tags.remove(stores.id, "tag-1") is False
    assert stores.id_tags.find(stores.id, "tag-1") is None


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (None, ["a", "aa", "ab", "b", "ü", "\U0001f600"]),
        ({"prefix": "a"}, ["a", "aa", "ab"]),
        ({"prefix": "aa"}, ["aa"]),
        ({"prefix": "\U0001f600"}, ["\U0001f600"]),
        ({"prefix": ""}, ["a", "aa", "ab", "b", "ü", "\U0001f600"]),
        ({"blocked": True}, ["ab", "b"]),
        ({"parent_key": "group"}, ["aa", "ab"]),
        ({"parent_key": "group", "blocked": True, "prefix": "a"}, ["ab"]),
        ({"parent_key": "GROUP"}, []),
    ],
)
def test_lists(stores: Stores, filters: dict[str, Any] | None, expected: list[str]) -> None:
    for key in ("b", "ab", "\U0001f600", "a", "ü", "aa"):
        parent = {"aa": "Group", "ab": "GROUP"}.get(key)
        tag = IdTag(key, key.upper(), blocked=key in ("ab", "b"), parent_id_tag=parent)
        stores.id_tags.put(stores.id, tag)
    assert [tag.key for tag in stores.id_tags.each(stores.id, filters)] == expected
    paged, cursor = [], None
    for _ in range(7):
        page = stores.id_tags.list_page(stores.id, PageRequest(2, cursor, filters))
        paged += [tag.key for tag in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert paged == expected


def test_a_cursor_that_no_page_gave(stores: Stores) -> None:
    with pytest.raises(InvalidInput):
        stores.id_tags.list_page(stores.id, PageRequest(cursor="nonsense"))


def test_only_of_the_revision_that_is_meant(stores: Stores) -> None:
    tags = stores.id_tags
    tags.insert(stores.id, FULL)
    assert tags.change(stores.id, "tag-1", {"note": "lost"}, 1) is None
    changed = tags.change(stores.id, "tag-1", {"note": "found"}, 0)
    assert changed is not None
    assert (changed.note, changed.revision) == ("found", 1)
    tags.put(stores.id, FULL)
    found = tags.find(stores.id, "tag-1")
    assert found is not None
    assert found.revision == 2
    assert tags.remove(stores.id, "tag-1", 1) is False
    assert tags.remove(stores.id, "tag-1", 2) is True


def test_lists_backwards(stores: Stores) -> None:
    for key in "abcde":
        stores.id_tags.insert(stores.id, IdTag(key, key))
    first = stores.id_tags.list_page(stores.id, PageRequest(2, backwards=True))
    assert [tag.key for tag in first.items] == ["e", "d"]
    last = stores.id_tags.list_page(stores.id, PageRequest(9, first.next_cursor, backwards=True))
    assert [tag.key for tag in last.items] == ["c", "b", "a"]
    with pytest.raises(InvalidInput):
        stores.id_tags.list_page(stores.id, PageRequest(9, first.next_cursor))
