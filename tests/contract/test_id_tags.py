"""Contract of `IdTagRepository`."""

from app.domain.id_tag import IdTag
from tests.builders import at
from tests.contract.stores import Stores


def test_what_was_put_is_found_by_its_key(stores: Stores) -> None:
    tag = IdTag("tag-1", "TAG-1", blocked=True, expires_at=at(60), parent_id_tag="GROUP")
    stores.id_tags.put(stores.id, tag)
    assert stores.id_tags.find(stores.id, "tag-1") == tag
    assert stores.id_tags.find(stores.id, "TAG-1") is None
    assert stores.id_tags.find("t-without-any", "tag-1") is None


def test_putting_again_replaces_all_of_it(stores: Stores) -> None:
    stores.id_tags.put(stores.id, IdTag("tag-1", "TAG-1", blocked=True, parent_id_tag="GROUP"))
    stores.id_tags.put(stores.id, IdTag("tag-1", "Tag-1"))
    assert stores.id_tags.find(stores.id, "tag-1") == IdTag("tag-1", "Tag-1")


def test_a_tag_may_hold_anything(stores: Stores) -> None:
    tag = IdTag("$a.b", "\x02$A.B\x00")
    stores.id_tags.put(stores.id, tag)
    assert stores.id_tags.find(stores.id, "$a.b") == tag
