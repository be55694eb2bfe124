"""Id tags in memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.domain.id_tag import IdTag, id_tag_key
from app.services.ports import Page, PageRequest
from tests.fakes.paging import page_of


@dataclass(frozen=True)
class _Listed:
    """A tag as pages know it."""

    tag: IdTag

    @property
    def id(self) -> str:
        return self.tag.key


class FakeIdTagRepository:
    """`IdTagRepository` in memory."""

    def __init__(self) -> None:
        self._tags: dict[tuple[str, str], IdTag] = {}

    def find(self, tenant_id: str, key: str) -> IdTag | None:
        """By look-up key."""
        return self._tags.get((tenant_id, key))

    def find_many(self, tenant_id: str, keys: Iterable[str]) -> dict[str, IdTag]:
        """Those that are known."""
        return {key: tag for key in keys if (tag := self.find(tenant_id, key))}

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[IdTag]:
        """In order of key."""
        listed = [_Listed(tag) for tag in self.each(tenant_id, page.filters)]
        found = page_of(listed, replace(page, filters=None))
        return Page(tuple(item.tag for item in found.items), found.next_cursor)

    def each(self, tenant_id: str, filters: Mapping[str, Any] | None = None) -> Iterator[IdTag]:
        """In order of key."""
        tags = sorted((tag for (owner, _), tag in self._tags.items() if owner == tenant_id), key=_by_key)
        yield from (tag for tag in tags if _matches(tag, filters or {}))

    def insert(self, tenant_id: str, tag: IdTag) -> bool:
        """False if its key is known."""
        if self.find(tenant_id, tag.key):
            return False
        self._tags[(tenant_id, tag.key)] = tag
        return True

    def put(self, tenant_id: str, tag: IdTag) -> None:
        """Add or replace."""
        known = self.find(tenant_id, tag.key)
        revision = known.revision if known else tag.revision
        created_at = known.created_at if known else tag.created_at
        self._tags[(tenant_id, tag.key)] = replace(tag, created_at=created_at, revision=revision + 1)

    def insert_many(self, tenant_id: str, tags: Sequence[IdTag]) -> None:
        """One after the other."""
        for tag in tags:
            self.insert(tenant_id, tag)

    def put_many(self, tenant_id: str, tags: Sequence[IdTag]) -> None:
        """One after the other."""
        for tag in tags:
            self.put(tenant_id, tag)

    def change(
        self, tenant_id: str, key: str, changes: Mapping[str, Any], revision: int | None = None
    ) -> IdTag | None:
        """Fields that are not given stay as they are."""
        known = self.find(tenant_id, key)
        if known is None or revision not in (None, known.revision):
            return None
        changed = self._tags[(tenant_id, key)] = replace(known, **changes, revision=known.revision + 1)
        return changed

    def remove(self, tenant_id: str, key: str, revision: int | None = None) -> bool:
        """False if there was none."""
        known = self.find(tenant_id, key)
        if known is None or revision not in (None, known.revision):
            return False
        return self._tags.pop((tenant_id, key), None) is not None


def _by_key(tag: IdTag) -> str:
    return tag.key


def _matches(tag: IdTag, filters: Mapping[str, Any]) -> bool:
    parent = None if tag.parent_id_tag is None else id_tag_key(tag.parent_id_tag)
    return (
        tag.key.startswith(filters.get("prefix", ""))
        and tag.blocked == filters.get("blocked", tag.blocked)
        and parent == filters.get("parent_key", parent)
    )
