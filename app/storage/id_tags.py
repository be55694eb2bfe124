"""Id tags in MongoDB. `_id` is a tag's look-up form, so that a batch of calls finds its tags by `_id`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from pymongo import UpdateOne
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, DuplicateKeyError

from app.domain.errors import Retryable
from app.domain.id_tag import IdTag, id_tag_key
from app.services.ports import Page, PageRequest
from app.storage.mongo import Databases, Document, members_of, of_revision, store_errors
from app.storage.paging import read_page

NAME = "id_tags"
_DUPLICATE_KEY = 11000
_AT_ONCE = 200
_LAST = "\U0010ffff"
_FIELDS = tuple(field.name for field in fields(IdTag) if field.name != "key")


def id_tag_of(document: Document) -> IdTag:
    """The tag a document describes."""
    return IdTag(document["_id"], **members_of(IdTag, document))


def _document(tenant_id: str, values: Mapping[str, Any]) -> Document:
    """Fields of a tag as stored, with what groups are found by."""
    document = dict(values) | {"tenant_id": tenant_id}
    if "parent_id_tag" in values:
        parent = values["parent_id_tag"]
        document["parent_key"] = None if parent is None else id_tag_key(parent)
    return document


def _whole(tenant_id: str, tag: IdTag) -> Document:
    values = {name: getattr(tag, name) for name in _FIELDS}
    return {"_id": tag.key} | _document(tenant_id, values)


def _query(filters: Mapping[str, Any] | None) -> Document:
    query = dict(filters or {})
    prefix = query.pop("prefix", None)
    return query | ({"_id": {"$gte": prefix, "$lt": prefix + _LAST}} if prefix else {})


class MongoIdTags:
    """Port `IdTagRepository`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def _collection(self, tenant_id: str) -> Collection[Document]:
        return self._databases.collection(tenant_id, NAME)

    def find(self, tenant_id: str, key: str) -> IdTag | None:
        """By its look-up form."""
        with store_errors():
            document = self._collection(tenant_id).find_one({"_id": key})
        return id_tag_of(document) if document else None

    def find_many(self, tenant_id: str, keys: Iterable[str]) -> dict[str, IdTag]:
        """A few hundred at a time: there are servers where a longer list costs the square of its length."""
        wanted, collection = list(keys), self._collection(tenant_id)
        found: dict[str, IdTag] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            with store_errors():
                for document in collection.find({"_id": {"$in": wanted[start : start + _AT_ONCE]}}):
                    found[document["_id"]] = id_tag_of(document)
        return found

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[IdTag]:
        """In order of key."""
        asked = replace(page, filters=_query(page.filters))
        return read_page(self._collection(tenant_id), asked, id_tag_of)

    def each(self, tenant_id: str, filters: Mapping[str, Any] | None = None) -> Iterator[IdTag]:
        """By one cursor, a thousand at a time."""
        with (
            store_errors(),
            self._collection(tenant_id).find(_query(filters)).sort("_id", 1).batch_size(1000) as found,
        ):
            for document in found:
                yield id_tag_of(document)

    def insert(self, tenant_id: str, tag: IdTag) -> bool:
        """False if its key is known."""
        try:
            with store_errors():
                self._collection(tenant_id).insert_one(_whole(tenant_id, tag))
        except DuplicateKeyError:
            return False
        return True

    def insert_many(self, tenant_id: str, tags: Sequence[IdTag]) -> None:
        """With one command; a quarter of what `put_many` costs."""
        if not tags:
            return
        try:
            with store_errors():
                self._collection(tenant_id).insert_many(
                    [_whole(tenant_id, tag) for tag in tags], ordered=False
                )
        except Retryable as failure:
            cause = failure.__cause__
            errors = cause.details["writeErrors"] if isinstance(cause, BulkWriteError) else [{}]
            if any(error.get("code") != _DUPLICATE_KEY for error in errors):
                raise

    def put(self, tenant_id: str, tag: IdTag) -> None:
        """Insert or replace."""
        self.put_many(tenant_id, [tag])

    def put_many(self, tenant_id: str, tags: Sequence[IdTag]) -> None:
        """With one command; `created_at` stays as it is where there is one."""
        writes = []
        for tag in tags:
            values = {name: getattr(tag, name) for name in _FIELDS if name not in ("created_at", "revision")}
            change = {
                "$set": _document(tenant_id, values),
                "$inc": {"revision": 1},
                "$setOnInsert": {"created_at": tag.created_at},
            }
            writes.append(UpdateOne({"_id": tag.key}, change, upsert=True))
        if writes:
            with store_errors():
                self._collection(tenant_id).bulk_write(writes, ordered=False)

    def change(
        self, tenant_id: str, key: str, changes: Mapping[str, Any], revision: int | None = None
    ) -> IdTag | None:
        """Fields that are not given stay as they are."""
        change = {"$set": _document(tenant_id, changes), "$inc": {"revision": 1}}
        with store_errors():
            written = self._collection(tenant_id).update_one({"_id": key} | of_revision(revision), change)
        return self.find(tenant_id, key) if written.matched_count else None

    def remove(self, tenant_id: str, key: str, revision: int | None = None) -> bool:
        """False if there was none."""
        with store_errors():
            deleted = self._collection(tenant_id).delete_one({"_id": key} | of_revision(revision))
        return deleted.deleted_count > 0
