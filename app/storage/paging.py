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
_BACKWARDS = "-"


def read_page(
    collection: Collection[Document],
    request: PageRequest,
    build: Callable[[Document], T],
    *,
    newest_by: str | None = None,
) -> Page[T]:
    """A page in order of `_id`, or newest first by the time field `newest_by` and then `_id`; or backwards.

    Raises InvalidInput on a cursor that no page of this order gave.
    """
    query: Document = dict(request.filters or {})
    way = DESCENDING if bool(newest_by) != request.backwards else ASCENDING
    if request.cursor is not None:
        query = {"$and": [query, _after(request, newest_by, way)]}
    order = [(newest_by, way), ("_id", way)] if newest_by else [("_id", way)]
    with store_errors():
        found = list(collection.find(query).sort(order).limit(request.limit + 1))
    shown = found[: request.limit]
    cursor = _encode(shown[-1], newest_by, request) if len(found) > request.limit else None
    return Page(tuple(build(document) for document in shown), cursor)


def read_newest(
    collection: Collection[Document], query: Document, request: PageRequest, build: Callable[[Document], T]
) -> Page[T]:
    """A page of a log, whose `_id` are ObjectIds, newest first, or backwards. `query` may bound `_id` itself.

    Raises InvalidInput on a cursor that no page of this order gave.
    """
    if request.cursor is not None:
        query = query | {"_id": _narrowed(dict(query.get("_id", {})), request)}
    way = ASCENDING if request.backwards else DESCENDING
    with store_errors():
        found = list(collection.find(query).sort("_id", way).limit(request.limit + 1))
    shown = found[: request.limit]
    cursor = _encode({"_id": str(shown[-1]["_id"])}, None, request) if len(found) > request.limit else None
    return Page(tuple(build(document) for document in shown), cursor)


def _narrowed(bounds: Document, request: PageRequest) -> Document:
    """These bounds of `_id`, and only what follows the cursor's item."""
    (key,) = _decode(request)[:1]
    if not ObjectId.is_valid(key):
        raise _bad_cursor()
    last = ObjectId(key)
    if request.backwards:  # `$gt` is stricter than a lower bound `$gte` that the cursor's item was within
        return {name: bound for name, bound in bounds.items() if name != "$gte"} | {"$gt": last}
    return bounds | {"$lt": min(last, bounds.get("$lt", last))}


def _after(request: PageRequest, newest_by: str | None, way: int) -> Document:
    """The query for what follows the cursor's item."""
    key, beyond = _decode(request), "$gt" if way == ASCENDING else "$lt"
    if newest_by is None:
        if len(key) != 1:
            raise _bad_cursor()
        return {"_id": {beyond: key[0]}}
    if len(key) != 2 or type(key[1]) is not int:
        raise _bad_cursor()
    try:
        at = datetime.fromtimestamp(key[1] / 1000, UTC)
    except (ValueError, OverflowError, OSError) as wrong:
        raise _bad_cursor() from wrong
    return {"$or": [{newest_by: {beyond: at}}, {newest_by: at, "_id": {beyond: key[0]}}]}


def _encode(document: Document, newest_by: str | None, request: PageRequest) -> str:
    key: list[Any] = [document["_id"]]
    if newest_by is not None:
        key.append(round(document[newest_by].timestamp() * 1000))
    if request.backwards:
        key.append(_BACKWARDS)
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def _decode(request: PageRequest) -> list[Any]:
    """The key in a cursor that was given for the same order."""
    cursor = request.cursor or ""
    try:
        key = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as wrong:
        raise _bad_cursor() from wrong
    if not isinstance(key, list) or not key or not isinstance(key[0], str):
        raise _bad_cursor()
    if (key[-1] == _BACKWARDS and len(key) > 1) != request.backwards:
        raise _bad_cursor()
    return key[:-1] if request.backwards else key


def _bad_cursor() -> InvalidInput:
    return InvalidInput(
        "The cursor is not valid.",
        problems={"cursor": ["Use the next_cursor of the page before, unchanged."]},
    )
