"""Cursor paging: a cursor is the sort key of the last item, opaque to its reader."""

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson
from bson import ObjectId
from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection

from app.domain.errors import InvalidInput
from app.services.ports import Page, PageRequest
from app.storage.mongo import Document, store_errors

T = TypeVar("T")


def read_page(
    collection: Collection[Document],
    request: PageRequest,
    build: Callable[[Document], T],
    *,
    newest_by: str | None = None,
) -> Page[T]:
    """A page in order of `_id`, or newest first by the time field `newest_by` and then `_id`.

    Raises InvalidInput on a cursor that no page gave.
    """
    query: Document = dict(request.filters or {})
    if request.cursor is not None:
        query = {"$and": [query, _after(request.cursor, newest_by)]}
    order = [(newest_by, DESCENDING), ("_id", DESCENDING)] if newest_by else [("_id", ASCENDING)]
    with store_errors():
        found = list(collection.find(query).sort(order).limit(request.limit + 1))
    shown = found[: request.limit]
    cursor = _encode(shown[-1], newest_by) if len(found) > request.limit else None
    return Page(tuple(build(document) for document in shown), cursor)


def read_newest(
    collection: Collection[Document], query: Document, request: PageRequest, build: Callable[[Document], T]
) -> Page[T]:
    """A page of a log, whose `_id` are ObjectIds, newest first. `query` may bound `_id` itself.

    Raises InvalidInput on a cursor that no page gave.
    """
    if request.cursor is not None:
        (key,) = _decode(request.cursor)[:1]
        if not ObjectId.is_valid(key):
            raise _bad_cursor()
        bounds: Document = dict(query.get("_id", {}))
        last = ObjectId(key)
        query = query | {"_id": bounds | {"$lt": min(last, bounds.get("$lt", last))}}
    with store_errors():
        found = list(collection.find(query).sort("_id", DESCENDING).limit(request.limit + 1))
    shown = found[: request.limit]
    cursor = _encode({"_id": str(shown[-1]["_id"])}, None) if len(found) > request.limit else None
    return Page(tuple(build(document) for document in shown), cursor)


def _after(cursor: str, newest_by: str | None) -> Document:
    """The query for what follows the cursor's item."""
    key = _decode(cursor)
    if newest_by is None:
        if len(key) != 1:
            raise _bad_cursor()
        return {"_id": {"$gt": key[0]}}
    if len(key) != 2 or type(key[1]) is not int:
        raise _bad_cursor()
    try:
        at = datetime.fromtimestamp(key[1] / 1000, UTC)
    except (ValueError, OverflowError, OSError) as wrong:
        raise _bad_cursor() from wrong
    return {"$or": [{newest_by: {"$lt": at}}, {newest_by: at, "_id": {"$lt": key[0]}}]}


def _encode(document: Document, newest_by: str | None) -> str:
    key: list[Any] = [document["_id"]]
    if newest_by is not None:
        key.append(round(document[newest_by].timestamp() * 1000))
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def _decode(cursor: str) -> list[Any]:
    try:
        key = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as wrong:
        raise _bad_cursor() from wrong
    if not isinstance(key, list) or not key or not isinstance(key[0], str):
        raise _bad_cursor()
    return key


def _bad_cursor() -> InvalidInput:
    return InvalidInput(
        "The cursor is not valid.",
        problems={"cursor": ["Use the next_cursor of the page before, unchanged."]},
    )
